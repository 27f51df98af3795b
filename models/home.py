"""Whose Home tab we draw, and which channels its owner is in."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class Home(Base):
    """The Home tab of somebody who has opened it; nobody else has one to keep fresh."""

    __tablename__ = "homes"

    installation_id: Mapped[int] = mapped_column(
        ForeignKey("installations.id"), primary_key=True
    )
    member: Mapped[str] = mapped_column(primary_key=True)
    opened_at: Mapped[datetime]
    # Slack's, of what we last published: who publishes with an older one is told so.
    hash: Mapped[str | None]
    # Where the page begins that is shown of each list, by the list's name.
    starts: Mapped[dict[str, Any]] = mapped_column(default=dict)
    # When Slack was last asked which channels the person is in.
    channels_read_at: Mapped[datetime | None]


class ChannelMember(Base):
    """Whether somebody who has a Home tab is in a channel, as far as we heard.

    A register, as `Reaction` is: the later `at_us` wins, whatever the order in which
    we hear of it.
    """

    __tablename__ = "channel_members"
    __table_args__ = (Index(None, "member"),)

    channel_id: Mapped[int] = mapped_column(ForeignKey("channels.id"), primary_key=True)
    member: Mapped[str] = mapped_column(primary_key=True)
    is_in: Mapped[bool]
    at_us: Mapped[int]
