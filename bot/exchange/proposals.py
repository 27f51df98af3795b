"""Propose people who want to learn what a member knows, and know what they want."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import or_, select

from bot.errors import UserError
from bot.exchange import rules, wishes
from bot.exchange.rules import Answer
from bot.matching import cost
from bot.matching import pairs as matching
from bot.matching.order import draw
from bot.matching.people import Person
from bot.people import facts, reasons
from bot.people.reasons import Sentence
from bot.runtime import Transaction
from bot.workspace import members
from models import Exchange, ExchangeMember

# With more people, finding the best takes longer than Slack waits. Each day others are
# looked at first.
MAX_COMPARED = 300

CHOOSE_ANOTHER = "I can't ask them now. Please choose someone else."


@dataclass(frozen=True, slots=True)
class Proposed:
    """A person to learn together with, and the reasons; the name is plain."""

    id: str
    name: str
    hours_a_month: int
    reasons: list[Sentence]


def propose(tx: Transaction, member: str) -> list[Proposed]:
    """Return the best few people for a member. Raises MembershipUnknown.

    1. They are open to an exchange, present, and have room for one.
    2. The two want something from each other, and nothing keeps them apart.
    3. Someone whom the member asked in vain, or who refused, is left out.
    """
    hours = {row.member: row.hours_a_month for row in wishes.all_in(tx)}
    own, best = _best(tx, member, hours)
    asks = reasons.visible_asks(tx, [own, *best], [member])
    names = members.first_names(tx, [member, *(person.id for person in best)])
    return [
        Proposed(
            person.id,
            names[person.id],
            hours[person.id],
            reasons.sentences(tx, [own, person], [member], names=names, asks=asks),
        )
        for person in best
    ]


def require_possible(tx: Transaction, member: str, peer: str) -> None:
    """Raise UserError unless the peer could be proposed to the member now.

    The error does not say why.
    """
    candidates = {row.member for row in wishes.all_in(tx)} & {peer}
    _, best = _best(tx, member, candidates)
    if not best:
        raise UserError(CHOOSE_ANOTHER)


def _best(
    tx: Transaction, member: str, candidates: Collection[str]
) -> tuple[Person, list[Person]]:
    """Return the member, and the best of the candidates."""
    possible = set(wishes.can_be_matched(tx)) & set(candidates)
    possible -= {member} | _left_out(tx, member)
    if wishes.shortage(tx, member) is not None:
        possible = set()
    loads = wishes.loads(tx, possible)
    possible = {each for each in possible if loads[each].has_room(tx.now)}
    day = f"{member}|{tx.now.date()}"
    compared = sorted(possible, key=lambda each: draw(day, each))[:MAX_COMPARED]
    people = {each.id: each for each in facts.load_people(tx, {member, *compared})}
    own = people.pop(member)
    best = matching.proposals(own, people.values(), tx.now, limit=rules.MAX_PROPOSED)
    return own, [people[each.other] for each in best]


def may_meet(tx: Transaction, member: str, other: str) -> bool:
    """Return False if something keeps two people apart, as someone says now."""
    first, second = facts.load_people(tx, {member, other})
    return cost.may_meet(first, second, tx.now)


def _left_out(tx: Transaction, member: str) -> set[str]:
    """Return those whom the member asked lately, or who share an exchange with them.

    Someone who wants no exchange with the other is left out as long as that is stored.
    """
    rows = tx.session.execute(
        select(
            Exchange.asker,
            Exchange.peer,
            Exchange.asked_at,
            Exchange.begun_at,
            Exchange.ends_at,
            ExchangeMember.answer,
        )
        .join(
            ExchangeMember,
            (ExchangeMember.exchange_id == Exchange.id)
            & (ExchangeMember.member == Exchange.peer),
        )
        .where(
            Exchange.installation_id == tx.workspace.id,
            or_(Exchange.asker == member, Exchange.peer == member),
        )
    )
    since = tx.now - rules.PROPOSE_AGAIN_AFTER
    left_out = set()
    for row in rows:
        is_own = row.asker == member
        is_live = row.begun_at is not None and row.ends_at > tx.now
        is_refused = row.answer == Answer.NOT_THIS
        if is_live or is_refused or (is_own and row.asked_at > since):
            left_out.add(row.peer if is_own else row.asker)
    return left_out
