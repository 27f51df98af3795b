"""Meetings of circles: plan them, take presses, and do what is due.

A meeting's state follows from its presses and the time (bot/circles/keeper.py). The
steps of the job, each once, at the time in `due_at`:

1. Two working days before, tell the circle: the questions, and a reminder for the
   facilitator.
2. Fifteen minutes before, post the agenda with its buttons.
3. When the meeting is over without a press, store its end.

Each end plans the next meeting.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import delete, select

from bot import timezones
from bot.circles import (
    agenda_messages,
    announcements,
    meeting_times,
    presses,
    writing,
    writing_weeks,
)
from bot.circles import meeting_store as store
from bot.circles.keeper import State
from bot.circles.presses import Act, Press
from bot.circles.writing import Stage
from bot.db.statements import upsert
from bot.errors import UserError
from bot.people import meetings as peer_meetings
from bot.runtime import Transaction
from models import Circle, CircleMeeting, CircleMember, MeetingTurn

# More presses than in any meeting of people; a script may do more.
MAX_PRESSES = 500
TOO_MANY = "This meeting has had too many presses. It ends by itself."
IN_WRITING = "This circle meets in writing."
ANOTHER = "Another meeting of your circle is still on. End it first."


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
        else _due_at(circle, meeting, store.state_of(tx, meeting))
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


def press(tx: Transaction, meeting_id: int, pressed: Press) -> State:
    """Store a press on a button of a meeting, and return the meeting's state.

    Raises UserError.
    """
    circle, meeting = store.lock(tx, meeting_id)
    store.require_member(tx, circle.id, pressed.member)
    if circle.is_in_writing:
        raise UserError(IN_WRITING)
    if len(meeting.presses) >= MAX_PRESSES:
        raise UserError(TOO_MANY)
    stored = presses.dump(pressed)
    if stored not in meeting.presses:
        meeting.presses = [*meeting.presses, stored]
    state = store.state_of(tx, meeting)
    if state.is_open:
        _close_others(tx, circle, meeting)
    _settle(tx, circle, meeting, state)
    if pressed in state.effective:
        agenda_messages.update(tx, meeting)
        if pressed.act == Act.CANNOT:
            announcements.remind_facilitator(tx, meeting, state)
        if pressed.act == Act.SWAP:
            announcements.tell_swapped(tx, meeting, pressed)
    return state


def _close_others(tx: Transaction, circle: Circle, meeting: CircleMeeting) -> None:
    """Store the end of the circle's other open meeting, if it is over.

    Raises UserError if it is not.
    """
    other = tx.session.scalar(
        select(CircleMeeting).where(
            CircleMeeting.circle_id == circle.id,
            CircleMeeting.is_open,
            CircleMeeting.id != meeting.id,
        )
    )
    if other is None:
        return
    state = store.state_of(tx, other)
    if state.is_open:
        raise UserError(ANOTHER)
    _settle(tx, circle, other, state)
    agenda_messages.update(tx, other)


def _settle(
    tx: Transaction, circle: Circle, meeting: CircleMeeting, state: State
) -> None:
    """Store what follows from the meeting's state. It may be repeated."""
    is_new_end = state.ended_at is not None and meeting.ended_at is None
    has_begun = state.agenda is not None
    meeting.is_open = state.is_open
    meeting.started_at = state.agenda.started_at if state.agenda else None
    meeting.ended_at = state.ended_at
    is_held = state.ended_at is not None and has_begun
    meeting.facilitator = (state.facilitator or None) if is_held else None
    meeting.due_at = _due_at(circle, meeting, state)
    # One meeting closes before another opens, as the unique index wants it.
    tx.session.flush()
    if state.ended_at is not None:
        _store_turns(tx, meeting, state.turns_had, state.ended_at)
        if has_begun:
            together = store.members_of(tx, circle.id)
            peer_meetings.record(tx, together, met_at=state.ended_at)
    if is_new_end:
        plan_next(tx, circle)
        if has_begun:
            agenda_messages.tell_actions(tx, meeting)


def _store_turns(
    tx: Transaction, meeting: CircleMeeting, people: Collection[str], at: datetime
) -> None:
    tx.session.execute(
        delete(MeetingTurn).where(
            MeetingTurn.meeting_id == meeting.id, MeetingTurn.member.not_in(people)
        )
    )
    rows = [
        {"meeting_id": meeting.id, "member": member, "had_at": at}
        for member in sorted(people)
    ]
    if rows:
        insert = upsert(tx.session, MeetingTurn)
        tx.session.execute(insert.on_conflict_do_nothing(), rows)


