"""The bot's introductions in channels, and the people who joined lately."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class ChannelIntroduction(Base):
    """The bot's invitation to a channel, and its one introduction there."""

    __tablename__ = "introductions"

    channel_id: Mapped[int] = mapped_column(ForeignKey("channels.id"), primary_key=True)
    # The member who invited the bot first; Slack does not always say.
    inviter: Mapped[str | None]
    # The member who agreed to the post; None until then.
    posted_by: Mapped[str | None]
    posted_at: Mapped[datetime | None]


class Newcomer(Base):
    """A person who joined a channel lately."""

    __tablename__ = "newcomers"
    __table_args__ = (Index(None, "member"), Index(None, "joined_at"))

    channel_id: Mapped[int] = mapped_column(ForeignKey("channels.id"), primary_key=True)
    member: Mapped[str] = mapped_column(primary_key=True)
    joined_at: Mapped[datetime]
    # The first time that a member wrote to them there, or reacted to them; None if the
    # bot saw nobody do so.
    noticed_at: Mapped[datetime | None]
