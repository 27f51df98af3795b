"""Asks: a problem put to the peers, and what became of it."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class Ask(Base):
    """One ask. Its message in Slack is `ts`, unknown until Slack has told it.

    Times that order what people did are Slack's own, in microseconds (`_us`), so
    that the outcome does not depend on when we heard of them; 0 is never.
    """

    __tablename__ = "asks"
    __table_args__ = (
        UniqueConstraint("channel_id", "ts"),
        # What made the ask (a command's trigger, a form, a message), so that a
        # request that comes twice finds the row.
        UniqueConstraint("installation_id", "source"),
        Index(None, "installation_id", "asker", "state"),
        Index("ix_asks_channel_state", "channel_id", "state", "asked_at"),
        CheckConstraint(
            "state IN ('open', 'answered', 'solved', 'closed', 'deleted')",
            name="state",
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    installation_id: Mapped[int] = mapped_column(ForeignKey("installations.id"))
    channel_id: Mapped[int] = mapped_column(ForeignKey("channels.id"))
    source: Mapped[str]
    ts: Mapped[str | None]
    # Whether the message is the asker's own rather than one that the bot posted.
    is_own_message: Mapped[bool] = mapped_column(default=False)

    # Whether the channel took such a message as an ask by itself.
    is_captured: Mapped[bool] = mapped_column(default=False)
    # The bot's own reaction that stands on such a message, by its emoji's name.
    sign: Mapped[str | None]
    # The bot's line in such a message's thread, once Slack has told it.
    line_ts: Mapped[str | None]

    asker: Mapped[str]
    # Escaped as Slack escapes message text, with its <@…> and <https://…> tokens.
    title: Mapped[str]
    details: Mapped[str] = mapped_column(Text, default="")
    topics: Mapped[list[str]] = mapped_column(default=list)
    asked_at: Mapped[datetime]
    is_first: Mapped[bool] = mapped_column(default=False)
    # The address of what it was asked from, such as a check-in.
    origin: Mapped[str | None]
    edited_us: Mapped[int] = mapped_column(default=0)

    state: Mapped[str] = mapped_column(default="open")
    solved_at: Mapped[datetime | None]
    solved_by: Mapped[str | None]

    closed_us: Mapped[int] = mapped_column(default=0)
    closed_by: Mapped[str | None]
    close_reason: Mapped[str | None]
    reopened_us: Mapped[int] = mapped_column(default=0)
    deleted_at: Mapped[datetime | None]
    # Who said that such a message is not an ask; nobody where the message is gone.
    removed_by: Mapped[str | None]

    # One line by the asker on what worked.
    worked: Mapped[str | None]

    def close(self, at_micros: int, *, by: str, reason: str | None) -> None:
        """The latest close stands; one heard of late changes nothing."""
        if at_micros > self.closed_us:
            self.closed_us, self.closed_by, self.close_reason = at_micros, by, reason

    def reopen(self, at_micros: int) -> None:
        self.reopened_us = max(self.reopened_us, at_micros)

    @property
    def is_closed(self) -> bool:
        return self.closed_us > self.reopened_us