def _due_at(circle: Circle, meeting: CircleMeeting, state: State) -> datetime | None:
    """Return when the job has to look at the meeting again."""
    if state.ended_at is not None:
        return None
    if meeting.posted_at is not None or circle.frozen_at is not None:
        return state.closes_at
    if meeting.announced_at is not None:
        return state.meeting.opens_at
    zone = timezones.get(circle.zone) or ZoneInfo("UTC")
    return meeting_times.announced_at(meeting.planned_at, zone)


def due_meetings(tx: Transaction) -> list[int]:
    """Return the ids of meetings at which the job has to look now."""
    return list(
        tx.session.scalars(
            select(CircleMeeting.id)
            .where(
                CircleMeeting.installation_id == tx.workspace.id,
                CircleMeeting.due_at <= tx.now,
            )
            .order_by(CircleMeeting.due_at, CircleMeeting.id)
        )
    )


def do_due(tx: Transaction, meeting_id: int) -> None:
    """Do what is due for a meeting, if another replica has not done it."""
    circle, meeting = store.lock(tx, meeting_id)
    if meeting.due_at is None or meeting.due_at > tx.now:
        return
    if store.is_over(tx, circle) and not meeting.is_open:
        meeting.due_at = None
        return
    if circle.is_in_writing:
        _write(tx, circle, meeting)
        return
    state = store.state_of(tx, meeting)
    if state.ended_at is None and circle.frozen_at is None:
        if meeting.announced_at is None:
            meeting.announced_at = tx.now
            announcements.announce(tx, meeting)
        if meeting.posted_at is None and tx.now >= state.meeting.opens_at:
            meeting.rota = list(store.rota_now(tx, meeting))
            meeting.posted_at = tx.now
            agenda_messages.post(tx, meeting)
    _settle(tx, circle, meeting, state)
    if state.ended_at is not None:
        agenda_messages.update(tx, meeting)


def _write(tx: Transaction, circle: Circle, meeting: CircleMeeting) -> None:
    """Begin the stage of now of a week in writing, or end the week."""
    stage = writing_weeks.stage_of(tx, circle, meeting)
    authors = writing_weeks.issue_authors(tx, meeting)
    if stage is not None and (authors or stage == Stage.ISSUES):
        meeting.is_open, meeting.started_at = True, meeting.planned_at
        meeting.posted_at = meeting.posted_at or tx.now
        zone = writing_weeks.zone_of(circle)
        meeting.due_at = writing.end_of(stage, meeting.planned_at, zone)
        agenda_messages.post(tx, meeting, occurrence=stage)
        return
    meeting.is_open, meeting.due_at = False, None
    meeting.ended_at = tx.now
    tx.session.flush()
    if authors:
        _store_turns(tx, meeting, authors, tx.now)
        together = store.members_of(tx, circle.id)
        peer_meetings.record(tx, together, met_at=tx.now)
        agenda_messages.tell_actions(tx, meeting)
    agenda_messages.update(tx, meeting)
    plan_next(tx, circle)


def unplanned_circles(tx: Transaction) -> list[int]:
    """Return circles that are complete and have a time, but no meeting yet."""
    places = select(CircleMember.circle_id).where(CircleMember.left_at.is_(None))
    return list(
        tx.session.scalars(
            select(Circle.id)
            .where(
                Circle.installation_id == tx.workspace.id,
                Circle.starts_at.is_not(None) | Circle.is_in_writing,
                Circle.ended_at.is_(None),
                Circle.id.not_in(select(CircleMeeting.circle_id)),
                Circle.id.in_(places.where(CircleMember.taken_at.is_not(None))),
                Circle.id.not_in(places.where(CircleMember.taken_at.is_(None))),
            )
            .order_by(Circle.id)
        )
    )


def plan_first(tx: Transaction, circle_id: int) -> None:
    """Plan a circle's first meeting, if another replica has not done it."""
    plan_next(tx, store.lock_circle(tx, circle_id))


def update_messages(tx: Transaction, meeting: CircleMeeting) -> None:
    """Edit the messages of a meeting after someone wrote for it."""
    agenda_messages.update(tx, meeting)


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
    meeting.due_at = _due_at(circle, meeting, store.state_of(tx, meeting))
