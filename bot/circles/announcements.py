"""Before a meeting: questions to think about, and a reminder for the facilitator."""

from collections.abc import Sequence

from sqlalchemy import select

from bot import timezones
from bot.circles import (
    agenda_messages,
    announcement_blocks,
    ask_offers,
    conversation,
    meeting_times,
    questions,
    rota,
)
from bot.circles import meeting_store as store
from bot.circles.announcement_blocks import Announcement, Reminder
from bot.circles.formats import Phase
from bot.circles.keeper import State
from bot.circles.meeting_store import NOT_YOURS
from bot.circles.message_kinds import (
    CIRCLE_FACILITATOR,
    CIRCLE_QUESTIONS,
    CIRCLE_SWAP,
    CIRCLE_SWAPPED,
    CIRCLE_UPDATE_QUESTIONS,
)
from bot.circles.presses import Act, Press
from bot.clock import datetime_to_micros
from bot.db.statements import upsert
from bot.errors import UserError
from bot.outbox.message_type import MessageType
from bot.outbox.queue import Delivery
from bot.personal_data import MessagePolicy
from bot.runtime import Transaction
from bot.slack.actions import PostMessage, SlackAction
from bot.workspace import contact_hours, members
from models import (
    Circle,
    CircleMeeting,
    CircleQuestion,
)

NOT_FACILITATOR = "Someone else facilitates this meeting."
NOBODY_CAN = "Nobody else in your circle can, this time."


def announce(tx: Transaction, meeting: CircleMeeting) -> None:
    """Tell the circle of its next meeting, with questions, and its facilitator."""
    _choose_question(tx, meeting)
    meeting.rota = list(_rota_of_present(tx, meeting))
    conversation.send(
        tx,
        CIRCLE_QUESTIONS,
        meeting.id,
        meeting.circle_id,
        occurrence=occurrence_of(meeting),
    )
    conversation.show(tx, meeting.circle_id)
    remind_facilitator(tx, meeting, store.state_of(tx, meeting))


def _rota_of_present(tx: Transaction, meeting: CircleMeeting) -> Sequence[str]:
    """Return the rota, with those last who are away at the time of the meeting.

    They did not facilitate, so next time they come first.
    """
    people = store.rota_now(tx, meeting)
    away = {
        member
        for member in people
        for hours in [contact_hours.get(tx, member)]
        if hours.is_away
        or (hours.away_until is not None and hours.away_until > meeting.planned_at)
    }
    return rota.with_last(people, away)


def remind_facilitator(tx: Transaction, meeting: CircleMeeting, state: State) -> None:
    """Ask the facilitator whether they can, unless they said so."""
    if state.facilitator and not state.is_confirmed and meeting.announced_at:
        tx.enqueue(
            CIRCLE_FACILITATOR,
            meeting.id,
            to=state.facilitator,
            occurrence=occurrence_of(meeting),
        )


def occurrence_of(meeting: CircleMeeting) -> str:
    """Return the meeting's time: if it moves, people are told again."""
    return str(datetime_to_micros(meeting.planned_at))


def _choose_question(tx: Transaction, meeting: CircleMeeting) -> None:
    """Store one of our questions that the circle has not had; a repeat changes nothing.

    It needs none if the season's lead has some. The circle is locked.
    """
    if store.lead_questions(tx, meeting):
        return
    rows = tx.session.execute(
        select(CircleQuestion.meeting_id, CircleQuestion.key).where(
            CircleQuestion.circle_id == meeting.circle_id, CircleQuestion.key != ""
        )
    ).all()
    if any(row.meeting_id == meeting.id for row in rows):
        return
    key = questions.choose(meeting.circle_id, meeting.number, [row.key for row in rows])
    if key is None:
        return
    insert = upsert(tx.session, CircleQuestion).values(
        circle_id=meeting.circle_id,
        meeting_id=meeting.id,
        key=key,
        text="",
        created_at=tx.now,
    )
    tx.session.execute(insert.on_conflict_do_nothing())


def announcement_of(tx: Transaction, meeting: CircleMeeting) -> Announcement:
    """Return the announcement of a meeting as it is now."""
    circle = tx.session.get_one(Circle, meeting.circle_id)
    state = store.state_of(tx, meeting)
    keys = tx.session.scalars(
        select(CircleQuestion.key).where(
            CircleQuestion.meeting_id == meeting.id, CircleQuestion.key != ""
        )
    )
    people = [*store.members_of(tx, circle.id), state.facilitator]
    names = members.first_names(tx, people)
    return Announcement(
        id=meeting.id,
        number=meeting.number,
        planned_at=meeting.planned_at,
        zone=timezones.get_or_utc(circle.zone),
        facilitator=names[state.facilitator] if state.facilitator else None,
        format=state.format,
        ask=ask_offers.allowed(tx, meeting),
        lead_questions=store.lead_questions(tx, meeting),
        holiday=_holiday(tx, circle, meeting),
        question=next((questions.QUESTIONS.get(key) for key in keys), None),
    )


