"""Changes to check-in rounds by messages in Slack."""

from collections.abc import Sequence
from functools import partial

from sqlalchemy.orm import Session

from bot.checkins import posts, responses, rounds
from bot.messages.events import BatchedChange, DeletedMessage, NewMessage, one_by_one
from bot.messages.lookup import TrackedTable
from bot.messages.tracked_messages import TrackedMessage
from bot.runtime import Runtime, Transaction, Workspace
from models import Round

TABLES = (TrackedTable("rounds", Round),)


def on_message(
    _rt: Runtime, _workspace: Workspace, message: NewMessage, thread: TrackedMessage
) -> BatchedChange | None:
    """Return what a reply in the thread of a round changes."""
    round_ = thread.rows.get("rounds")
    if round_ is None or not message.is_reply:
        return None
    return BatchedChange(one_by_one, partial(_record_reply, message, round_.id))


def _record_reply(message: NewMessage, round_id: int, tx: Transaction) -> None:
    responses.record_reply(tx, round_id, ts=message.ts, author=message.user or "")


def on_message_deleted(
    _rt: Runtime,
    _workspace: Workspace,
    deleted: DeletedMessage,
    message: TrackedMessage,
    thread: TrackedMessage | None,
) -> BatchedChange | None:
    """Return what the deletion of a round's message, or of a reply to it, changes."""
    round_ = message.rows.get("rounds")
    if round_ is not None:
        return BatchedChange(one_by_one, partial(_delete_round_message, round_.id))
    round_ = thread.rows.get("rounds") if thread else None
    if round_ is None:
        return None
    return BatchedChange(one_by_one, partial(_delete_reply, deleted, round_.id))


def _delete_round_message(round_id: int, tx: Transaction) -> None:
    posts.on_message_deleted(tx, round_id)


def _delete_reply(deleted: DeletedMessage, round_id: int, tx: Transaction) -> None:
    responses.on_reply_deleted(tx, round_id, ts=deleted.ts, author=deleted.author)


def lock(session: Session, messages: Sequence[TrackedMessage]) -> None:
    """Lock the rounds that these messages are."""
    tracked = (message.rows.get("rounds") for message in messages)
    rounds.lock_many(session, {round_.id for round_ in tracked if round_})
