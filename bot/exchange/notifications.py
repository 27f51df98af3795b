"""Messages about exchanges: questions, reminders, and the end."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from bot.exchange import agreement, notes, questions, service, wishes
from bot.exchange.message_kinds import (
    EXCHANGE_AGREED,
    EXCHANGE_BEGUN,
    EXCHANGE_DRAFT,
    EXCHANGE_ENDED,
    EXCHANGE_EXTENDED,
    EXCHANGE_FIRST,
    EXCHANGE_LAST,
    EXCHANGE_MEETING,
    EXCHANGE_MIDPOINT,
    EXCHANGE_NOT_THIS_TIME,
    EXCHANGE_QUESTION,
)
from bot.exchange.notes import Question
from bot.exchange.rules import State
from bot.exchange.service import Pair
from bot.outbox.enqueue import dedup_key
from bot.outbox.kind import MessageKind
from bot.outbox.lookup import find_sent
from bot.outbox.message_type import MessageType
from bot.outbox.queue import Delivery
from bot.people import facts, reasons
from bot.runtime import Transaction
from bot.slack.actions import PostMessage, Reschedule, SlackAction
from bot.slack.blocks import Note
from bot.workspace import contact_hours, members
from bot.workspace.budget_rules import Purpose
from bot.workspace.contact_budget import claim_as

_Render = Callable[[Transaction, Pair, str], Note | None]


def question_note(tx: Transaction, pair: Pair) -> Note | None:
    """Return the question as its peer sees it now; None if it can't be answered.

    Raises MembershipUnknown.
    """
    exchange = pair.exchange
    if service.state(tx, exchange) is not State.ASKED or pair.own.answer is not None:
        return None
    wish = wishes.find(tx, exchange.asker)
    if wish is None or not wishes.takes_part(tx, exchange.peer):
        return None
    if not questions.can_begin(tx, exchange):
        return None
    people = facts.load_people(tx, {exchange.asker, exchange.peer})
    names = members.first_names(tx, [exchange.asker, exchange.peer])
    why = reasons.for_reader(tx, people, exchange.peer, names)
    asker = names[exchange.asker]
    return notes.question(Question(exchange.id, asker, wish.hours_a_month, why))


def status_note(tx: Transaction, exchange_id: int, member: str) -> Note:
    """Return the question as it stands for its peer after an answer."""
    pair = service.get(tx, exchange_id, member)
    return notes.question_status(
        exchange_id,
        service.name(tx, pair),
        pair.own.answer,
        service.state(tx, pair.exchange),
    )


def _render_question(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    pair = service.find(tx, delivery.subject_id, delivery.recipient)
    note = None if pair is None else question_note(tx, pair)
    return None if note is None else PostMessage(delivery.recipient, *note)


def _render_not_this_time(
    tx: Transaction, delivery: Delivery
) -> SlackAction | Reschedule | None:
    """Tell the asker when the time for an answer is over, whatever the answer is."""
    pair = service.find(tx, delivery.subject_id, delivery.recipient)
    if pair is None or pair.exchange.begun_at is not None or pair.own.answer:
        return None
    if pair.exchange.ends_at > tx.now:
        return Reschedule(pair.exchange.ends_at)
    return PostMessage(delivery.recipient, *notes.not_this_time(service.name(tx, pair)))


def _in_state(state: State, build: _Render) -> Callable[..., SlackAction | None]:
    """Return a function that renders a message while the exchange is in a state."""

    def render(tx: Transaction, delivery: Delivery) -> SlackAction | None:
        pair = service.find(tx, delivery.subject_id, delivery.recipient)
        if pair is None or service.state(tx, pair.exchange) is not state:
            return None
        note = build(tx, pair, _about(delivery))
        return None if note is None else PostMessage(delivery.recipient, *note)

    return render


def _about(delivery: Delivery) -> str:
    return str(delivery.payload.get("about", ""))


def _begun(tx: Transaction, pair: Pair, _about: str) -> Note:
    return notes.begun(pair.exchange.id, service.name(tx, pair))


def _on_begun_sent(tx: Transaction, delivery: Delivery, _outcome: object) -> None:
    """Also run if it is unknown whether Slack took the message."""
    if service.find(tx, delivery.subject_id, delivery.recipient) is not None:
        questions.on_begun_read(tx, delivery.subject_id, delivery.recipient)


def _draft(tx: Transaction, pair: Pair, about: str) -> Note | None:
    """Tell of the latest change only, and of nothing that they agreed to already."""
    if agreement.has_agreed(pair):
        return None
    exchange, name = pair.exchange, service.name(tx, pair)
    if about == service.DRAFT_REMINDER:
        return notes.draft_reminder(exchange.id, name)
    version, _, agreed = about.partition(":")
    has_other_agreed = agreement.has_agreed(pair, other=True)
    if version != str(exchange.version) or (agreed and not has_other_agreed):
        return None
    return notes.draft(exchange.id, name, has_other_agreed=has_other_agreed)


def _agreed(tx: Transaction, pair: Pair, _about: str) -> Note | None:
    exchange, name = pair.exchange, service.name(tx, pair)
    if exchange.until is None:
        return None
    times = agreement.first_times(tx, pair)
    return notes.agreed(
        exchange.id, name, exchange.weeks_between, exchange.until, times
    )


def _is_of_period(pair: Pair, about: str) -> bool:
    """Return False if the exchange has been made longer since."""
    return about.startswith(f"{pair.exchange.until}:")


def _meeting(tx: Transaction, pair: Pair, about: str) -> Note | None:
    if not _is_of_period(pair, about):
        return None
    _, _, number = about.rpartition(":")
    return notes.meeting(pair.exchange.id, service.name(tx, pair), int(number))


def _render_meeting(tx: Transaction, delivery: Delivery) -> SlackAction | None:
    """Remind a member of a meeting; not after an absence, when the next one is due."""
    pair = service.find(tx, delivery.subject_id, delivery.recipient)
    if pair is None:
        return None
    interval = timedelta(weeks=pair.exchange.weeks_between)
    if tx.now - delivery.first_sent_at >= interval:
        return None
    return _in_state(State.RUNNING, _meeting)(tx, delivery)


def _first(tx: Transaction, pair: Pair, about: str) -> Note | None:
    if not _is_of_period(pair, about) or pair.own.first_meeting is not None:
        return None
    return notes.first_question(
        pair.exchange.id,
        service.name(tx, pair),
        is_asked_again=about.endswith(agreement.AGAIN),
    )


def _midpoint(tx: Transaction, pair: Pair, about: str) -> Note | None:
    until = pair.exchange.until
    if until is None or not _is_of_period(pair, about):
        return None
    return notes.midpoint_question(pair.exchange.id, service.name(tx, pair), until)


def _last(tx: Transaction, pair: Pair, about: str) -> Note | None:
    until = pair.exchange.until
    if until is None or not _is_of_period(pair, about):
        return None
    return notes.last_question(pair.exchange.id, service.name(tx, pair), until)


def _extended(tx: Transaction, pair: Pair, about: str) -> Note | None:
    until = pair.exchange.until
    if until is None or about != str(until):
        return None
    return notes.extended(pair.exchange.id, service.name(tx, pair), until)


def _render_ended(
    tx: Transaction, delivery: Delivery
) -> SlackAction | Reschedule | None:
    """Tell a member that the exchange has ended: early, as agreed, or unagreed."""
    pair = service.find(tx, delivery.subject_id, delivery.recipient)
    if pair is None:
        return None
    match service.state(tx, pair.exchange):
        case State.DRAFT:
            # The asker read of the yes later than that.
            return Reschedule(pair.exchange.ends_at)
        case State.ASKED | State.RUNNING:
            return None
    note = _ended(tx, pair, _about(delivery))
    return None if note is None else PostMessage(delivery.recipient, *note)


def _ended(tx: Transaction, pair: Pair, about: str) -> Note | None:
    exchange, name = pair.exchange, service.name(tx, pair)
    if about == service.EARLY:
        was_agreed = exchange.agreed_at is not None
        return notes.ended_early(exchange.id, name, was_agreed=was_agreed)
    if exchange.is_cut_short:
        return None
    if about == service.UNAGREED:
        if exchange.agreed_at is not None:
            return None
        begun = dedup_key(EXCHANGE_BEGUN, exchange.id, exchange.asker)
        has_read = find_sent(tx.session, tx.workspace.id, begun) is not None
        is_news = exchange.asker == pair.own.member and not has_read
        return notes.never_agreed(name, is_news=is_news)
    if not _is_of_period(pair, about):
        return None
    return notes.ended(exchange.id, name)


def _wanted(kind: MessageKind, state: State, build: _Render) -> MessageType:
    """Return the type of a message that both signed up for."""
    return MessageType(
        kind, _in_state(state, build), send_after=contact_hours.send_after
    )


MESSAGE_TYPES = (
    MessageType(
        EXCHANGE_QUESTION,
        _render_question,
        send_after=contact_hours.send_after,
        claim=claim_as(Purpose.QUESTION),
    ),
    MessageType(
        EXCHANGE_NOT_THIS_TIME,
        _render_not_this_time,
        send_after=contact_hours.send_after,
    ),
    replace(
        _wanted(EXCHANGE_BEGUN, State.DRAFT, _begun),
        on_sent=_on_begun_sent,
        on_lost=_on_begun_sent,
    ),
    _wanted(EXCHANGE_DRAFT, State.DRAFT, _draft),
    _wanted(EXCHANGE_AGREED, State.RUNNING, _agreed),
    MessageType(EXCHANGE_MEETING, _render_meeting, send_after=contact_hours.send_after),
    _wanted(EXCHANGE_FIRST, State.RUNNING, _first),
    _wanted(EXCHANGE_MIDPOINT, State.RUNNING, _midpoint),
    _wanted(EXCHANGE_LAST, State.RUNNING, _last),
    _wanted(EXCHANGE_EXTENDED, State.RUNNING, _extended),
    MessageType(EXCHANGE_ENDED, _render_ended, send_after=contact_hours.send_after),
)
