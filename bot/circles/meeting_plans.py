"""Plan circles' meetings: the next one, its time, and what the job has to do then."""

from datetime import datetime, timedelta

from sqlalchemy import select

from bot import timezones
from bot.circles import meeting_store as store
from bot.circles import meeting_times, writing, writing_weeks
from bot.circles.keeper import State
from bot.runtime import Transaction
from models import Circle, CircleMeeting


def plan_next(tx: Transaction, circle: Circle) -> CircleMeeting | None:
    """Store the next meeting of a locked circle, unless one is ahead already.

    Return None if the circle has no time yet, or has had all its meetings.
    """
    last = tx.session.scalar(
        select(CircleMeeting)
        .filter_by(circle_id=circle.id)
        .order_by(CircleMeeting.number.desc())
        .limit(1)
    )
    recurrence = store.recurrence_of(tx, circle)
    number = last.number + 1 if last is not None else 1
    if (
        (circle.starts_at is None and not circle.is_in_writing)
        or store.is_over(tx, circle)
        or (last is not None and last.ended_at is None)
        or number > recurrence.meetings
    ):
        return None
    meeting = CircleMeeting(
        installation_id=tx.workspace.id,
        circle_id=circle.id,
        number=number,
        planned_at=_planned_at(tx, circle, last, number),
        minutes=recurrence.minutes,
        format="turns",
        rota=list(store.rota_of(tx, circle.id)),
        presses=[],
        is_open=False,
    )
    tx.session.add(meeting)
    tx.session.flush()
    meeting.due_at = (
        meeting.planned_at
        if circle.is_in_writing
        else due_at(circle, meeting, store.state_of(tx, meeting))
    )
    return meeting


def _planned_at(
    tx: Transaction, circle: Circle, last: CircleMeeting | None, number: int
) -> datetime:
    """Return the time of the meeting with this number, after the last one."""
    zone = writing_weeks.zone_of(circle)
    weeks = store.recurrence_of(tx, circle).weeks_between
    if circle.starts_at is not None and not circle.is_in_writing:
        return meeting_times.planned_at(circle.starts_at, zone, number, weeks)
    if last is not None:
        return meeting_times.planned_at(last.planned_at, zone, 2, weeks)
    tomorrow = timezones.local_date(tx.now, zone) + timedelta(days=1)
    return writing.begins_at(max(tomorrow, store.first_day(tx, circle)), zone)


def due_at(circle: Circle, meeting: CircleMeeting, state: State) -> datetime | None:
    """Return when the job has to look at the meeting again."""
    if state.ended_at is not None:
        return None
    if meeting.posted_at is not None or circle.frozen_at is not None:
        return state.closes_at
    if meeting.announced_at is not None:
        return state.meeting.opens_at
    zone = timezones.get_or_utc(circle.zone)
    if meeting.offered_at is None:
        return meeting_times.offered_at(meeting.planned_at, zone)
    return meeting_times.announced_at(meeting.planned_at, zone)


def unplanned_circles(tx: Transaction) -> list[int]:
    """Return circles that are introduced and have a time, but no meeting yet."""
    return list(
        tx.session.scalars(
            select(Circle.id)
            .where(
                Circle.installation_id == tx.workspace.id,
                Circle.starts_at.is_not(None) | Circle.is_in_writing,
                Circle.ended_at.is_(None),
                Circle.id.not_in(select(CircleMeeting.circle_id)),
                Circle.introduced_at.is_not(None),
            )
            .order_by(Circle.id)
        )
    )


def plan_first(tx: Transaction, circle_id: int) -> None:
    """Plan a circle's first meeting, if another replica has not done it."""
    plan_next(tx, store.lock_circle(tx, circle_id))


def moved_meetings(tx: Transaction) -> list[int]:
    """Return the circles whose members chose another time for their next meeting."""
    return [
        circle.id
        for circle, meeting in tx.session.execute(
            select(Circle, CircleMeeting)
            .join(CircleMeeting, CircleMeeting.circle_id == Circle.id)
            .where(Circle.installation_id == tx.workspace.id, *_AHEAD)
            .order_by(Circle.id)
        )
        if _planned_at(tx, circle, None, meeting.number) != meeting.planned_at
    ]


# A meeting on a call without an agenda yet.
_AHEAD = (
    CircleMeeting.posted_at.is_(None),
    CircleMeeting.ended_at.is_(None),
    Circle.starts_at.is_not(None),
    Circle.is_in_writing.is_(False),
)


def replan_moved(tx: Transaction, circle_id: int) -> None:
    """Lock a circle, and move its next meeting."""
    replan(tx, store.lock_circle(tx, circle_id))


def replan(tx: Transaction, circle: Circle) -> None:
    """Move a locked circle's next meeting to the time that its members chose.

    If they were told of the other time, they are told again.
    """
    meeting = tx.session.scalar(
        select(CircleMeeting)
        .join(Circle, Circle.id == CircleMeeting.circle_id)
        .where(Circle.id == circle.id, *_AHEAD)
        .execution_options(populate_existing=True)
    )
    if meeting is None:
        return
    meeting.planned_at = _planned_at(tx, circle, None, meeting.number)
    meeting.announced_at = None
    meeting.due_at = due_at(circle, meeting, store.state_of(tx, meeting))
