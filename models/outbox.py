"""What we have promised to send to Slack, and what became of it."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class OutboxItem(Base):
    """One promise. It says what about, not with which words: those are drawn last.

    pending -> sending -> sent, or back to pending when it certainly was not posted,
    or unverified when nobody knows: looked up before anything is sent again.
    withdrawn: no longer true when its turn came. parked: Slack will never take it.
    unknown: could not be looked up, so never sent again.
    """

    __tablename__ = "outbox"
    __table_args__ = (
        UniqueConstraint("installation_id", "key"),
        UniqueConstraint("operation"),
        Index(None, "state", "due_at"),
        # What a workspace has waiting, or is sending, in the order of its turns.
        Index(
            None,
            "installation_id",
            "priority",
            "due_at",
            "id",
            sqlite_where=text("finished_at IS NULL"),
            postgresql_where=text("finished_at IS NULL"),
        ),
        CheckConstraint(
            "state IN ('pending', 'sending', 'unverified', 'sent', 'withdrawn',"
            " 'parked', 'unknown')",
            name="state",
        ),
        CheckConstraint(
            "(finished_at IS NULL) = (state IN ('pending', 'sending', 'unverified'))",
            name="finished",
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    installation_id: Mapped[int] = mapped_column(ForeignKey("installations.id"))
    kind: Mapped[str]
    # One thing is promised once: the kind and what it is about, and to whom.
    key: Mapped[str]
    subject_id: Mapped[int]
    # Where it goes: a channel, or a person for a direct message.
    recipient: Mapped[str]
    detail: Mapped[dict[str, Any]] = mapped_column(default=dict)

    # What is new goes first, with 0; what shows or reads the old again has 1.
    priority: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime]
    # When `due_at` was set. In the future, where a clock that was ahead was set back.
    due_set_at: Mapped[datetime | None]
    state: Mapped[str] = mapped_column(default="pending")
    # Each promise of the same refresh counts one up; drawn is what was last sent.
    version: Mapped[int] = mapped_column(default=1)
    drawn: Mapped[int] = mapped_column(default=0)

    # Names the message in Slack's metadata; new for each message, opaque.
    operation: Mapped[str]
    # Counts claims, and is never set back: a worker that lost its lease is known by it.
    attempts: Mapped[int] = mapped_column(default=0)
    # What went wrong since it last went well; waiting for a turn does not count.
    failures: Mapped[int] = mapped_column(default=0)
    looks: Mapped[int] = mapped_column(default=0)
    first_sent_at: Mapped[datetime | None]
    leased_until: Mapped[datetime | None]
    error: Mapped[str | None]
    slack_channel: Mapped[str | None]
    # Of a message; of a file its id, which begins with F.
    ts: Mapped[str | None]
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    # When `detail` was emptied, long after the sending.
    emptied_at: Mapped[datetime | None]


class OutboxChannel(Base):
    """One destination: one delivery at a time, and a pause between two."""

    __tablename__ = "lanes"

    installation_id: Mapped[int] = mapped_column(
        ForeignKey("installations.id"), primary_key=True
    )
    recipient: Mapped[str] = mapped_column(primary_key=True)
    free_at: Mapped[datetime]


class RateLimit(Base):
    """Slack asked not to be called with this method for a while."""

    __tablename__ = "pauses"

    installation_id: Mapped[int] = mapped_column(
        ForeignKey("installations.id"), primary_key=True
    )
    method: Mapped[str] = mapped_column(primary_key=True)
    until: Mapped[datetime]
