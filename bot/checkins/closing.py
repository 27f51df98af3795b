"""Close the rounds whose time is over: who has not shared is silent, or was away.

A round whose message is gone from Slack is over, too, and nobody was silent in it.
"""

from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from bot import homes
from bot.checkins import attendance, nudges
from bot.lanes import Delivery
from bot.runtime import Workspace
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


def any_to_close(session: Session, workspace: Workspace, *, now: datetime) -> bool:
    """Whether it is worth the writers' queue to `close`."""
    return session.scalar(_overdue_query(workspace, now).limit(1)) is not None


def close_due(session: Session, workspace: Workspace, *, now: datetime) -> int:
    """Close some of the rounds whose time is over; of how many one may try again.

    Any number of processes may do so at once: whoever holds a round closes it, and
    whoever comes after finds it closed.
    """
    ids = session.scalars(_overdue_query(workspace, now).limit(CLOSE_BATCH_SIZE)).all()
    for round_id in sorted(ids):
        held = attendance.lock(session, round_id)
        if held is not None and held.state == "open":
            _close(session, workspace, held, now=now)
    return len(ids)


def _close(
    session: Session, workspace: Workspace, round_: Round, *, now: datetime
) -> None:
    round_.state = "closed"
    waiting = session.scalars(
        select(CheckIn)
        .filter_by(round_id=round_.id, state="waiting")
        .order_by(CheckIn.member)
    ).all()
    away = nudges.away_members(
        session, workspace.id, [found.member for found in waiting], now=now
    )
    for found in waiting:
        # Whoever waits is in, and there is nothing of theirs: nothing else is derived.
        found.was_away = found.was_away or found.member in away
        found.state = "away" if found.was_away else "silent"
        found.nudge_at = None
    session.flush()
    homes.refresh_homes(
        session, workspace.id, [found.member for found in waiting], now=now
    )
    nudges.stop_after_misses(session, workspace, round_, now=now)
    attendance.update_digest(session, round_, now=now)


def on_message_deleted(session: Session, round_id: int, *, now: datetime) -> None:
    """Somebody deleted a round's message: nobody is asked any more, nor led there."""
    held = attendance.lock(session, round_id)
    if held is None:
        return
    held.ts = None
    if held.state != "open":
        return
    held.state, held.reason = "failed", "removed"
    waiting = session.scalars(
        select(CheckIn).filter_by(round_id=held.id, state="waiting")
    ).all()
    for found in waiting:
        session.delete(found)
    schedule = session.get_one(Schedule, held.schedule_id)
    homes.refresh_homes(
        session, schedule.installation_id, [found.member for found in waiting], now=now
    )


def lock(session: Session, delivery: Delivery) -> None:
    """Lock the round that a promise is about, as everybody does."""
    attendance.lock(session, delivery.subject_id)


def on_update_rejected(
    session: Session, delivery: Delivery, error: str, now: datetime
) -> None:
    """Slack knows no such message, or no thread of it."""
    if error in {"message_not_found", "thread_not_found"}:
        on_message_deleted(session, delivery.subject_id, now=now)
