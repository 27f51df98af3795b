"""Answers in asks' threads, and the reactions that mark what helped."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base

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
