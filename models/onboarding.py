"""The bot's arrival in each channel, and its introduction there."""

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class ChannelIntroduction(Base):
    """The one message in which the bot introduces itself in a channel."""

    __tablename__ = "introductions"

    channel_id: Mapped[int] = mapped_column(ForeignKey("channels.id"), primary_key=True)
    # The member who invited the bot first; Slack does not always say.
    inviter: Mapped[str | None]
    # None until somebody wants it posted.
    posted_by: Mapped[str | None]
    posted_at: Mapped[datetime | None]
