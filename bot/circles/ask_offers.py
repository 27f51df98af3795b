"""Questions for a circle about a member's own ask, which the member allows first.

They are about asks in public channels, since everyone in the circle may see these, and
never about an ask without a name. A circle with a guest gets none.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select, update

from bot.asks import ask_view
from bot.circles import meeting_store as store
from bot.circles import offer_blocks, writing_weeks
from bot.circles.message_kinds import CIRCLE_ASK_OFFER
from bot.circles.offer_blocks import AskText, OfferAnswer, OfferView
from bot.errors import UserError
from bot.outbox.message_type import MessageType
from bot.outbox.queue import Delivery
from bot.personal_data import MessagePolicy
from bot.runtime import Transaction
from bot.slack.actions import PostMessage, SlackAction
from bot.slack.blocks import Note
from bot.workspace import contact_hours, members
from bot.workspace.budget_rules import Purpose
from bot.workspace.contact_budget import claim_as
from models import Ask, AskOffer, Channel, Circle, CircleMeeting, Member

# A question is about an ask that is so new, or was solved so lately.
RECENT = timedelta(weeks=4)
ANSWERED_WITHIN = timedelta(hours=24)
NOT_YOURS = "That question is not about an ask of yours."
TOO_LATE = "It's too late for that. I use no ask without a yes in time."
NO_OTHER = "I know no other ask of yours for this."


def offer(tx: Transaction, meeting: CircleMeeting) -> None:
    """Ask a member whether the circle may think about one of their asks.

    The circle is locked.
    """
    candidates = _candidates(tx, meeting)
    if candidates:
        row = _add(tx, meeting, candidates[0])
        tx.enqueue(CIRCLE_ASK_OFFER, row.id, to=row.member)


def _add(tx: Transaction, meeting: CircleMeeting, ask: Ask) -> AskOffer:
    row = AskOffer(meeting_id=meeting.id, member=ask.asker, ask_id=ask.id)
    tx.session.add(row)
    tx.session.flush()
    return row


def _candidates(
    tx: Transaction, meeting: CircleMeeting, *, by: str | None = None
) -> Sequence[Ask]:
    """Return the asks that a question can be about, the best first.

    Those of members who were offered fewest come first, then those not yet solved,
    then the newest. An ask is offered once in a circle, and no more to a member who
    wants none of theirs used.
    """
    present = set(store.members_of(tx, meeting.circle_id))
    if not present or _has_guest(tx, present):
        return []
    offers = tx.session.scalars(
        select(AskOffer)
        .join(CircleMeeting, CircleMeeting.id == AskOffer.meeting_id)
        .where(CircleMeeting.circle_id == meeting.circle_id)
        .execution_options(populate_existing=True)
    ).all()
    people = present - {row.member for row in offers if row.answer == OfferAnswer.NONE}
    asks = tx.session.scalars(
        select(Ask)
        .join(Channel, Channel.id == Ask.channel_id)
        .where(
            *_usable(tx),
            Ask.asker.in_(people if by is None else people & {by}),
            Ask.id.not_in([row.ask_id for row in offers]),
        )
    )
    counts = dict.fromkeys(present, 0)
    for row in offers:
        counts[row.member] = counts.get(row.member, 0) + 1
    return sorted(
        asks, key=lambda ask: (counts[ask.asker], ask.state == "solved", -ask.id)
    )


def _has_guest(tx: Transaction, people: set[str]) -> bool:
    count = tx.session.scalar(
        select(func.count()).where(
            Member.installation_id == tx.workspace.id,
            Member.slack_id.in_(people),
            Member.is_guest.is_(True),
        )
    )
    return bool(count)


def _usable(tx: Transaction) -> Sequence[ColumnElement[bool]]:
    """Return the conditions for asks that all full members may see, and lately."""
    return (
        Ask.installation_id == tx.workspace.id,
        Ask.deleted_at.is_(None),
        Ask.is_confirmed.is_(True),
        Ask.ts.is_not(None),
        or_(
            Ask.state.in_(["open", "answered"]) & (Ask.asked_at >= tx.now - RECENT),
            (Ask.state == "solved") & (Ask.solved_at >= tx.now - RECENT),
        ),
        Channel.is_private.is_(False),
        or_(Channel.is_joined.is_(True), Channel.is_archived.is_(True)),
    )


def lock(tx: Transaction, offer_id: int, *, by: str) -> tuple[CircleMeeting, AskOffer]:
    """Lock the circle of an offer to the member, and return both. Raises UserError."""
    row = tx.session.scalar(
        select(AskOffer)
        .join(CircleMeeting, CircleMeeting.id == AskOffer.meeting_id)
        .where(
            AskOffer.id == offer_id,
            AskOffer.member == by,
            CircleMeeting.installation_id == tx.workspace.id,
        )
    )
    if row is None:
        raise UserError(NOT_YOURS)
    circle, meeting = store.lock(tx, row.meeting_id)
    store.require_member(tx, circle.id, by)
    tx.session.refresh(row)
    return meeting, row


def answer(
    tx: Transaction,
    meeting: CircleMeeting,
    row: AskOffer,
    given: OfferAnswer,
    *,
    event_micros: int,
) -> Note:
    """Store an answer, and return the message as it is then; the later press counts.

    `lock` has locked the circle. Raises UserError.
    """
    is_late = row.sent_at is not None and tx.now - row.sent_at > ANSWERED_WITHIN
    if meeting.announced_at is not None or store.state_of(tx, meeting).ended_at:
        is_late = True
    if is_late:
        return _take_back_no(tx, meeting, row, given, event_micros=event_micros)
    others = _candidates(tx, meeting, by=row.member)
    if given is OfferAnswer.ANOTHER and not others:
        raise UserError(NO_OTHER)
    tx.session.execute(
        update(AskOffer)
        .where(AskOffer.id == row.id, AskOffer.event_micros < event_micros)
        .values(answer=given.value, event_micros=event_micros)
    )
    tx.session.refresh(row)
    if given is OfferAnswer.ANOTHER and row.answer == given:
        row = _add(tx, meeting, others[0])
        row.sent_at = tx.now
    if given is OfferAnswer.NONE:
        _offer_another_member(tx, meeting)
    note = _note(tx, meeting, row)
    if note is None:
        raise UserError(TOO_LATE)
    return note


def _take_back_no(
    tx: Transaction,
    meeting: CircleMeeting,
    row: AskOffer,
    given: OfferAnswer,
    *,
    event_micros: int,
) -> Note:
    """Let the bot ask a member again who wanted none of theirs used.

    Raises UserError if they had said nothing of the kind, or the circle is over.
    """
    is_later = event_micros > row.event_micros
    if (
        row.answer != OfferAnswer.NONE
        or given is OfferAnswer.NONE
        or not is_later
        or store.is_over(tx, tx.session.get_one(Circle, meeting.circle_id))
    ):
        raise UserError(TOO_LATE)
    row.answer, row.event_micros = OfferAnswer.ANOTHER.value, event_micros
    return offer_blocks.asked_again()


def _offer_another_member(tx: Transaction, meeting: CircleMeeting) -> None:
    """Ask the next member, unless someone else was asked or said yes."""
    answers = tx.session.scalars(
        select(AskOffer.answer)
        .filter_by(meeting_id=meeting.id)
        .where(or_(AskOffer.answer.is_(None), AskOffer.answer == OfferAnswer.FINE))
    ).all()
    if not answers:
        offer(tx, meeting)


def _text(tx: Transaction, meeting: CircleMeeting, row: AskOffer) -> AskText | None:
    """Return the ask of an offer, if everyone in the circle may see it now."""
    present = set(store.members_of(tx, meeting.circle_id))
    ask = tx.session.scalar(
        select(Ask)
        .join(Channel, Channel.id == Ask.channel_id)
        .where(*_usable(tx), Ask.id == row.ask_id, Ask.asker == row.member)
        .execution_options(populate_existing=True)
    )
    if ask is None or row.member not in present or _has_guest(tx, present):
        return None
    channel = tx.session.get_one(Channel, ask.channel_id)
    zone = writing_weeks.zone_of(tx.session.get_one(Circle, meeting.circle_id))
    is_solved = ask.state == "solved" and ask.solved_at is not None
    return AskText(
        members.name(tx, ask.asker),
        ask_view.title(tx, ask),
        ask_view.message_url(tx, channel, str(ask.ts)),
        ask.solved_at.astimezone(zone) if is_solved and ask.solved_at else None,
    )


def allowed(tx: Transaction, meeting: CircleMeeting) -> AskText | None:
    """Return the ask that its member allowed, while everyone may see it."""
    rows = tx.session.scalars(
        select(AskOffer)
        .filter_by(meeting_id=meeting.id, answer=OfferAnswer.FINE.value)
        .order_by(AskOffer.id)
    )
    texts = (_text(tx, meeting, row) for row in rows)
    return next((text for text in texts if text is not None), None)


def _note(tx: Transaction, meeting: CircleMeeting, row: AskOffer) -> Note | None:
    text = _text(tx, meeting, row)
    if text is None:
        return None
    view = OfferView(
        row.id,
        meeting.number,
        text,
        OfferAnswer(row.answer) if row.answer else None,
        has_another=bool(_candidates(tx, meeting, by=row.member)),
    )
    return offer_blocks.offer(view)


def _render(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    row = tx.session.get(AskOffer, delivery.subject_id)
    if row is None or row.answer is not None:
        return None
    meeting = tx.session.get_one(CircleMeeting, row.meeting_id)
    if meeting.announced_at is not None or not store.meets(tx, meeting.circle_id):
        return None
    note = _note(tx, meeting, row)
    return PostMessage(delivery.recipient, *note) if note is not None else None


def _on_sent(tx: Transaction, delivery: Delivery, _outcome: Any) -> None:
    row = tx.session.get(AskOffer, delivery.subject_id)
    if row is not None:
        row.sent_at = tx.now


MESSAGE_TYPES = (
    MessageType(
        CIRCLE_ASK_OFFER,
        _render,
        on_sent=_on_sent,
        send_after=contact_hours.send_after,
        claim=claim_as(Purpose.CONSENT),
    ),
)
# It names and quotes only its recipient.
MESSAGES = (MessagePolicy(frozenset({CIRCLE_ASK_OFFER})),)
