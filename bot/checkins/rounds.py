"""Start due rounds, skip those that are too late, and lock rounds.

A round is one row for each local date of a schedule, so that several replicas start it
only once.
"""

from datetime import date, datetime
from typing import Any, cast
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, and_, func, select
from sqlalchemy.orm import Session

from bot.checkins import rules, schedules
from bot.checkins.message_kinds import CHECKIN_DIGEST, CHECKIN_POST
from bot.checkins.rules import Occurrence
from bot.clock import EPOCH
from bot.db.statement_time import Time
from bot.db.statements import InstallationId, upsert
from bot.runtime import Transaction
from models import Channel, Round, Schedule

# Rounds that are started in one transaction, while other writers wait. So many can't be
# posted before the job runs again.
BATCH_SIZE = 25
# Rounds that are skipped in one transaction.
SKIP_BATCH_SIZE = 25


def oldest_channel_fetch(tx: Transaction) -> datetime | None:
    """Return the oldest fetch time (UTC) of channels with a due round, or None."""
    oldest: datetime | None = tx.session.scalar(
        select(func.min(func.coalesce(Channel.fetched_at, EPOCH)))
        .join(Schedule, Schedule.channel_id == Channel.id)
        .where(_is_due(tx.workspace.id, tx.now))
    )
    return oldest


def start_due(tx: Transaction) -> int:
    """Start up to BATCH_SIZE due rounds, the earliest first; return their number.

    Several replicas may run it at once.
    """
    statement = (
        select(Schedule)
        .where(_is_due(tx.workspace.id, tx.now))
        .order_by(Schedule.next_at, Schedule.id)
        .limit(BATCH_SIZE)
    )
    due_schedules = tx.session.scalars(schedules.lock_for_update(statement)).all()
    for schedule in due_schedules:
        start(tx, schedule)
    return len(due_schedules)


def due_schedules(installation_id: InstallationId, now: Time) -> Select[int]:
    """Select the ids of schedules whose round is due."""
    return select(Schedule.id).where(_is_due(installation_id, now))


def _is_due(installation_id: InstallationId, now: Time) -> ColumnElement[bool]:
    return and_(
        Schedule.installation_id == installation_id,
        Schedule.state == "on",
        Schedule.next_at <= now,
    )


def start(tx: Transaction, schedule: Schedule) -> None:
    """Start the due round of a locked schedule, and set the next one.

    If several are due, only the last can be before its deadline. The others are stored
    as skipped, and the owners get one message about them.
    """
    if (
        schedule.next_at is None
        or schedule.next_date is None
        or schedule.next_at > tx.now
    ):
        return
    channel = tx.session.get_one(Channel, schedule.channel_id)
    reason = schedules.pause_reason(schedule, channel)
    if reason is not None:
        schedules.pause(tx, schedule, reason)
        return
    zone = ZoneInfo(schedule.zone)
    due, next_occurrence = _split_occurrences(tx, schedule, zone)
    late = due
    if due and tx.now < rules.post_deadline(due[-1], zone):
        *late, _ = due
    skipped_days = [
        occurrence.day for occurrence in late if _skip(tx, schedule, occurrence, zone)
    ]
    schedules.set_next(schedule, next_occurrence)
    if len(late) < len(due):
        _open(tx, schedule, channel, due[-1], next_occurrence)
    if skipped_days:
        schedules.notify_skipped(tx, schedule, skipped_days, "down")


def any_late(tx: Transaction) -> bool:
    """Return True if `skip_late` has work; it only reads, and blocks no writer."""
    return tx.session.scalar(late(tx.workspace.id, tx.now).limit(1)) is not None


def skip_late(tx: Transaction) -> None:
    """Skip rounds whose post missed its deadline, unless Slack may have taken it."""
    for round_id in tx.session.scalars(
        late(tx.workspace.id, tx.now).limit(SKIP_BATCH_SIZE)
    ).all():
        round_ = lock_with_schedule(tx.session, round_id)
        is_waiting = round_.state == "open" and round_.ts is None
        if not (is_waiting and schedules.is_unsent(tx.session, round_)):
            continue
        round_.state, round_.reason = "skipped", "unsent"
        schedule = tx.session.get_one(Schedule, round_.schedule_id)
        schedules.notify_skipped(tx, schedule, [round_.local_date], "unsent")


