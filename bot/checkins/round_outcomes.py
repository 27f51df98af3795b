"""Close the rounds whose time is over: who has not shared is silent, or was away.

A round whose message is gone from Slack is over, too, and nobody was silent in it.
"""

from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from bot.checkins import reminders, responses, rounds, schedules
from bot.clock import ts_to_datetime
from bot.messages.tracked_messages import SYNC_THREAD_IF_OLDER_THAN
from bot.outbox import home_refresh
from bot.outbox.queue import Delivery
from bot.runtime import Transaction, Workspace
from models import CheckIn, Round, Schedule

# In one transaction.
CLOSE_BATCH_SIZE = 10


def _overdue_query(workspace: Workspace, now: datetime) -> Select[int]:
    return (
        select(Round.id)
        .join(Schedule, Schedule.id == Round.schedule_id)
        .where(
            Schedule.installation_id == workspace.id,
            Round.state == "open",
            Round.ts.is_not(None),
            Round.closes_at <= now,
        )
        .order_by(Round.closes_at, Round.id)
    )


def any_to_close(tx: Transaction) -> bool:
    """Whether it is worth the writers' queue to `close`."""
    return tx.session.scalar(_overdue_query(tx.workspace, tx.now).limit(1)) is not None


def close_due(tx: Transaction) -> int:
    """Close some of the rounds whose time is over; of how many one may try again.

    Any number of processes may do so at once: whoever holds a round closes it, and
    whoever comes after finds it closed.
    """
    ids = tx.session.scalars(
        _overdue_query(tx.workspace, tx.now).limit(CLOSE_BATCH_SIZE)
    ).all()
    for round_id in sorted(ids):
        held = rounds.lock(tx.session, round_id)
        if held is not None and held.state == "open":
            _close(tx, held)
    return len(ids)


def _close(tx: Transaction, round_: Round) -> None:
    round_.state = "closed"
    waiting = tx.session.scalars(
        select(CheckIn)
        .filter_by(round_id=round_.id, state="waiting")
        .order_by(CheckIn.member)
    ).all()
    away = reminders.away_members(tx, [found.member for found in waiting])
    for found in waiting:
        # Whoever waits is in, and there is nothing of theirs: nothing else is derived.
        found.was_away = found.was_away or found.member in away
        found.state = "away" if found.was_away else "silent"
        found.nudge_at = None
    tx.session.flush()
    home_refresh.refresh_homes(tx, [found.member for found in waiting])
    reminders.stop_after_misses(tx, round_)
    rounds.update_digest(tx, round_)


def on_message_deleted(tx: Transaction, round_id: int) -> None:
    """Somebody deleted a round's message: nobody is asked any more, nor led there."""
    held = rounds.lock(tx.session, round_id)
    if held is None:
        return
    held.ts = None
    if held.state != "open":
        return
    held.state, held.reason = "failed", "removed"
    waiting = tx.session.scalars(
        select(CheckIn).filter_by(round_id=held.id, state="waiting")
    ).all()
    for found in waiting:
        tx.session.delete(found)
    home_refresh.refresh_homes(tx, [found.member for found in waiting])


def lock(tx: Transaction, delivery: Delivery) -> None:
    """Lock the round that a promise is about, as everybody does."""
    rounds.lock(tx.session, delivery.subject_id)


def on_update_rejected(tx: Transaction, delivery: Delivery, error: str) -> None:
    """Slack knows no such message, or no thread of it."""
    if error in {"message_not_found", "thread_not_found"}:
        on_message_deleted(tx, delivery.subject_id)


# Given up in one transaction.
SKIP_BATCH_SIZE = 25


# How Slack says what a channel's row would say had its event come.
_PAUSE_REASONS = {
    "is_archived": "archived",
    "channel_not_found": "away",
    "not_in_channel": "away",
}


def _lock_with_schedule(session: Session, round_id: int) -> Round:
    """The round as it is now; nobody else changes it or its schedule meanwhile."""
    schedule_id = session.get_one(Round, round_id).schedule_id
    session.get_one(
        Schedule,
        schedule_id,
        with_for_update={"key_share": True},
        populate_existing=True,
    )
    return session.get_one(
        Round, round_id, with_for_update={"key_share": True}, populate_existing=True
    )


def lock_with_schedule(tx: Transaction, delivery: Delivery) -> None:
    _lock_with_schedule(tx.session, delivery.subject_id)


def on_posted(tx: Transaction, delivery: Delivery, sent: tuple[str, str]) -> None:
    """Slack has told the post's `ts`: whoever has joined is expected to share."""
    one = tx.session.get_one(Round, delivery.subject_id)
    one.ts = sent[1]
    tx.session.flush()
    responses.expect_participants(tx, one)
    if tx.now - ts_to_datetime(one.ts) > SYNC_THREAD_IF_OLDER_THAN:
        # Somebody may have replied before we knew the message as a round's.
        responses.request_thread_sync(tx, one)


def on_rejected(tx: Transaction, delivery: Delivery, error: str) -> None:
    """Slack will not have it, nor the next one: the check-in is paused."""
    one = tx.session.get_one(Round, delivery.subject_id)
    one.state, one.reason = "failed", error
    schedule = tx.session.get_one(Schedule, one.schedule_id)
    schedules.pause(tx, schedule, _PAUSE_REASONS.get(error, error))


def on_lost(tx: Transaction, delivery: Delivery, _error: str) -> None:
    """Nobody can tell whether it is there, so it is not sent again: somebody looks."""
    one = tx.session.get_one(Round, delivery.subject_id)
    one.state, one.reason = "failed", "unknown"
    schedule = tx.session.get_one(Schedule, one.schedule_id)
    schedules.notify_skipped(tx, schedule, [one.local_date], "unknown")


def any_late(tx: Transaction) -> bool:
    """Whether it is worth the writers' queue to give something up."""
    return tx.session.scalar(_late_query(tx.workspace, tx.now).limit(1)) is not None


def skip_late(tx: Transaction) -> None:
    """Skip what could not be posted in time, unless Slack perhaps took it."""
    for round_id in tx.session.scalars(
        _late_query(tx.workspace, tx.now).limit(SKIP_BATCH_SIZE)
    ).all():
        one = _lock_with_schedule(tx.session, round_id)
        is_waiting = one.state == "open" and one.ts is None
        if not (is_waiting and schedules.is_unsent(tx.session, one)):
            continue
        one.state, one.reason = "skipped", "unsent"
        schedule = tx.session.get_one(Schedule, one.schedule_id)
        schedules.notify_skipped(tx, schedule, [one.local_date], "unsent")


def _late_query(workspace: Workspace, now: datetime) -> Select[int]:
    return (
        select(Round.id)
        .join(Schedule, Schedule.id == Round.schedule_id)
        .where(
            Schedule.installation_id == workspace.id,
            Round.state == "open",
            Round.ts.is_(None),
            Round.post_before <= now,
        )
        .order_by(Round.id)
    )
