"""Asks: a problem put to the peers, and what became of it."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, UniqueConstraint, text
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


# Written into the statement that asks for such answers, too: a partial index is used
# only where the same words stand.
HAS_HELPED = "answers.helped > 0 OR answers.is_solution"


class Answer(Base):
    """A reply by somebody other than the asker. Ids and times, never its text."""

    __tablename__ = "answers"
    # The Slack message is the answer: a redelivered event finds it, never copies it.
    __table_args__ = (
        UniqueConstraint("channel_id", "ts"),
        Index(
            "ix_answers_helped",
            "author",
            "answered_at",
            sqlite_where=text("helped > 0 OR is_solution"),
            postgresql_where=text("helped > 0 OR is_solution"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    ask_id: Mapped[int] = mapped_column(ForeignKey("asks.id"), index=True)
    channel_id: Mapped[int] = mapped_column(ForeignKey("channels.id"))
    ts: Mapped[str]
    author: Mapped[str]
    answered_at: Mapped[datetime]
    is_deleted: Mapped[bool] = mapped_column(default=False)
    # Derived from the reactions whenever one changes.
    is_solution: Mapped[bool] = mapped_column(default=False)
    helped: Mapped[int] = mapped_column(default=0)


class Reaction(Base):
    """The last thing one person did with one emoji on one message.

    A register: the later `at_us` wins, so any order and number of deliveries gives
    the same row. A button's or a shortcut's mark is one too, named `backswing:…`,
    which no emoji can be called.
    """

    __tablename__ = "reactions"
    __table_args__ = (Index(None, "ask_id"), Index(None, "member"))

    channel_id: Mapped[int] = mapped_column(ForeignKey("channels.id"), primary_key=True)
    message_ts: Mapped[str] = mapped_column(primary_key=True)
    member: Mapped[str] = mapped_column(primary_key=True)
    emoji: Mapped[str] = mapped_column(primary_key=True)
    is_present: Mapped[bool]
    at_us: Mapped[int]
    # What the emoji meant in the channel at the time.
    meaning: Mapped[str]
    # Whether the person was a champion or admin at the time; None while unknown.
    is_lead: Mapped[bool | None]
    # None while the message belongs to no ask we know of.
    ask_id: Mapped[int | None] = mapped_column(ForeignKey("asks.id"))
    seen_at: Mapped[datetime]


class UnmatchedMessage(Base):
    """A message seen in a capturing channel that belongs to no ask, yet.

    Kept for seven days so that what arrives before its ask still counts.
    """

    __tablename__ = "sightings"
    __table_args__ = (Index(None, "channel_id", "thread_ts"), Index(None, "seen_at"))

    channel_id: Mapped[int] = mapped_column(ForeignKey("channels.id"), primary_key=True)
    ts: Mapped[str] = mapped_column(primary_key=True)
    thread_ts: Mapped[str | None]
    author: Mapped[str | None]
    is_deleted: Mapped[bool] = mapped_column(default=False)
    seen_at: Mapped[datetime]
