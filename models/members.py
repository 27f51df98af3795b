"""The members of a workspace, as Slack last described them."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class Member(Base):
    """Slack's facts about a person; without `fetched_at` the row is only an id."""

    __tablename__ = "members"
    __table_args__ = (
        UniqueConstraint("installation_id", "slack_id"),
        Index(None, "fetched_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    installation_id: Mapped[int] = mapped_column(ForeignKey("installations.id"))
    slack_id: Mapped[str]
    name: Mapped[str] = mapped_column(default="")
    # These tell people with the same name apart.
    full_name: Mapped[str] = mapped_column(default="")
    handle: Mapped[str] = mapped_column(default="")
    # An IANA zone, never an offset: offsets change with daylight saving.
    tz: Mapped[str | None]
    is_bot: Mapped[bool] = mapped_column(default=False)
    is_deactivated: Mapped[bool] = mapped_column(default=False)
    is_guest: Mapped[bool] = mapped_column(default=False)
    # From another organisation, in a shared channel.
    is_external: Mapped[bool] = mapped_column(default=False)
    # An admin or owner of the workspace.
    is_admin: Mapped[bool] = mapped_column(default=False)
    # True while their status says that they are on vacation; the text is not kept.
    is_away: Mapped[bool] = mapped_column(default=False)
    away_until: Mapped[datetime | None]
    fetched_at: Mapped[datetime | None]
    # The time at which we learned of it; after a while the person's data is erased.
    deactivated_at: Mapped[datetime | None]
    # Set while the row is only an id, until the person is back.
    erased_at: Mapped[datetime | None]
    # Events from before the erasure do not count, whoever mentions the person
    # meanwhile.
    erased_before: Mapped[datetime | None]
