"""What a check-in plans: its schedule as a rhythm, and the dates to come."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, cast
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, and_, not_, or_, select
from sqlalchemy.orm import Session

from bot import zones
from bot.checkins import calendar
from bot.checkins.calendar import Every, Occurrence, Recurrence
from bot.runtime import Workspace
from models import Round, Schedule

_DAY = timedelta(days=1)


def recurrence_of(schedule: Schedule) -> Recurrence:
    return Recurrence(
        every=cast("Every", schedule.every),
        weekdays=frozenset(map(int, schedule.weekdays)),
        starts_on=schedule.starts_on,
        nth=schedule.nth,
        skips=frozenset(map(date.fromisoformat, schedule.skip_dates)),
        holidays_of=schedule.holidays_of,
    )


def upcoming(
    session: Session, schedule: Schedule, *, now: datetime
) -> Iterator[Occurrence]:
    """What is due after `now`, but for the dates that have had their round."""
    zone = ZoneInfo(schedule.zone)
    return calendar.upcoming(
        recurrence_of(schedule),
        schedule.at,
        zone,
        now=now,
        used_dates=used_dates(session, schedule.id, schedule.at, zone, now=now),
    )


def used_dates(
    session: Session, schedule_id: int, at: time, zone: ZoneInfo, *, now: datetime
) -> frozenset[date]:
    """The dates that have had their round, of those that can still come."""
    rounds = session.execute(
        select(Round.local_date, Round.due_at).where(
            Round.schedule_id == schedule_id,
            Round.due_at >= now - 3 * _DAY,
            not_(skipped_in_future(now)),
        )
    )
    found = set()
    for day, due_at in rounds:
        found.add(day)
        if zones.to_utc(datetime.combine(day, at), zone) != due_at:
            # It was planned otherwise: by the clocks that count now, on another day.
            found.add(zones.local_date(due_at, zone))
    return frozenset(found)


def skipped_in_future(now: datetime) -> ColumnElement[bool]:
    """Skipped at a time that is yet to come: the clock ran ahead, and came back."""
    return and_(Round.state == "skipped", Round.opened_at > now)


def schedule_next(session: Session, schedule: Schedule, *, now: datetime) -> None:
    """Write down what is due next."""
    _set_next(schedule, next(upcoming(session, schedule, now=now), None))


def _set_next(schedule: Schedule, occurrence: Occurrence | None) -> None:
    schedule.next_date = occurrence.day if occurrence else None
    schedule.next_at = occurrence.at if occurrence else None


def _moved_earlier(
    session: Session, schedule: Schedule, *, now: datetime
) -> Occurrence | None:
    """The planned date, where new rules of its zone made it due before `now`.

    It is not lost: it is started late, or told as skipped.
    """
    planned = _next_occurrence(schedule)
    if planned is None:
        return None
    zone = ZoneInfo(schedule.zone)
    days = calendar.occurrences(recurrence_of(schedule), schedule.at, zone, planned.day)
    found = next(days, None)
    if found is None or found.day != planned.day or found.at > now:
        return None
    gone = used_dates(session, schedule.id, schedule.at, zone, now=now)
    return None if found.day in gone else found


def _recompute_next(
    session: Session, schedule: Schedule, *, now: datetime
) -> Occurrence | None:
    return _moved_earlier(session, schedule, now=now) or next(
        upcoming(session, schedule, now=now), None
    )


def stale(session: Session, workspace: Workspace, *, now: datetime) -> list[int]:
    """The schedules whose next date is no longer what it was planned to be.

    Zones and holidays get new rules, and a clock that ran ahead comes back. What is
    due by now is left: it is about to be started.
    """
    return [
        schedule.id
        for schedule in session.scalars(_not_yet_due(workspace, now))
        if _recompute_next(session, schedule, now=now) != _next_occurrence(schedule)
    ]


def reschedule(
    session: Session,
    workspace: Workspace,
    schedule_ids: Sequence[int],
    *,
    now: datetime,
) -> None:
    """Plan anew those of these schedules that are still planned."""
    found = _not_yet_due(workspace, now).where(Schedule.id.in_(schedule_ids))
    for schedule in session.scalars(lock_for_update(found)):
        _set_next(schedule, _recompute_next(session, schedule, now=now))


def _not_yet_due(workspace: Workspace, now: datetime) -> Select[Schedule]:
    return (
        select(Schedule)
        .where(
            Schedule.installation_id == workspace.id,
            Schedule.state == "on",
            or_(Schedule.next_at > now, Schedule.next_at.is_(None)),
        )
        .order_by(Schedule.id)
    )


def _next_occurrence(schedule: Schedule) -> Occurrence | None:
    if schedule.next_date is None or schedule.next_at is None:
        return None
    return Occurrence(schedule.next_date, schedule.next_at)


def lock_for_update(statement: Any) -> Any:
    """Schedules nobody else changes meanwhile; those that somebody changes wait."""
    return statement.with_for_update(of=Schedule, key_share=True, skip_locked=True)
