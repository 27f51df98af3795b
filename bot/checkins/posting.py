"""What became of a round's post in its channel, told by the outbox."""

from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from bot.answers.service import SYNC_THREAD_IF_OLDER_THAN
from bot.checkins import attendance, replies, stopping
from bot.clock import ts_to_datetime
from bot.lanes import Delivery
from bot.runtime import Workspace
from models import Round, Schedule

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


def lock_with_schedule(session: Session, delivery: Delivery) -> None:
    _lock_with_schedule(session, delivery.subject_id)


def on_posted(
    session: Session, delivery: Delivery, sent: tuple[str, str], now: datetime
) -> None:
    """Slack has told the post's `ts`: whoever has joined is expected to share."""
    one = session.get_one(Round, delivery.subject_id)
    one.ts = sent[1]
    session.flush()
    attendance.expect_participants(session, one, now=now)
    if now - ts_to_datetime(one.ts) > SYNC_THREAD_IF_OLDER_THAN:
        # Somebody may have replied before we knew the message as a round's.
        replies.request_thread_sync(session, one, now=now)


def on_rejected(
    session: Session, delivery: Delivery, error: str, now: datetime
) -> None:
    """Slack will not have it, nor the next one: the check-in is paused."""
    one = session.get_one(Round, delivery.subject_id)
    one.state, one.reason = "failed", error
    schedule = session.get_one(Schedule, one.schedule_id)
    stopping.pause(session, schedule, _PAUSE_REASONS.get(error, error), now=now)


def on_lost(session: Session, delivery: Delivery, _error: str, now: datetime) -> None:
    """Nobody can tell whether it is there, so it is not sent again: somebody looks."""
    one = session.get_one(Round, delivery.subject_id)
    one.state, one.reason = "failed", "unknown"
    schedule = session.get_one(Schedule, one.schedule_id)
    stopping.notify_skipped(session, schedule, [one.local_date], "unknown", now=now)


def any_late(session: Session, workspace: Workspace, *, now: datetime) -> bool:
    """Whether it is worth the writers' queue to give something up."""
    return session.scalar(_late_query(workspace, now).limit(1)) is not None


def skip_late(session: Session, workspace: Workspace, *, now: datetime) -> None:
    """Skip what could not be posted in time, unless Slack perhaps took it."""
    for round_id in session.scalars(
        _late_query(workspace, now).limit(SKIP_BATCH_SIZE)
    ).all():
        one = _lock_with_schedule(session, round_id)
        is_waiting = one.state == "open" and one.ts is None
        if not (is_waiting and stopping.is_unsent(session, one)):
            continue
        one.state, one.reason = "skipped", "unsent"
        schedule = session.get_one(Schedule, one.schedule_id)
        stopping.notify_skipped(session, schedule, [one.local_date], "unsent", now=now)


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
