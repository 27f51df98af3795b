"""The question of a member to a peer, and the answer that begins an exchange."""

from sqlalchemy import select

from bot.errors import UserError
from bot.exchange import proposals, rules, service, wishes
from bot.exchange.message_kinds import (
    EXCHANGE_BEGUN,
    EXCHANGE_DRAFT,
    EXCHANGE_ENDED,
    EXCHANGE_NOT_THIS_TIME,
    EXCHANGE_QUESTION,
)
from bot.exchange.rules import Answer, State
from bot.exchange.service import Pair
from bot.outbox import home_refresh
from bot.runtime import Transaction
from bot.workspace import contact_hours, members
from models import Exchange, ExchangeMember

NOT_OPEN = "Press Learn together first: then others can see what you want and give."
HAS_ASKED = "You've asked someone already. I'll tell you when there is an answer."
FULL = (
    "You have as many exchanges as you want at a time. End one, or change the number."
)
LATER = "You've begun an exchange lately. You can begin the next one from {day} on."


def require_room(tx: Transaction, member: str) -> None:
    """Raise UserError if the member can't begin an exchange now."""
    load = wishes.load(tx, member)
    if not load.is_in:
        raise UserError(NOT_OPEN)
    if load.is_full:
        raise UserError(FULL)
    at = load.next_at(tx.now)
    if at > tx.now:
        local = at.astimezone(members.zone(tx, member))
        raise UserError(LATER.format(day=f"{local.day} {local:%B}"))


def open_question(tx: Transaction, asker: str, peer: str | None = None) -> Pair | None:
    """Return a question of the asker that is not answered by a yes, or over."""
    query = select(Exchange).where(
        Exchange.installation_id == tx.workspace.id,
        Exchange.asker == asker,
        Exchange.begun_at.is_(None),
        Exchange.ends_at > tx.now,
    )
    if peer is not None:
        query = query.where(Exchange.peer == peer)
    exchange = tx.session.scalars(query.order_by(Exchange.id)).first()
    return None if exchange is None else service.pair_of(tx, exchange, asker)


def ask(tx: Transaction, by: str, peer: str, *, event_micros: int) -> Pair:
    """Ask a peer, who is told why. Raises UserError, or MembershipUnknown.

    If the peer has asked the member, it is a yes to that question.
    """
    # Otherwise the row could be written after one of them was forgotten.
    for person in sorted({by, peer}):
        if members.find(tx, person) is not None:
            members.lock(tx, person)
    wishes.lock(tx, by, peer)
    wishes.require(tx, by)
    theirs = open_question(tx, peer, by)
    if theirs is not None:
        exchange_id = theirs.exchange.id
        answer(tx, exchange_id, by, Answer.YES, event_micros=event_micros)
        return service.get(tx, exchange_id, by)
    own = open_question(tx, by)
    if own is not None:
        if own.exchange.peer == peer:
            return own
        raise UserError(HAS_ASKED)
    require_room(tx, by)
    proposals.require_possible(tx, by, peer)
    exchange = Exchange(
        installation_id=tx.workspace.id,
        asker=by,
        peer=peer,
        asked_at=tx.now,
        # It must not depend on what the peer does, which the asker could tell from it.
        ends_at=contact_hours.next_contact_time(tx, peer) + rules.ANSWER_WITHIN,
    )
    tx.session.add(exchange)
    tx.session.flush()
    for person in (by, peer):
        tx.session.add(ExchangeMember(exchange_id=exchange.id, member=person))
    tx.session.flush()
    tx.enqueue(EXCHANGE_QUESTION, exchange.id, to=peer)
    tx.enqueue(EXCHANGE_NOT_THIS_TIME, exchange.id, to=by, send_at=exchange.ends_at)
    home_refresh.refresh_homes(tx, [by, peer])
    return service.get(tx, exchange.id, by)


def take_back(tx: Transaction, exchange_id: int, by: str, *, event_micros: int) -> None:
    """Take a question back: the peer can no longer answer it. Raises UserError."""
    pair = service.lock(tx, exchange_id, by)
    exchange = pair.exchange
    if exchange.asker != by:
        raise UserError(service.GONE)
    if service.state(tx, exchange) is not State.ASKED:
        raise UserError(service.OVER)
    pair.own.answer, pair.own.answer_micros = Answer.TAKEN_BACK, event_micros
    exchange.ends_at = tx.now
    home_refresh.refresh_homes(tx, [exchange.asker, exchange.peer])


def answer(
    tx: Transaction, exchange_id: int, by: str, choice: Answer, *, event_micros: int
) -> None:
    """Store the peer's answer; a yes begins the exchange if both have room.

    Raises UserError. The peer can change a no at any time: after the question's end, a
    later no says whether the two may be proposed to each other again.
    """
    asker = service.get(tx, exchange_id, by).exchange.asker
    wishes.lock(tx, by, asker)
    pair = service.lock(tx, exchange_id, by)
    exchange = pair.exchange
    if exchange.peer != by:
        raise UserError(service.GONE)
    is_open = service.state(tx, exchange) is State.ASKED
    if exchange.begun_at is not None or (choice is Answer.YES and not is_open):
        return
    if choice is Answer.YES:
        wishes.require(tx, by)
        require_room(tx, by)
    own = pair.own
    own.answer, own.answer_micros = rules.answer(
        own.answer, own.answer_micros, choice, event_micros
    )
    tx.session.flush()
    home_refresh.refresh_homes(tx, [by])
    if is_open and own.answer == Answer.YES and can_begin(tx, exchange):
        _begin(tx, exchange)


def can_begin(tx: Transaction, exchange: Exchange) -> bool:
    """Return False if the asker has no room now, or something keeps the two apart."""
    asker = exchange.asker
    return (
        wishes.load(tx, asker).has_room(tx.now)
        and wishes.can_take_part(tx, asker)
        and proposals.may_meet(tx, asker, exchange.peer)
    )


def _begin(tx: Transaction, exchange: Exchange) -> None:
    asker, peer = exchange.asker, exchange.peer
    exchange.begun_at = tx.now
    # The asker may be away, and reads of it only then.
    exchange.ends_at = contact_hours.next_contact_time(tx, asker) + rules.AGREE_WITHIN
    tx.session.flush()
    tx.enqueue(EXCHANGE_BEGUN, exchange.id, to=asker)
    _remind_to_agree(tx, exchange, peer)
    for member in (asker, peer):
        end = exchange.ends_at
        service.tell(
            tx, EXCHANGE_ENDED, exchange, member, service.UNAGREED, send_at=end
        )
    home_refresh.refresh_homes(tx, [asker, peer])


def on_begun_read(tx: Transaction, exchange_id: int, asker: str) -> None:
    """Give the two all the time to agree from the message to the asker on."""
    pair = service.lock(tx, exchange_id, asker)
    if service.state(tx, pair.exchange) is State.DRAFT:
        end = tx.now + rules.AGREE_WITHIN
        pair.exchange.ends_at = max(pair.exchange.ends_at, end)
        _remind_to_agree(tx, pair.exchange, asker)


def _remind_to_agree(tx: Transaction, exchange: Exchange, member: str) -> None:
    at = tx.now + rules.REMIND_TO_AGREE_AFTER
    about = service.DRAFT_REMINDER
    service.tell(tx, EXCHANGE_DRAFT, exchange, member, about, send_at=at)
