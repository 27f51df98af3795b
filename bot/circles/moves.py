"""Move one meeting of a circle: a member proposes a time, and the circle decides.

Proposals and answers lock the circle. Without enough answers, the meeting stays as it
is.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from slack_sdk.models.views import View
from sqlalchemy import select

from bot import timezones
from bot.circles import (
    agenda_messages,
    busy,
    conversation,
    meeting_plans,
    move_blocks,
    rules,
    service,
    times,
)
from bot.circles import meeting_store as store
from bot.circles.message_kinds import CIRCLE_MOVE, CIRCLE_MOVED
from bot.circles.move_blocks import DAY, MoveView
from bot.clock import datetime_to_micros
from bot.db.statements import upsert_latest
from bot.errors import UserError
from bot.forms.fields import FormValues
from bot.outbox.message_type import MessageType
from bot.outbox.queue import Delivery
from bot.personal_data import Erasure, MessagePolicy
from bot.runtime import Transaction
from bot.slack.actions import PostMessage, SlackAction
from bot.slack.blocks import Note
from bot.workspace import contact_hours, members
from models import Circle, CircleMeeting, CircleSeason, MeetingMove, MeetingMoveAnswer

SOONEST = timedelta(hours=2)
UNKNOWN = "That proposal is gone."
TOO_LATE = "This meeting can't be moved now."
TOO_SOON = "Choose a time that is at least two hours ahead."
TOO_FAR = "Choose a time before the next meeting."
BUSY = "You meet in another circle at that time. Choose another one."
SAME = "The meeting is at that time already."
ONCE = "You have proposed a time for this meeting before."
ANOTHER = "Another member has proposed a time. Answer that first."

_STORE = upsert_latest(MeetingMoveAnswer, ("move_id", "member"), (), presence="is_yes")


def form(tx: Transaction, meeting: CircleMeeting, *, by: str) -> View:
    """Return the form to propose another time. Raises UserError."""
    _require_movable(tx, meeting)
    local = meeting.planned_at.astimezone(members.zone(tx, by))
    return move_blocks.move_form(meeting.id, local.date(), local.time())


def _require_movable(tx: Transaction, meeting: CircleMeeting) -> None:
    circle = tx.session.get_one(Circle, meeting.circle_id)
    if store.movable(tx, circle) != meeting.id:
        raise UserError(TOO_LATE)


def propose(
    tx: Transaction, meeting: CircleMeeting, values: FormValues, *, by: str
) -> None:
    """Store a proposal, and ask the others; the same form again changes nothing.

    The circle is locked, and the member in it. Raises UserError with the field.
    """
    _require_movable(tx, meeting)
    at = move_blocks.read_move(values, members.zone(tx, by))
    if _is_repeated(tx, meeting, at, by):
        return
    circle = tx.session.get_one(Circle, meeting.circle_id)
    if at < tx.now + SOONEST:
        raise UserError(TOO_SOON, field=DAY)
    if at >= meeting_plans.regular_at(tx, circle, meeting.number + 1):
        raise UserError(TOO_FAR, field=DAY)
    if at == meeting.planned_at:
        raise UserError(SAME, field=DAY)
    if busy.is_busy(tx, service.season_of(tx, circle), by, [at], meeting.minutes):
        raise UserError(BUSY, field=DAY)
    move = MeetingMove(
        meeting_id=meeting.id, proposed_by=by, starts_at=at, created_at=tx.now
    )
    tx.session.add(move)
    tx.session.flush()
    _store_answer(tx, move, by, datetime_to_micros(tx.now), is_yes=True)
    for member in store.members_of(tx, meeting.circle_id):
        if member != by:
            tx.enqueue(CIRCLE_MOVE, move.id, to=member)


def _is_repeated(
    tx: Transaction, meeting: CircleMeeting, at: datetime, by: str
) -> bool:
    """Return True if the member has proposed this before.

    Raises UserError if they have proposed another time, or a proposal is open.
    """
    earlier = tx.session.scalars(
        select(MeetingMove).filter_by(meeting_id=meeting.id)
    ).all()
    own = next((each for each in earlier if each.proposed_by == by), None)
    if own is not None and own.starts_at != at:
        raise UserError(ONCE, field=DAY)
    if own is not None:
        return True
    for each in earlier:
        # Its time may be over.
        if each.is_accepted is None:
            _decide(tx, meeting, each)
    if any(each.is_accepted is None for each in earlier):
        raise UserError(ANOTHER, field=DAY)
    return False


def _store_answer(
    tx: Transaction, move: MeetingMove, member: str, at_micros: int, *, is_yes: bool
) -> None:
    tx.session.execute(
        _STORE(tx.session).values(
            move_id=move.id, member=member, is_yes=is_yes, event_micros=at_micros
        )
    )


def lock(
    tx: Transaction, move_id: int, *, by: str
) -> tuple[CircleMeeting, MeetingMove]:
    """Lock a proposal's circle, which the member is in. Raises UserError."""
    move = tx.session.scalar(
        select(MeetingMove)
        .join(CircleMeeting, CircleMeeting.id == MeetingMove.meeting_id)
        .where(
            MeetingMove.id == move_id,
            CircleMeeting.installation_id == tx.workspace.id,
        )
    )
    if move is None:
        raise UserError(UNKNOWN)
    circle, meeting = store.lock(tx, move.meeting_id)
    store.require_member(tx, circle.id, by)
    tx.session.refresh(move)
    return meeting, move


