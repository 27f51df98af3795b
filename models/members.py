"""The members of a workspace, by their last known Slack profiles."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class Member(Base):
    """A member's Slack profile; without `fetched_at`, only their id is known."""

    __tablename__ = "members"
    __table_args__ = (
        UniqueConstraint("installation_id", "slack_id"),
        Index(None, "fetched_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    installation_id: Mapped[int] = mapped_column(ForeignKey("installations.id"))
    slack_id: Mapped[str]
    name: Mapped[str] = mapped_column(default="")
    # In Slack's profile; "" where Slack has none.
    first_name: Mapped[str] = mapped_column(default="")
    # Both distinguish people with the same name.
    full_name: Mapped[str] = mapped_column(default="")
    handle: Mapped[str] = mapped_column(default="")
    # An IANA zone, never an offset: offsets change with daylight saving.
    tz: Mapped[str | None]
    is_bot: Mapped[bool] = mapped_column(default=False)
    is_deactivated: Mapped[bool] = mapped_column(default=False)
    is_guest: Mapped[bool] = mapped_column(default=False)
    # True for a member of another organisation, in a shared channel (Slack Connect).
    is_external: Mapped[bool] = mapped_column(default=False)
    # True for an admin or owner of the workspace.
    is_admin: Mapped[bool] = mapped_column(default=False)
    # True while their status says that they are on vacation; the text is not stored.
    is_away: Mapped[bool] = mapped_column(default=False)
    away_until: Mapped[datetime | None]
    fetched_at: Mapped[datetime | None]
    # The time at which we learned of the deactivation; their data is erased some time
    # after it.
    deactivated_at: Mapped[datetime | None]
    # The time of the erasure, after which only the id is stored; None again when the
    # person comes back.
    erased_at: Mapped[datetime | None]
    # Events from before this time do not count for the member, even after they come
    # back.
    erased_before: Mapped[datetime | None]
