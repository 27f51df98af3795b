"""The questions to possible buddies about newcomers, and the matching behind them."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, func, or_, select

from bot.buddies import offers, rules, service, wishes
from bot.buddies.message_kinds import BUDDY_QUESTION
from bot.buddies.rules import Answer
from bot.db.statement_time import Time
from bot.db.statements import InstallationId
from bot.errors import UserError
from bot.matching import cost
from bot.matching import pairs as matching
from bot.matching.people import Person
from bot.outbox import home_refresh
from bot.people import arrivals, facts, opt_outs
from bot.runtime import Transaction
from models import BuddyPair, BuddyQuestion, BuddyWish

HAS_NEWCOMER = "You are a buddy now. One newcomer at a time is enough."


@dataclass(frozen=True, slots=True)
class Draft:
    """Newcomers who look for a buddy, the first to look first, and possible buddies."""

    at: datetime
    newcomers: Sequence[Person]
    buddies: Sequence[Person]
    # Pairs of a newcomer and a buddy who was asked about them before, or was theirs.
    tried: Collection[tuple[str, str]]

    def assign(self) -> list[tuple[str, str]]:
        """Return pairs of a newcomer and a buddy to ask; it takes up to seconds."""
        return matching.assign(
            self.newcomers, self.buddies, self.at, may_help=self._may_help
        )

    def _may_help(self, newcomer: Person, buddy: Person) -> bool:
        is_tried = (newcomer.id, buddy.id) in self.tried
        return not is_tried and rules.may_help(newcomer, buddy)


def looking(installation_id: InstallationId, now: Time) -> Select[str]:
    """Select the newcomers who have looked for a buddy lately."""
    return select(BuddyWish.member).where(
        BuddyWish.installation_id == installation_id,
        BuddyWish.wanted_at > now - rules.LOOK_FOR,
    )


def due_newcomers(tx: Transaction) -> list[str]:
    """Return the newcomers to find a buddy for now, the first to look first."""
    rows = tx.session.scalars(
        select(BuddyWish.member)
        .where(
            BuddyWish.installation_id == tx.workspace.id,
            BuddyWish.wanted_at > tx.now - rules.LOOK_FOR,
            or_(
                BuddyWish.looked_at.is_(None),
                BuddyWish.looked_at <= tx.now - rules.LOOK_AGAIN_AFTER,
            ),
            BuddyWish.member.not_in(
                select(BuddyQuestion.newcomer).where(
                    BuddyQuestion.installation_id == tx.workspace.id,
                    BuddyQuestion.answer.is_(None),
                    BuddyQuestion.ends_at > tx.now,
                )
            ),
        )
        .order_by(BuddyWish.wanted_at, BuddyWish.member)
    ).all()
    if not rows:
        return []
    present = set(offers.can_be_matched(tx))
    return [member for member in rows if member in present][: rules.MAX_AT_A_TIME]


def draft(tx: Transaction) -> Draft | None:
    """Load the people to match now; None if no newcomer looks for a buddy."""
    newcomers = due_newcomers(tx)
    if not newcomers:
        return None
    present = set(offers.can_be_matched(tx))
    willing = [each for each in offers.active(tx) if each in present]
    came_at = arrivals.came_at(tx, willing)
    busy = _busy(tx)
    buddies = [
        each
        for each in willing
        if each not in busy and rules.can_be_buddy(came_at.get(each), tx.now)
    ]
    people = {each.id: each for each in facts.load_people(tx, [*newcomers, *buddies])}
    return Draft(
        tx.now,
        [people[each] for each in newcomers],
        [people[each] for each in buddies],
        _tried(tx, newcomers),
    )


def _busy(tx: Transaction) -> set[str]:
    """Return those who are a buddy now, or were asked so lately that they rest."""
    busy = {pair.buddy for pair in service.running(tx)}
    return busy | {buddy for buddy, until in _rests(tx, tx.now) if until > tx.now}


def _rests(tx: Transaction, time: datetime) -> Iterator[tuple[str, datetime]]:
    """Yield the buddies who may rest at a time (UTC), and until when they rest."""
    since = time - max(rules.REST_AFTER_NO, rules.REST_AFTER_SILENCE)
    asked = tx.session.scalars(
        select(BuddyQuestion).where(
            BuddyQuestion.installation_id == tx.workspace.id,
            or_(BuddyQuestion.asked_at > since, BuddyQuestion.ends_at > time),
        )
    )
    for row in asked:
        yield row.buddy, rules.rests_until(row.answer, row.asked_at, row.ends_at)


def next_times(tx: Transaction) -> Sequence[datetime]:
    """Return times after now (UTC) at which a question ends, or a search may succeed.

    The bot looks for buddies every hour. Here a look counts only if someone has become
    free since the last one: they offered it, or their rest or four weeks are over.
    """
    open_questions = [row.ends_at for row in tx.session.scalars(_open(tx))]
    looked_at = tx.session.scalar(
        select(func.min(BuddyWish.looked_at)).where(
            BuddyWish.installation_id == tx.workspace.id,
            BuddyWish.wanted_at > tx.now - rules.LOOK_FOR,
        )
    )
    if looked_at is None or not offers.begun_ids(tx):
        return open_questions
    free_from = [
        *(until for _, until in _rests(tx, looked_at)),
        *service.ends_after(tx, looked_at),
        *offers.joined_after(tx, looked_at),
    ]
    next_look = looked_at + rules.LOOK_AGAIN_AFTER
    looks = [max(at, next_look) for at in free_from if at > looked_at]
    return [*open_questions, *(at for at in looks if at > tx.now)]


def _tried(tx: Transaction, newcomers: Collection[str]) -> set[tuple[str, str]]:
    questions = tx.session.execute(
        select(BuddyQuestion.newcomer, BuddyQuestion.buddy).where(
            BuddyQuestion.installation_id == tx.workspace.id,
            BuddyQuestion.newcomer.in_(newcomers),
        )
    )
    pairs = tx.session.execute(
        select(BuddyPair.newcomer, BuddyPair.buddy).where(
            BuddyPair.installation_id == tx.workspace.id,
            BuddyPair.newcomer.in_(newcomers),
        )
    )
    return {(row.newcomer, row.buddy) for row in (*questions, *pairs)}


def store(
    tx: Transaction, newcomers: Collection[str], assigned: Collection[tuple[str, str]]
) -> None:
    """Ask the buddies about the newcomers, as far as both are still free."""
    buddies = dict(assigned)
    for newcomer in sorted(newcomers):
        wish = wishes.lock(tx, newcomer)
        if wish is None or wish.wanted_at is None:
            continue
        wish.looked_at = tx.now
        tx.session.flush()
        buddy = buddies.get(newcomer)
        if buddy is not None:
            _ask(tx, newcomer, buddy)


def _ask(tx: Transaction, newcomer: str, buddy: str) -> None:
    offer = offers.lock(tx, buddy)
    if offer is None or not offer.is_in or opt_outs.is_paused(offer):
        return
    if buddy in _busy(tx) or open_about(tx, newcomer) is not None:
        return
    question = BuddyQuestion(
        installation_id=tx.workspace.id,
        buddy=buddy,
        newcomer=newcomer,
        asked_at=tx.now,
        ends_at=tx.now + rules.SEND_WITHIN,
    )
    tx.session.add(question)
    tx.session.flush()
    tx.enqueue(BUDDY_QUESTION, question.id, to=buddy)
    home_refresh.refresh_homes(tx, [buddy])


def open_about(tx: Transaction, newcomer: str) -> BuddyQuestion | None:
    """Return the question about a newcomer that waits for an answer."""
    return tx.session.scalars(
        _open(tx).where(BuddyQuestion.newcomer == newcomer)
    ).first()


def open_to(tx: Transaction, buddy: str) -> BuddyQuestion | None:
    """Return the question to a buddy that waits for an answer, if it makes sense."""
    for question in tx.session.scalars(_open(tx).where(BuddyQuestion.buddy == buddy)):
        if can_begin(tx, question):
            return question
    return None


def _open(tx: Transaction) -> Select[BuddyQuestion]:
    return (
        select(BuddyQuestion)
        .where(
            BuddyQuestion.installation_id == tx.workspace.id,
            BuddyQuestion.answer.is_(None),
            BuddyQuestion.ends_at > tx.now,
        )
        .order_by(BuddyQuestion.id)
    )


def find(tx: Transaction, question_id: int, buddy: str) -> BuddyQuestion | None:
    """Return a question to a buddy; None if it is gone, or to someone else."""
    return tx.session.scalar(
        select(BuddyQuestion)
        .filter_by(id=question_id, installation_id=tx.workspace.id, buddy=buddy)
        .execution_options(populate_existing=True)
    )


def get(tx: Transaction, question_id: int, buddy: str) -> BuddyQuestion:
    """Return a question to a buddy. Raises UserError if there is none."""
    question = find(tx, question_id, buddy)
    if question is None:
        raise UserError(service.GONE)
    return question


def can_begin(tx: Transaction, question: BuddyQuestion) -> bool:
    """Return False if the newcomer has found a buddy, or something is in the way.

    The buddy may have said no before: that counts until another one is asked.
    """
    newcomer, buddy = question.newcomer, question.buddy
    now_asked = open_about(tx, newcomer)
    return (
        question.ends_at > tx.now
        and (now_asked is None or now_asked.id == question.id)
        and wishes.is_looking(tx, newcomer)
        and offers.can_take_part(tx, newcomer)
        and not service.running(tx, newcomer)
        and _may_meet(tx, newcomer, buddy)
    )


def _may_meet(tx: Transaction, newcomer: str, buddy: str) -> bool:
    people = {each.id: each for each in facts.load_people(tx, {newcomer, buddy})}
    two = people[newcomer], people[buddy]
    return cost.may_meet(*two, tx.now) and rules.may_help(*two)


def answer(
    tx: Transaction, question_id: int, by: str, choice: Answer, *, event_micros: int
) -> BuddyPair | None:
    """Store a buddy's answer; a yes begins the four weeks if it still can.

    Returns the pair. Raises UserError. After a no the next one is asked; the newcomer
    learns of neither.
    """
    wish = wishes.lock(tx, get(tx, question_id, by).newcomer)
    offers.lock(tx, by)
    question = get(tx, question_id, by)
    if question.answer == Answer.YES or question.ends_at <= tx.now:
        return _pair_of(tx, question)
    if choice is Answer.YES:
        offers.require(tx, by)
        if any(pair.buddy == by for pair in service.running(tx, by)):
            raise UserError(HAS_NEWCOMER)
    elif event_micros < question.answer_micros:
        return None
    can_begin_now = choice is Answer.YES and can_begin(tx, question)
    question.answer, question.answer_micros = choice, event_micros
    tx.session.flush()
    home_refresh.refresh_homes(tx, [by])
    if wish is None:
        return None
    if choice is Answer.NOT_NOW:
        wish.looked_at = None
        tx.session.flush()
    elif can_begin_now:
        wish.wanted_at = None
        tx.session.flush()
        return service.begin(tx, question.newcomer, by)
    return None


def _pair_of(tx: Transaction, question: BuddyQuestion) -> BuddyPair | None:
    """Return the pair that began by an answer to the question, if it goes on."""
    for pair in service.running(tx, question.newcomer):
        if (pair.newcomer, pair.buddy) == (question.newcomer, question.buddy):
            return pair
    return None
