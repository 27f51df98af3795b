"""Home tabs: their owners, and the channels that each owner is in."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class Home(Base):
    """The Home tab of a member who has opened it; the bot updates only these."""

    __tablename__ = "home_views"

    installation_id: Mapped[int] = mapped_column(
        ForeignKey("installations.id"), primary_key=True
    )
    member: Mapped[str] = mapped_column(primary_key=True)
    # Slack's hash of the last published view; publishing with an older one fails.
    view_hash: Mapped[str | None]
    # The page that they chose last.
    page: Mapped[str] = mapped_column(default="today")
    # The index of the first row that is shown of each list, by the list's name.
    page_offsets: Mapped[dict[str, Any]] = mapped_column(default=dict)
    # The last time that Slack was asked for the member's channels.
    memberships_fetched_at: Mapped[datetime | None]


class ChannelMember(Base):
    """A member's presence in a channel, for members who have a Home tab.

    As in `Reaction`, the later `event_micros` wins, in whatever order events arrive.
    """

    __tablename__ = "channel_members"
    __table_args__ = (Index(None, "member"),)

    channel_id: Mapped[int] = mapped_column(ForeignKey("channels.id"), primary_key=True)
    member: Mapped[str] = mapped_column(primary_key=True)
    is_member: Mapped[bool]
    event_micros: Mapped[int]
