"""Plan circles' meetings: the next one, its time, and what the job has to do then."""

from datetime import date, datetime, timedelta

from sqlalchemy import Select, exists, select

from bot import timezones
from bot.circles import meeting_store as store
from bot.circles import meeting_times, vote_rules, writing, writing_weeks
from bot.circles.keeper import State
from bot.db.statement_time import Time
from bot.db.statements import InstallationId
from bot.runtime import Transaction
from bot.workspace.working_time import WorkingTime
from models import Circle, CircleMeeting

# After a break, people know of the next meeting for so long.
RESUMES_AFTER = timedelta(days=7)
# A circle whose times changed ends so long after its last meeting.
ENDS_AFTER = timedelta(days=7)


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
        format=recurrence.format,
        rota=list(store.rota_of(tx, circle.id)),
        presses=[],
        is_open=False,
    )
    tx.session.add(meeting)
    tx.session.flush()
    meeting.due_at = _first_due_at(tx, circle, meeting)
    if number > vote_rules.MISSED_MEETINGS:
        working_time = WorkingTime(writing_weeks.zone_of(circle))
        hours = vote_rules.WORKING_HOURS_TO_CHECK
        circle.check_at = working_time.add(tx.now, hours)
    return meeting


def _first_due_at(
    tx: Transaction, circle: Circle, meeting: CircleMeeting
) -> datetime | None:
    if circle.is_in_writing:
        return meeting.planned_at
    return due_at(circle, meeting, store.state_of(tx, meeting))


def _planned_at(
    tx: Transaction, circle: Circle, last: CircleMeeting | None, number: int
) -> datetime:
    """Return the time of the meeting with this number, after the last one."""
    if circle.starts_at is not None and not circle.is_in_writing:
        return regular_at(tx, circle, number)
    zone = writing_weeks.zone_of(circle)
    weeks = store.recurrence_of(tx, circle).weeks_between
    if last is not None:
        return meeting_times.planned_at(last.planned_at, zone, 2, weeks)
    tomorrow = timezones.local_date(tx.now, zone) + timedelta(days=1)
    return writing.begins_at(max(tomorrow, store.first_day(tx, circle)), zone)


def regular_at(tx: Transaction, circle: Circle, number: int) -> datetime:
    """Return the time (UTC) of a meeting on a call, unless it moves."""
    if circle.starts_at is None:
        raise ValueError("the circle has no time yet")
    recurrence = store.recurrence_of(tx, circle)
    zone = writing_weeks.zone_of(circle)
    at = meeting_times.planned_at(
        circle.starts_at, zone, number, recurrence.weeks_between
    )
    return meeting_times.after_holidays(at, zone, recurrence.holidays_of)


def _time_of(tx: Transaction, circle: Circle, meeting: CircleMeeting) -> datetime:
    """Return the time (UTC) of a meeting on a call, also if the circle moved it."""
    regular = regular_at(tx, circle, meeting.number)
    if meeting.moved_to is not None and meeting.moved_from == regular:
        return meeting.moved_to
    return regular


def due_at(circle: Circle, meeting: CircleMeeting, state: State) -> datetime | None:
    """Return when the job has to look at the meeting again."""
    if state.ended_at is not None or circle.frozen_at is not None:
        return None
    if meeting.posted_at is not None:
        return state.closes_at
    if meeting.announced_at is not None:
        return state.meeting.opens_at
    zone = timezones.get_or_utc(circle.zone)
    if meeting.offered_at is None:
        return meeting_times.offered_at(meeting.planned_at, zone)
    return meeting_times.announced_at(meeting.planned_at, zone)


def unplanned_circles(tx: Transaction) -> list[int]:
    """Return circles that are introduced and have a time, but no meeting yet."""
    query = unplanned(tx.workspace.id, tx.now).order_by(Circle.id)
    return list(tx.session.scalars(query))


def unplanned(installation_id: InstallationId, _now: Time) -> Select[int]:
    """Select the ids of such circles."""
    return select(Circle.id).where(
        Circle.installation_id == installation_id,
        Circle.starts_at.is_not(None) | Circle.is_in_writing,
        Circle.ended_at.is_(None),
        ~exists().where(CircleMeeting.circle_id == Circle.id),
        Circle.introduced_at.is_not(None),
    )


def plan_first(tx: Transaction, circle_id: int) -> None:
    """Plan a circle's first meeting, if another replica has not done it."""
    plan_next(tx, store.lock_circle(tx, circle_id))


def moved_meetings(tx: Transaction) -> list[int]:
    """Return the circles whose members chose another time for their next meeting."""
    return [
        circle.id
        for circle, meeting in tx.session.execute(
            ahead(tx.workspace.id, tx.now).order_by(Circle.id)
        )
        if _time_of(tx, circle, meeting) != meeting.planned_at
    ]


def ahead(installation_id: InstallationId, _now: Time) -> Select[Circle, CircleMeeting]:
    """Select the circles that have a meeting on a call ahead, with it."""
    return (
        select(Circle, CircleMeeting)
        .join(CircleMeeting, CircleMeeting.circle_id == Circle.id)
        .where(Circle.installation_id == installation_id, *_AHEAD)
    )


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
    meeting.planned_at = _time_of(tx, circle, meeting)
    meeting.announced_at = None
    meeting.due_at = _first_due_at(tx, circle, meeting)


def resume(tx: Transaction, circle: Circle) -> None:
    """Move a locked circle's next meeting to a time that is ahead, by whole weeks."""
    meeting = store.ahead(tx, circle.id)
    if meeting is None:
        return
    zone = writing_weeks.zone_of(circle)
    earliest = tx.now + RESUMES_AFTER
    if circle.starts_at is not None and not circle.is_in_writing:
        while _planned_at(tx, circle, None, meeting.number) < earliest:
            circle.starts_at = meeting_times.planned_at(circle.starts_at, zone, 2, 1)
        meeting.planned_at = _planned_at(tx, circle, None, meeting.number)
    else:
        while meeting.planned_at < earliest:
            meeting.planned_at = meeting_times.planned_at(
                meeting.planned_at, zone, 2, 1
            )
    meeting.announced_at = None
    meeting.due_at = _first_due_at(tx, circle, meeting)


def last_day(tx: Transaction, circle: Circle) -> date | None:
    """Return the last day (UTC) of a circle, if it has a next meeting.

    It is a week after its last meeting as that is planned now.
    """
    meeting = store.ahead(tx, circle.id)
    if meeting is None:
        return None
    recurrence = store.recurrence_of(tx, circle)
    if circle.starts_at is not None and not circle.is_in_writing:
        last = regular_at(tx, circle, recurrence.meetings)
    else:
        last = meeting_times.planned_at(
            meeting.planned_at,
            writing_weeks.zone_of(circle),
            recurrence.meetings - meeting.number + 1,
            recurrence.weeks_between,
        )
    # The next one may be the last, and may have moved.
    return (max(last, meeting.planned_at) + ENDS_AFTER).date()
