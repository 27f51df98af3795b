"""The people of a workspace, as Slack last described them."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class Member(Base):
    """What Slack says of a person; a row without `looked_up_at` is only an id."""

    __tablename__ = "members"
    __table_args__ = (
        UniqueConstraint("installation_id", "slack_id"),
        Index(None, "looked_up_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    installation_id: Mapped[int] = mapped_column(ForeignKey("installations.id"))
    slack_id: Mapped[str]
    name: Mapped[str] = mapped_column(default="")
    # These tell people of the same name apart.
    full_name: Mapped[str] = mapped_column(default="")
    handle: Mapped[str] = mapped_column(default="")
    # An IANA zone, never an offset: offsets change with daylight saving.
    tz: Mapped[str | None]
    is_bot: Mapped[bool] = mapped_column(default=False)
    is_deactivated: Mapped[bool] = mapped_column(default=False)
    is_guest: Mapped[bool] = mapped_column(default=False)
    # From another organisation, met in a shared channel.
    is_stranger: Mapped[bool] = mapped_column(default=False)
    # An admin or owner of the workspace.
    is_admin: Mapped[bool] = mapped_column(default=False)
    # Their status says that they are on vacation; what it says is not kept.
    is_away: Mapped[bool] = mapped_column(default=False)
    away_until: Mapped[datetime | None]
    looked_up_at: Mapped[datetime | None]
    # Since when we know it; after a while the person is treated as one who left.
    deactivated_at: Mapped[datetime | None]
    # Such a row is only an id, until they are back.
    forgotten_at: Mapped[datetime | None]
    # What happened before they were forgotten is not to come back, whoever asks for
    # them meanwhile.
    counts_from: Mapped[datetime | None]