def late(installation_id: InstallationId, now: Time) -> Select[int]:
    """Select the ids of the rounds whose post missed its deadline."""
    return (
        select_open(installation_id)
        .where(Round.ts.is_(None), Round.post_deadline <= now)
        .order_by(Round.id)
    )


def select_open(installation_id: InstallationId) -> Select[int]:
    """Select the ids of the workspace's open rounds."""
    return (
        select(Round.id)
        .join(Schedule, Schedule.id == Round.schedule_id)
        .where(Schedule.installation_id == installation_id, Round.state == "open")
    )


def _split_occurrences(
    tx: Transaction, schedule: Schedule, zone: ZoneInfo
) -> tuple[list[Occurrence], Occurrence | None]:
    """Return the occurrences from the planned one until now, in order, and the next."""
    used_dates = schedules.used_dates(tx, schedule.id, schedule.at, zone)
    due: list[Occurrence] = []
    for occurrence in rules.occurrences(
        schedules.recurrence_of(schedule),
        schedule.at,
        zone,
        cast("date", schedule.next_date),
    ):
        if occurrence.at <= tx.now:
            due.append(occurrence)
        elif occurrence.day not in used_dates:
            return due, occurrence
    # The bot was down for longer than HORIZON.
    return due, next(schedules.upcoming(tx, schedule), None)


def _skip(
    tx: Transaction, schedule: Schedule, occurrence: Occurrence, zone: ZoneInfo
) -> bool:
    """Store a skipped round; return True if it is new."""
    values = _values(schedule, occurrence, zone, now=tx.now)
    return (
        tx.session.scalar(
            upsert(tx.session, Round)
            .values(**values, closes_at=occurrence.at, state="skipped", reason="down")
            .on_conflict_do_nothing()
            .returning(Round.id)
        )
        is not None
    )


def _open(
    tx: Transaction,
    schedule: Schedule,
    channel: Channel,
    occurrence: Occurrence,
    next_occurrence: Occurrence | None,
) -> None:
    """Store an open round and enqueue its post, unless the date has had a round."""
    zone = ZoneInfo(schedule.zone)
    previous_rounds = tx.session.scalar(
        select(func.count())
        .select_from(Round)
        .where(Round.schedule_id == schedule.id, Round.state.in_(("open", "closed")))
    )
    values = _values(schedule, occurrence, zone, now=tx.now) | {
        "closes_at": rules.closing_time(
            occurrence, schedule.open_days, zone, next_occurrence
        ),
        "reflection": rules.next_reflection(schedule.reflections, previous_rounds or 0),
        "state": "open",
        "reason": None,
    }
    round_id: int | None = tx.session.scalar(
        upsert(tx.session, Round)
        .values(**values)
        .on_conflict_do_update(
            index_elements=["schedule_id", "local_date"],
            set_=values,
            where=schedules.skipped_in_future(tx.now),
        )
        .returning(Round.id)
    )
    if round_id is not None:
        tx.enqueue(CHECKIN_POST, round_id, to=channel.slack_id, send_at=occurrence.at)


def _values(
    schedule: Schedule, occurrence: Occurrence, zone: ZoneInfo, *, now: datetime
) -> dict[str, Any]:
    return {
        "schedule_id": schedule.id,
        "channel_id": schedule.channel_id,
        "local_date": occurrence.day,
        "due_at": occurrence.at,
        "post_deadline": rules.post_deadline(occurrence, zone),
        "opened_at": now,
        "question": schedule.question,
        "hint": schedule.hint,
        "reflection": "",
    }


def lock(session: Session, round_id: int) -> Round | None:
    """Lock the round and read it again; None if it does not exist."""
    return session.scalar(
        select(Round)
        .filter_by(id=round_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )


def lock_with_schedule(session: Session, round_id: int) -> Round:
    """Lock the schedule and then its round; read both again, and return the round."""
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


def lock_open(session: Session, schedule_id: int) -> list[Round]:
    """Lock a schedule's open rounds, in the order of their ids, and return them."""
    return list(
        session.scalars(
            select(Round)
            .filter_by(schedule_id=schedule_id, state="open")
            .order_by(Round.id)
            .with_for_update(key_share=True)
            .execution_options(populate_existing=True)
        )
    )


def update_digest(tx: Transaction, round_: Round) -> None:
    """Enqueue an update of a closed round's digest."""
    channel = tx.session.get_one(Channel, round_.channel_id)
    tx.enqueue_update(CHECKIN_DIGEST, round_.id, to=channel.slack_id)
