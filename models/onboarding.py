"""The bot's introductions in channels."""

from datetime import datetime

from sqlalchemy import ForeignKey
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