def _holiday(tx: Transaction, circle: Circle, meeting: CircleMeeting) -> str | None:
    """Return the name of the holiday because of which the meeting is on another day."""
    if circle.starts_at is None or meeting.moved_to is not None:
        return None
    recurrence = store.recurrence_of(tx, circle)
    zone = timezones.get_or_utc(circle.zone)
    weeks = recurrence.weeks_between
    at = meeting_times.planned_at(circle.starts_at, zone, meeting.number, weeks)
    return meeting_times.holiday(at, zone, recurrence.holidays_of)


def _render_questions(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    meeting = _upcoming(tx, delivery)
    if meeting is None:
        return None
    note = announcement_blocks.announcement(announcement_of(tx, meeting))
    return PostMessage(delivery.recipient, *note)


def _upcoming(tx: Transaction, delivery: Delivery) -> CircleMeeting | None:
    """Return the meeting if it is ahead, and its circle reads the message."""
    meeting = tx.session.get(CircleMeeting, delivery.subject_id)
    if meeting is None or not store.meets(tx, meeting.circle_id):
        return None
    if (
        meeting.started_at is not None
        or meeting.planned_at <= tx.now
        or not conversation.readers(tx, meeting.circle_id, delivery.recipient)
    ):
        return None
    return meeting


def _render_facilitator(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    """Render the question whether the facilitator can, while they are the one."""
    meeting = _upcoming(tx, delivery)
    if meeting is None:
        return None
    state = store.state_of(tx, meeting)
    if state.facilitator != delivery.recipient or state.is_confirmed:
        return None
    return PostMessage(
        delivery.recipient, *announcement_blocks.reminder(_reminder(tx, meeting))
    )


def _reminder(tx: Transaction, meeting: CircleMeeting) -> Reminder:
    circle = tx.session.get_one(Circle, meeting.circle_id)
    return Reminder(
        id=meeting.id,
        number=meeting.number,
        planned_at=meeting.planned_at,
        zone=timezones.get_or_utc(circle.zone),
        format=store.state_of(tx, meeting).format,
    )


def swap_choices(
    tx: Transaction, meeting: CircleMeeting, *, by: str
) -> Sequence[tuple[str, str]]:
    """Return the ids and names of those whom the facilitator may ask to swap.

    Raises UserError if they are not the facilitator, or nobody can.
    """
    state = store.state_of(tx, meeting)
    if state.facilitator != by or state.phase != Phase.PLANNED:
        raise UserError(NOT_FACILITATOR)
    others = [
        member
        for member in store.members_of(tx, meeting.circle_id)
        if member != by and member not in state.declined
    ]
    if not others:
        raise UserError(NOBODY_CAN)
    names = members.first_names(tx, [by, *others])
    return [(member, names[member]) for member in others]


def ask_to_swap(
    tx: Transaction, meeting: CircleMeeting, other: str, *, by: str
) -> None:
    """Ask another member to facilitate instead, once for a time of the meeting.

    After a swap they can be asked again. Raises UserError.
    """
    if other not in dict(swap_choices(tx, meeting, by=by)):
        raise UserError(NOT_YOURS, field="member")
    effective = store.state_of(tx, meeting).effective
    swaps = sum(press.act == Act.SWAP for press in effective)
    tx.enqueue(
        CIRCLE_SWAP,
        meeting.id,
        to=other,
        payload={"by": by},
        occurrence=f"{by}:{occurrence_of(meeting)}:{swaps}",
    )


def tell_swapped(tx: Transaction, meeting: CircleMeeting, press: Press) -> None:
    tx.enqueue(
        CIRCLE_SWAPPED,
        meeting.id,
        to=press.other,
        payload={"by": press.member},
        occurrence=str(press.at_micros),
    )


def _name(tx: Transaction, meeting: CircleMeeting, member: str) -> str:
    people = {*store.members_of(tx, meeting.circle_id), member}
    return members.first_names(tx, people)[member]


def _render_swap(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    meeting = _upcoming(tx, delivery)
    if meeting is None:
        return None
    by = delivery.payload["by"]
    if store.state_of(tx, meeting).facilitator != by:
        return None
    note = announcement_blocks.swap_request(
        _reminder(tx, meeting), _name(tx, meeting, by), by
    )
    return PostMessage(delivery.recipient, *note)


def _render_swapped(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    meeting = _upcoming(tx, delivery)
    if meeting is None:
        return None
    name = _name(tx, meeting, delivery.payload["by"])
    return PostMessage(
        delivery.recipient, *announcement_blocks.swapped(meeting.number, name)
    )


# These are about one's own meeting, so they are no unasked messages.
MESSAGE_TYPES = (
    conversation.message_type(CIRCLE_QUESTIONS, _render_questions),
    MessageType(
        CIRCLE_FACILITATOR, _render_facilitator, send_after=contact_hours.send_after
    ),
    MessageType(CIRCLE_SWAP, _render_swap, send_after=contact_hours.send_after),
    MessageType(CIRCLE_SWAPPED, _render_swapped, send_after=contact_hours.send_after),
)
MESSAGES = (
    MessagePolicy(
        frozenset(
            {
                CIRCLE_QUESTIONS,
                CIRCLE_FACILITATOR,
                CIRCLE_SWAP,
                CIRCLE_SWAPPED,
            }
        ),
        agenda_messages.meetings_with,
    ),
    # An edit is a message of its own only until it is sent.
    MessagePolicy(frozenset({CIRCLE_UPDATE_QUESTIONS})),
)
