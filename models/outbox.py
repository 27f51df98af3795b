"""The outbox: messages to send to Slack, and their delivery states."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class OutboxItem(Base):
    """One message to send: its kind and subject. The text is rendered when it is sent.

    pending -> sending -> sent. From sending, it goes back to pending if Slack certainly
    did not take it, or to unconfirmed if that is unknown: then it is looked up in Slack
    before it is sent again. Final states besides sent: cancelled (there was nothing
    left to say when it was due), rejected (Slack refuses it), lost (unconfirmed, and
    can't be looked up).
    """

    __tablename__ = "outbox"
    __table_args__ = (
        UniqueConstraint("installation_id", "dedup_key"),
        UniqueConstraint("metadata_token"),
        Index(None, "state", "due_at"),
        # For the queue: unfinished items of a workspace in the order of sending.
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
            "state IN ('pending', 'sending', 'unconfirmed', 'sent', 'cancelled',"
            " 'rejected', 'lost')",
            name="state",
        ),
        CheckConstraint(
            "(finished_at IS NULL) = (state IN ('pending', 'sending', 'unconfirmed'))",
            name="finished",
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    installation_id: Mapped[int] = mapped_column(ForeignKey("installations.id"))
    kind: Mapped[str]
    # Kind, subject, recipient and occurrence. Enqueueing the same key again changes the
    # item.
    dedup_key: Mapped[str]
    subject_id: Mapped[int]
    # Slack's id of a channel, or of a member for a direct message.
    recipient: Mapped[str]
    payload: Mapped[dict[str, Any]] = mapped_column(default=dict)

    # 0 for new messages, 1 for updates and fetches. Lower numbers go first.
    priority: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime]
    # The time at which `due_at` was set. If it is in the future, the clock was wrong
    # then, and has been set back.
    due_set_at: Mapped[datetime | None]
    state: Mapped[str] = mapped_column(default="pending")
    # The number of times that the item was enqueued or changed.
    version: Mapped[int] = mapped_column(default=1)

    # An opaque, unique token in the Slack message's metadata; a lookup finds it by
    # this.
    metadata_token: Mapped[str]
    # The number of claims; never reset, so a worker notices that another one has
    # claimed the item since.
    attempts: Mapped[int] = mapped_column(default=0)
    # Failures since the last success; a rate limit does not count.
    failures: Mapped[int] = mapped_column(default=0)
    verify_attempts: Mapped[int] = mapped_column(default=0)
    first_sent_at: Mapped[datetime | None]
    leased_until: Mapped[datetime | None]
    error: Mapped[str | None]
    slack_channel: Mapped[str | None]
    # A message's ts, or a file's id, which begins with F.
    ts: Mapped[str | None]
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    # The time at which `payload` was redacted, long after the sending.
    redacted_at: Mapped[datetime | None]


class OutboxChannel(Base):
    """A recipient of messages: it gets one at a time, with a pause between two."""

    __tablename__ = "outbox_channels"

    installation_id: Mapped[int] = mapped_column(
        ForeignKey("installations.id"), primary_key=True
    )
    recipient: Mapped[str] = mapped_column(primary_key=True)
    available_at: Mapped[datetime]


class RateLimit(Base):
    """A rate limit: Slack asked us not to call this method for a while."""

    __tablename__ = "rate_limits"

    installation_id: Mapped[int] = mapped_column(
        ForeignKey("installations.id"), primary_key=True
    )
    method: Mapped[str] = mapped_column(primary_key=True)
    retry_at: Mapped[datetime]
