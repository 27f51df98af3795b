"""The lifecycle of a message that the bot posts in a channel and keeps up to date."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar

from bot.outbox.kind import MessageKind
from bot.outbox.message_type import MessageType, do_nothing
from bot.outbox.queue import Delivery
from bot.slack.actions import DeleteMessage, PostMessage, SlackAction, UpdateMessage
from bot.slack.blocks import Note
from models.base import Base

if TYPE_CHECKING:
    from bot.runtime import Transaction

Row = TypeVar("Row", bound=Base)

# The error code of a post if it is unknown whether Slack took it.
LOST = "unknown"

_DELETED = frozenset({"message_not_found", "thread_not_found"})


@dataclass(frozen=True, slots=True, kw_only=True)
class PostedMessage(Generic[Row]):
    """A message that is posted once for a row of `model`, and updated from then on.

    1. A feature enqueues `post`; `render_post` renders it (None: there is no longer
       anything to post). When Slack takes it, its `ts` is stored in the attribute
       `ts`, and its channel in `slack_channel`; then `on_posted` runs. An `update` that
       was enqueued before the `ts` was known is made once more.
    2. If Slack rejects the post, `on_rejected` runs with the error code. If it is
       unknown whether Slack took it, `on_lost` runs; without `on_lost`, `on_rejected`
       with the error LOST. If there was nothing to post, `on_cancelled` runs.
    3. A feature enqueues `update` whenever the row changes; `render_update` renders it
       (None: delete the message; "unchanged": leave it). When the message is deleted,
       by the bot or by a person, `on_deleted` runs.

    A message to a member needs `slack_channel`: Slack posts to a member, but updates
    only in the conversation with them.

    `lock` locks the row, and other rows that have to be locked before it. The other
    functions get the row after that; none runs if the row is gone.
    """

    model: type[Row]
    lock: Callable[["Transaction", int], object]
    post: MessageKind
    render_post: Callable[["Transaction", Row, Delivery], Note | None]
    thread_ts: Callable[["Transaction", Row], str | None] = do_nothing
    ts: str | None = "ts"
    slack_channel: str | None = None
    on_posted: Callable[["Transaction", Row], None] = do_nothing
    on_rejected: Callable[["Transaction", Row, str], None]
    on_lost: Callable[["Transaction", Row], None] | None = None
    on_cancelled: Callable[["Transaction", Row], None] | None = None
    update: MessageKind | None = None
    render_update: Callable[
        ["Transaction", Row], Note | Literal["unchanged"] | None
    ] = do_nothing
    on_updated: Callable[["Transaction", Delivery, Any], None] = do_nothing
    on_deleted: Callable[["Transaction", Row], None] = do_nothing

    def message_types(self) -> tuple[MessageType, ...]:
        """Return the types of the post and, if it has one, of its update."""
        post = MessageType(
            self.post,
            self._render_post,
            on_sent=self._on_sent,
            on_rejected=self._on_rejected,
            on_lost=self._on_lost,
            on_cancelled=self._on_cancelled if self.on_cancelled else None,
            lock=self.lock_subject,
            update=self.update,
            thread_ts=self._find_thread,
        )
        if self.update is None:
            return (post,)
        update = MessageType(
            self.update,
            self._render_update,
            "resend",
            on_sent=self._on_updated,
            on_rejected=self.on_update_rejected,
            lock=self.lock_subject,
        )
        return post, update

    def lock_subject(self, tx: "Transaction", delivery: Delivery) -> None:
        self.lock(tx, delivery.subject_id)

    def _on_updated(self, tx: "Transaction", delivery: Delivery, result: Any) -> None:
        row = self._row(tx, delivery) if result == "deleted" else None
        if row is not None:
            self.on_deleted(tx, row)
        else:
            self.on_updated(tx, delivery, result)

    def on_update_rejected(
        self, tx: "Transaction", delivery: Delivery, error: str
    ) -> None:
        row = self._row(tx, delivery)
        if row is not None and error in _DELETED:
            self.on_deleted(tx, row)

    def _row(self, tx: "Transaction", delivery: Delivery) -> Row | None:
        return tx.session.get(self.model, delivery.subject_id, populate_existing=True)

    def _render_post(self, tx: "Transaction", delivery: Delivery) -> SlackAction | None:
        row = self._row(tx, delivery)
        note = self.render_post(tx, row, delivery) if row is not None else None
        if row is None or note is None:
            return None
        thread_ts = self._thread_of(tx, delivery, row)
        return PostMessage(delivery.recipient, *note, thread_ts)

    def _find_thread(self, tx: "Transaction", delivery: Delivery) -> str | None:
        return self._thread_of(tx, delivery, self._row(tx, delivery))

    def _thread_of(
        self, tx: "Transaction", delivery: Delivery, row: Row | None
    ) -> str | None:
        # The row may forget its thread, or go, while the outcome is unknown.
        if thread_ts := delivery.payload.get("thread_ts"):
            return str(thread_ts)
        return self.thread_ts(tx, row) if row is not None else None

    def _render_update(
        self, tx: "Transaction", delivery: Delivery
    ) -> SlackAction | None:
        row = self._row(tx, delivery)
        ts = getattr(row, self.ts) if row is not None and self.ts else None
        if row is None or ts is None:
            return None
        note = self.render_update(tx, row)
        if note == "unchanged":
            return None
        stored = getattr(row, self.slack_channel) if self.slack_channel else None
        channel = stored or delivery.recipient
        if note is None:
            return DeleteMessage(channel, ts)
        return UpdateMessage(channel, ts, *note)

    def _on_sent(
        self, tx: "Transaction", delivery: Delivery, sent: tuple[str, str]
    ) -> None:
        row = self._row(tx, delivery)
        if row is None:
            return
        if self.slack_channel is not None:
            setattr(row, self.slack_channel, sent[0])
        if self.ts is not None:
            setattr(row, self.ts, sent[1])
            tx.session.flush()
        self.on_posted(tx, row)

    def _on_rejected(self, tx: "Transaction", delivery: Delivery, error: str) -> None:
        row = self._row(tx, delivery)
        if row is not None:
            self.on_rejected(tx, row, error)

    def _on_cancelled(self, tx: "Transaction", delivery: Delivery) -> None:
        row = self._row(tx, delivery)
        if row is not None and self.on_cancelled is not None:
            self.on_cancelled(tx, row)

    def _on_lost(self, tx: "Transaction", delivery: Delivery, _error: str) -> None:
        row = self._row(tx, delivery)
        if row is None:
            return
        if self.on_lost is None:
            self.on_rejected(tx, row, LOST)
        else:
            self.on_lost(tx, row)
