"""What became of an ask's own message in Slack, told by the outbox."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.asks import outcome_notifications, outcomes, replies, thread_sync, unmatched
from bot.messages import tracked_messages
from bot.outbox import enqueue, home_refresh
from bot.outbox.queue import Delivery
from bot.runtime import Workspace
from bot.slack.actions import SetReactionResult
from models import Ask, Channel, OutboxItem


def lock(session: Session, delivery: Delivery) -> None:
    """Lock an ask as everybody does: its channel first, what was promised last."""
    ask = session.get_one(Ask, delivery.subject_id)
    tracked_messages.lock_channel(session, ask.channel_id)
    outcomes.lock(session, ask.id)


def on_posted(
    session: Session, delivery: Delivery, sent: tuple[str, str], now: datetime
) -> None:
    """Slack has told the ask's `ts`: what was said and marked there counts now."""
    ask = session.get_one(Ask, delivery.subject_id, with_for_update={"key_share": True})
    channel = session.get_one(Channel, ask.channel_id)
    if ask.is_own_message:
        ask.line_ts = sent[1]
    else:
        ask.ts = sent[1]
        session.flush()
        unmatched.attach(session, ask, channel)
        outcomes.recompute_and_notify(session, ask.id, now=now)
        home_refresh.refresh_homes(session, ask.installation_id, [ask.asker], now=now)
        # People may have answered before we knew the message as an ask.
        replies.request_thread_sync(session, ask, channel, now=now)
    changed_meanwhile = session.scalar(
        select(OutboxItem.id).filter_by(
            installation_id=ask.installation_id,
            key=f"ask.show:{ask.id}:{channel.slack_id}",
        )
    )
    if changed_meanwhile:
        outcome_notifications.update_message(session, ask, now=now)


def on_rejected(
    session: Session, delivery: Delivery, error: str, now: datetime
) -> None:
    """Slack will not have it: the ask is gone, and its asker gets the words back.

    An ask that is somebody's own message is there without the bot's line.
    """
    ask = session.get_one(Ask, delivery.subject_id, with_for_update={"key_share": True})
    if ask.is_own_message:
        return
    ask.deleted_at, ask.state = now, "deleted"
    enqueue.enqueue(
        session,
        "ask.not_posted",
        ask.id,
        ask.asker,
        installation_id=ask.installation_id,
        now=now,
        payload={"error": error},
    )


def on_lost(session: Session, delivery: Delivery, _error: str, now: datetime) -> None:
    """Nobody can tell whether it is there, so it is not sent again: the asker looks."""
    ask = session.get_one(Ask, delivery.subject_id)
    if ask.is_own_message:
        return
    enqueue.enqueue(
        session,
        "ask.not_posted",
        ask.id,
        ask.asker,
        installation_id=ask.installation_id,
        now=now,
        payload={"error": "unknown"},
    )


def on_reaction_updated(
    session: Session, delivery: Delivery, result: SetReactionResult, _now: datetime
) -> None:
    """Another of the bot's reactions stands on somebody's own message, or none."""
    session.get_one(Ask, delivery.subject_id).sign = result.emoji


def on_update_rejected(
    session: Session, delivery: Delivery, error: str, _now: datetime
) -> None:
    """Somebody deleted the bot's line, and we did not hear of it."""
    ask = session.get_one(Ask, delivery.subject_id)
    if ask.is_own_message and error == "message_not_found":
        ask.line_ts = None


def resync_open_threads(session: Session, channel: Channel, *, now: datetime) -> None:
    """Look at the threads of what is open: the bot was away, and heard nothing."""
    for ask in session.scalars(
        select(Ask)
        .filter_by(channel_id=channel.id)
        .where(Ask.state.in_(("open", "answered")), Ask.ts.is_not(None))
        .order_by(Ask.id)
    ):
        replies.request_thread_sync(session, ask, channel, now=now)


def on_thread_fetched(
    session: Session,
    delivery: Delivery,
    messages: Sequence[dict[str, Any]],
    now: datetime,
    workspace: Workspace,
) -> None:
    ask = session.get_one(Ask, delivery.subject_id)
    thread_sync.import_thread(session, workspace, ask, messages, now=now)