def answer(
    tx: Transaction,
    meeting: CircleMeeting,
    move: MeetingMove,
    *,
    by: str,
    is_yes: bool,
    event_micros: int,
) -> Note:
    """Store an answer to a locked proposal, and move the meeting if it decides that.

    Return the question as it is then. Raises UserError.
    """
    if move.is_accepted is None:
        _require_movable(tx, meeting)
        _store_answer(tx, move, by, event_micros, is_yes=is_yes)
        _decide(tx, meeting, move)
    return move_blocks.question(_view(tx, meeting, move, by))


def recount(tx: Transaction, season: CircleSeason) -> None:
    """Decide the open proposals of a locked season that the answers decide by now."""
    rows = tx.session.execute(
        select(MeetingMove.id, MeetingMove.meeting_id)
        .join(CircleMeeting, CircleMeeting.id == MeetingMove.meeting_id)
        .join(Circle, Circle.id == CircleMeeting.circle_id)
        .where(Circle.season_id == season.id, MeetingMove.is_accepted.is_(None))
        .order_by(MeetingMove.id)
    )
    for move_id, meeting_id in rows.all():
        circle, meeting = store.lock(tx, meeting_id)
        move = tx.session.get_one(MeetingMove, move_id, populate_existing=True)
        if move.is_accepted is None and store.movable(tx, circle) == meeting.id:
            _decide(tx, meeting, move)


def _answers(tx: Transaction, move: MeetingMove) -> Mapping[str, bool]:
    rows = tx.session.execute(
        select(MeetingMoveAnswer.member, MeetingMoveAnswer.is_yes).filter_by(
            move_id=move.id
        )
    )
    return {row.member: row.is_yes for row in rows}


def _decide(tx: Transaction, meeting: CircleMeeting, move: MeetingMove) -> None:
    people = list(store.members_of(tx, meeting.circle_id))
    decision = rules.move_decision(people, _answers(tx, move))
    if move.starts_at <= tx.now:
        decision = False
    if decision is None:
        return
    move.is_accepted = decision
    if not decision:
        tx.enqueue(CIRCLE_MOVED, move.id, to=move.proposed_by)
        return
    circle = tx.session.get_one(Circle, meeting.circle_id)
    move.moved_from = meeting.planned_at
    meeting.moved_from = meeting_plans.regular_at(tx, circle, meeting.number)
    meeting.moved_to = move.starts_at
    circle.calendar_version += 1
    tx.session.flush()
    meeting_plans.replan(tx, circle)
    conversation.show(tx, circle.id)
    for member in people:
        tx.enqueue(CIRCLE_MOVED, move.id, to=member)
        times.send_calendar(tx, circle, member)


# The texts that people read


def _view(
    tx: Transaction, meeting: CircleMeeting, move: MeetingMove, reader: str
) -> MoveView:
    circle = tx.session.get_one(Circle, meeting.circle_id)
    people = {*store.members_of(tx, circle.id), move.proposed_by}
    return MoveView(
        id=move.id,
        number=meeting.number,
        name=members.first_names(tx, people)[move.proposed_by],
        planned_at=move.moved_from or meeting.planned_at,
        proposed_at=move.starts_at,
        zone=timezones.get_or_utc(circle.zone),
        answer=_answers(tx, move).get(reader),
        is_accepted=move.is_accepted,
        has_other_meeting=move.is_accepted is None
        and busy.is_busy(
            tx,
            service.season_of(tx, circle),
            reader,
            [move.starts_at],
            meeting.minutes,
        ),
    )


def _render(tx: Transaction, delivery: Delivery, *, is_over: bool) -> MoveView | None:
    """Return the view of a proposal that goes on, or is over, for its recipient."""
    move = tx.session.get(MeetingMove, delivery.subject_id)
    if move is None or (move.is_accepted is not None) is not is_over:
        return None
    meeting = tx.session.get_one(CircleMeeting, move.meeting_id)
    circle = tx.session.get_one(Circle, meeting.circle_id)
    if store.movable(
        tx, circle
    ) != meeting.id or delivery.recipient not in store.members_of(tx, circle.id):
        return None
    return _view(tx, meeting, move, delivery.recipient)


def _render_question(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    view = _render(tx, delivery, is_over=False)
    if view is None:
        return None
    return PostMessage(delivery.recipient, *move_blocks.question(view))


def _render_result(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    view = _render(tx, delivery, is_over=True)
    if view is None:
        return None
    return PostMessage(delivery.recipient, *move_blocks.result(view))


def _moves_with(tx: Transaction, erasure: Erasure) -> list[int]:
    """Return the proposals in the circles that the member is or was in."""
    return list(
        tx.session.scalars(
            select(MeetingMove.id).where(
                MeetingMove.meeting_id.in_(agenda_messages.meetings_with(tx, erasure))
            )
        )
    )


# These are about one's own meeting, so they are no unasked messages.
MESSAGE_TYPES = (
    MessageType(CIRCLE_MOVE, _render_question, send_after=contact_hours.send_after),
    MessageType(CIRCLE_MOVED, _render_result, send_after=contact_hours.send_after),
)
MESSAGES = (MessagePolicy(frozenset({CIRCLE_MOVE, CIRCLE_MOVED}), _moves_with),)
