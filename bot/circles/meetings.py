"""Meetings of circles: plan them, take presses, and do what is due.

A meeting's state follows from its presses and the time (bot/circles/keeper.py). The
steps of the job, each once, at the time in `due_at`:

1. Four working days before, ask a member whether the circle may think about an ask of
   theirs.
2. Two working days before, tell the circle: the questions, and a reminder for the
   facilitator.
3. Fifteen minutes before, post the agenda with its buttons.
4. When the meeting is over without a press, store its end.

Each end plans the next meeting.
"""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Select, delete, select

from bot.circles import (
    agenda_messages,
    announcements,
    ask_offers,
    conversation,
    meeting_plans,
    meeting_times,
    outcomes,
    presses,
    writing,
    writing_weeks,
)
from bot.circles import meeting_store as store
from bot.circles.keeper import State
from bot.circles.presses import Act, Press
from bot.circles.writing import Stage
from bot.clock import datetime_to_micros
from bot.db.statement_time import Time
from bot.db.statements import InstallationId, upsert
from bot.errors import UserError
from bot.runtime import Transaction
from models import Circle, CircleMeeting, MeetingTurn

# More presses than anyone needs in a meeting; a script may do more.
MAX_PRESSES = 100
TOO_MANY = "You have pressed too often in this meeting. The others can go on."
OVER = "Your circle has ended."
FROZEN = "Your circle has a break. You can bring it back on its page."
IN_WRITING = "This circle meets in writing."
ANOTHER = "Another meeting of your circle is still on. End it first."


def press(tx: Transaction, meeting_id: int, pressed: Press) -> State:
    """Store a press on a button of a meeting, and return the meeting's state.

    Raises UserError.
    """
    circle, meeting = store.lock(tx, meeting_id)
    store.require_member(tx, circle.id, pressed.member)
    if circle.is_in_writing:
        raise UserError(IN_WRITING)
    if store.is_over(tx, circle) and not meeting.is_open:
        raise UserError(OVER)
    if circle.frozen_at is not None:
        raise UserError(FROZEN)
    _store_press(tx, meeting, pressed)
    return _follow(tx, circle, meeting, pressed)


def _follow(
    tx: Transaction, circle: Circle, meeting: CircleMeeting, pressed: Press
) -> State:
    """Store and show what follows from a press. Raises UserError."""
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


def on_left(tx: Transaction, circle_id: int, member: str) -> None:
    """Let someone who left facilitate no meeting that has an agenda, but no start.

    From its agenda on, the rota stays as it was. The caller has locked the season.
    """
    circle = store.lock_circle(tx, circle_id)
    meeting = store.ahead(tx, circle_id)
    if (
        circle.is_in_writing
        or meeting is None
        or meeting.posted_at is None
        or meeting.started_at is not None
    ):
        return
    pressed = Press(datetime_to_micros(tx.now), member, Act.CANNOT)
    meeting.presses = [*meeting.presses, presses.dump(pressed)]
    _follow(tx, circle, meeting, pressed)


def _store_press(tx: Transaction, meeting: CircleMeeting, pressed: Press) -> None:
    """Store a press, unless the person has pressed too often. Raises UserError.

    Before that, their presses without effect go: the state is the same without them.
    """
    stored = presses.dump(pressed)
    if stored in meeting.presses:
        return
    if _count_of(meeting, pressed.member) >= MAX_PRESSES:
        effective = store.state_of(tx, meeting).effective
        meeting.presses = [
            each
            for each in meeting.presses
            if each["member"] != pressed.member or presses.load(each) in effective
        ]
    if _count_of(meeting, pressed.member) >= MAX_PRESSES:
        raise UserError(TOO_MANY)
    meeting.presses = [*meeting.presses, stored]


def _count_of(meeting: CircleMeeting, member: str) -> int:
    return sum(each["member"] == member for each in meeting.presses)


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
    meeting.due_at = meeting_plans.due_at(circle, meeting, state)
    # One meeting closes before another opens, as the unique index wants it.
    tx.session.flush()
    if state.ended_at is not None:
        _store_turns(tx, meeting, state.turns_had, state.ended_at)
        outcomes.record(tx, meeting)
    if is_new_end:
        meeting_plans.plan_next(tx, circle)
        outcomes.ask(tx, meeting)
        conversation.show(tx, circle.id)


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


def due_meetings(tx: Transaction) -> list[int]:
    """Return the ids of meetings at which the job has to look now."""
    query = due(tx.workspace.id, tx.now)
    return list(
        tx.session.scalars(query.order_by(CircleMeeting.due_at, CircleMeeting.id))
    )


def due(installation_id: InstallationId, now: Time) -> Select[int]:
    """Select the ids of such meetings."""
    return select(CircleMeeting.id).where(
        CircleMeeting.installation_id == installation_id, CircleMeeting.due_at <= now
    )


def do_due(tx: Transaction, meeting_id: int) -> None:
    """Do what is due for a meeting, if another replica has not done it."""
    # It may open the circle's place, for those who are in it then.
    store.lock_season(tx, meeting_id)
    circle, meeting = store.lock(tx, meeting_id)
    if meeting.due_at is None or meeting.due_at > tx.now:
        return
    is_over = store.is_over(tx, circle) and not meeting.is_open
    if is_over or circle.frozen_at is not None:
        meeting.due_at = None
        return
    if circle.is_in_writing:
        _write(tx, circle, meeting)
        return
    state = store.state_of(tx, meeting)
    if state.ended_at is None:
        _prepare(tx, circle, meeting)
        if meeting.posted_at is None and tx.now >= state.meeting.opens_at:
            meeting.rota = list(store.rota_now(tx, meeting))
            meeting.posted_at = tx.now
            agenda_messages.post(tx, meeting)
    _settle(tx, circle, meeting, state)
    if state.ended_at is not None:
        agenda_messages.update(tx, meeting)


def _prepare(tx: Transaction, circle: Circle, meeting: CircleMeeting) -> None:
    """Ask a member about their ask, or tell the circle of its meeting."""
    if meeting.announced_at is not None:
        return
    zone = writing_weeks.zone_of(circle)
    if tx.now >= meeting_times.announced_at(meeting.planned_at, zone):
        meeting.announced_at = tx.now
        announcements.announce(tx, meeting)
    elif meeting.offered_at is None:
        meeting.offered_at = tx.now
        ask_offers.offer(tx, meeting)
        conversation.open_if_missing(tx, circle)


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
        outcomes.record(tx, meeting)
        outcomes.ask(tx, meeting)
    agenda_messages.update(tx, meeting)
    meeting_plans.plan_next(tx, circle)
    conversation.open_if_missing(tx, circle)


def update_messages(tx: Transaction, meeting: CircleMeeting) -> None:
    """Edit the messages of a meeting after someone wrote for it.

    They may have written after it was over: then they were there.
    """
    outcomes.record(tx, meeting)
    agenda_messages.update(tx, meeting)
