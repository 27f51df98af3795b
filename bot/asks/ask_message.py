"""What became of an ask's own message in Slack, told by the outbox."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from bot.asks import outcome_notifications, outcomes, replies, thread_sync, unmatched
from bot.asks.message_kinds import ASK_NOT_POSTED
from bot.messages import tracked_messages
from bot.outbox import home_refresh
from bot.outbox.queue import Delivery
from bot.runtime import Transaction
from bot.slack.actions import SetReactionResult
from models import Ask, Channel, OutboxItem


def lock(tx: Transaction, delivery: Delivery) -> None:
    """Lock an ask as everybody does: its channel first, what was promised last."""
    ask = tx.session.get_one(Ask, delivery.subject_id)
    tracked_messages.lock_channel(tx.session, ask.channel_id)
    outcomes.lock(tx.session, ask.id)


def on_posted(tx: Transaction, delivery: Delivery, sent: tuple[str, str]) -> None:
    """Slack has told the ask's `ts`: what was said and marked there counts now."""
    ask = tx.session.get_one(
        Ask, delivery.subject_id, with_for_update={"key_share": True}
    )
    channel = tx.session.get_one(Channel, ask.channel_id)
    if ask.is_own_message:
        ask.line_ts = sent[1]
    else:
        ask.ts = sent[1]
        tx.session.flush()
        unmatched.attach(tx, ask, channel)
        outcomes.recompute_and_notify(tx, ask.id)
        home_refresh.refresh_homes(tx, [ask.asker])
        # People may have answered before we knew the message as an ask.
        replies.request_thread_sync(tx, ask, channel)
    changed_meanwhile = tx.session.scalar(
        select(OutboxItem.id).filter_by(
            installation_id=ask.installation_id,
            key=f"ask.show:{ask.id}:{channel.slack_id}",
        )
    )
    if changed_meanwhile:
        outcome_notifications.update_message(tx, ask)


def on_rejected(tx: Transaction, delivery: Delivery, error: str) -> None:
    """Slack will not have it: the ask is gone, and its asker gets the words back.

    An ask that is somebody's own message is there without the bot's line.
    """
    ask = tx.session.get_one(
        Ask, delivery.subject_id, with_for_update={"key_share": True}
    )
    if ask.is_own_message:
        return
    ask.deleted_at, ask.state = tx.now, "deleted"
    tx.enqueue(ASK_NOT_POSTED, ask.id, to=ask.asker, payload={"error": error})


def on_lost(tx: Transaction, delivery: Delivery, _error: str) -> None:
    """Nobody can tell whether it is there, so it is not sent again: the asker looks."""
    ask = tx.session.get_one(Ask, delivery.subject_id)
    if ask.is_own_message:
        return
    tx.enqueue(ASK_NOT_POSTED, ask.id, to=ask.asker, payload={"error": "unknown"})


def on_reaction_updated(
    tx: Transaction, delivery: Delivery, result: SetReactionResult
) -> None:
    """Another of the bot's reactions stands on somebody's own message, or none."""
    tx.session.get_one(Ask, delivery.subject_id).sign = result.emoji


def on_update_rejected(tx: Transaction, delivery: Delivery, error: str) -> None:
    """Somebody deleted the bot's line, and we did not hear of it."""
    ask = tx.session.get_one(Ask, delivery.subject_id)
    if ask.is_own_message and error == "message_not_found":
        ask.line_ts = None


def resync_open_threads(tx: Transaction, channel: Channel) -> None:
    """Look at the threads of what is open: the bot was away, and heard nothing."""
    for ask in tx.session.scalars(
        select(Ask)
        .filter_by(channel_id=channel.id)
        .where(Ask.state.in_(("open", "answered")), Ask.ts.is_not(None))
        .order_by(Ask.id)
    ):
        replies.request_thread_sync(tx, ask, channel)


def on_thread_fetched(
    tx: Transaction, delivery: Delivery, messages: Sequence[dict[str, Any]]
) -> None:
    ask = tx.session.get_one(Ask, delivery.subject_id)
    thread_sync.import_thread(tx, ask, messages)
