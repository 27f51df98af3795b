"""How the bot came to a channel, and whether it has introduced itself there."""

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class ChannelIntroduction(Base):
    """The one message with which the bot introduces itself in a channel."""

    __tablename__ = "introductions"

    channel_id: Mapped[int] = mapped_column(ForeignKey("channels.id"), primary_key=True)
    # Who invited the bot when it first came; Slack does not always say so.
    inviter: Mapped[str | None]
    # None until somebody wants it to be posted.
    posted_by: Mapped[str | None]
    posted_at: Mapped[datetime | None]
