"""Walk forward through real asks, and request people by a policy."""

import random
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from benchmarks.asked_before import PastAnswer, PastAsk
from bot.routing import rules
from bot.routing.rules import Candidate, Outcome, Person, Reason, SimilarAnswer
from bot.search.rules import Hit
from bot.workspace.working_time import WorkingTime

NAMES = 3
FEW_SIMILAR = 10
STEP_HOURS = {1: 4, 2: 8}
WEEK = timedelta(days=7)
OUTCOME_KNOWN_AFTER = timedelta(days=30)
WORKING_TIME = WorkingTime(ZoneInfo("UTC"))


@dataclass(frozen=True, slots=True)
class Situation:
    """An ask at a moment, with all that is known of the people by then."""

    people: Sequence[Person]
    similar: Sequence[SimilarAnswer]
    answer_counts: Mapping[str, int]
    now: datetime


@dataclass(frozen=True, slots=True)
class Policy:
    """A way to choose people."""

    rank: Callable[[Situation], list[Candidate]]
    is_capped: bool = False
    # Two places: of the best, and of the best who is not among the busiest.
    has_places: bool = False


def by_rules(at: Situation) -> list[Candidate]:
    return rules.rank(at.people, at.similar, at.answer_counts, now=at.now)


def by_count(at: Situation) -> list[Candidate]:
    return _by(at, lambda person: at.answer_counts[person.member])


def by_similar(at: Situation) -> list[Candidate]:
    # All are equally active, and nothing else is known of them.
    equal = {person.member: 1 for person in at.people}
    people = [Person(person.member) for person in at.people]
    return rules.rank(people, at.similar, equal, now=at.now)


def by_chance(at: Situation) -> list[Candidate]:
    draw = random.Random(at.now.timestamp())  # noqa: S311 - a draw, no secret
    return _by(at, lambda _: draw.random())


def _by(at: Situation, score: Callable[[Person], float]) -> list[Candidate]:
    candidates = [Candidate(each, score(each), Reason("active")) for each in at.people]
    return sorted(candidates, key=lambda each: (-each.score, each.person.member))


BOT = "the bot's"
POLICIES = {
    BOT: Policy(by_rules, is_capped=True, has_places=True),
    "busiest": Policy(by_count),
    "busiest, capped": Policy(by_count, is_capped=True),
    "similar asks": Policy(by_similar),
    "anyone active": Policy(by_chance),
}


@dataclass(slots=True)
class Past:
    """All asks of a file, as they looked at any moment."""

    asks: Sequence[PastAsk]
    hits: Mapping[int, Sequence[Hit]]
    by_id: dict[int, PastAsk] = field(init=False)
    # Each person's first answer to each ask, the oldest first.
    answered: list[tuple[datetime, str, PastAsk]] = field(init=False)
    # The first time that two people met in an ask.
    met: dict[frozenset[str], datetime] = field(init=False)

    def __post_init__(self) -> None:
        self.by_id = {ask.ask_id: ask for ask in self.asks}
        first = {
            (answer.author, ask.ask_id): (answer.at, answer.author, ask)
            for ask in self.asks
            for answer in reversed(ask.answers)
        }
        self.answered = sorted(first.values(), key=lambda each: each[:2])
        self.met = {}
        for at, member, ask in self.answered:
            self.met.setdefault(frozenset((member, ask.asker)), at)

    def situation(
        self, ask: PastAsk, now: datetime, requested: Mapping[str, Sequence[datetime]]
    ) -> Situation:
        """Return what is known, with all who may be requested but for their caps."""
        since = bisect_left(self.answered, now - rules.ACTIVE_FOR, key=lambda e: e[0])
        until = bisect_left(self.answered, now, key=lambda each: each[0])
        recent = self.answered[since:until]
        here = {member for _, member, of in recent if of.channel == ask.channel}
        counts = Counter(member for _, member, _ in recent)
        people = [
            Person(
                member,
                is_new_to_asker=self.met.get(frozenset((member, ask.asker)), now)
                >= now,
                is_elsewhere=member not in here,
                request_count=sum(
                    at > now - rules.FRESH_FOR for at in requested.get(member, ())
                ),
                last_requested_at=max(requested.get(member, ()), default=None),
            )
            for member in counts
            if member != ask.asker
        ]
        return Situation(people, self._similar(ask, now), counts, now)

    def _similar(self, ask: PastAsk, now: datetime) -> list[SimilarAnswer]:
        hits = self.hits[ask.ask_id]
        alike = rules.alike(hits)
        return [
            SimilarAnswer(
                answer.author,
                hit.ask_id,
                rank,
                outcome_at(answer, now),
                answer.at,
                hit.ask_id in alike,
            )
            for rank, hit in enumerate(hits)
            for answer in self.by_id[hit.ask_id].answers
            if answer.at < now and answer.author != ask.asker
        ]


def outcome_at(answer: PastAnswer, now: datetime) -> Outcome:
    if now < answer.at + OUTCOME_KNOWN_AFTER:
        return Outcome.ANSWERED
    return answer.outcome


@dataclass(frozen=True, slots=True)
class Request:
    ask: PastAsk
    step: int
    member: str
    at: datetime
    # The most requests to the person in seven days, at that time.
    cap: int
    reason: Reason
    # The most similar ask that they had answered, 0 being the first; None for none.
    similar_rank: int | None

    @property
    def is_hit(self) -> bool:
        """True if the person answered later, in fact without a request."""
        return answered_later(self.ask, self.at, {self.member})


def answered_later(
    ask: PastAsk, at: datetime, members: Container[str] | None = None
) -> bool:
    return any(
        answer.at > at and (members is None or answer.author in members)
        for answer in ask.answers
    )


@dataclass(slots=True)
class Walk:
    """A walk through all asks, with requests by a policy."""

    past: Past
    policy: Policy
    names: dict[int, list[str]] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)
    # Each step that was taken: the ask without an answer, and the time.
    steps: list[tuple[PastAsk, int, datetime]] = field(default_factory=list)
    _requested: dict[str, list[datetime]] = field(
        default_factory=lambda: defaultdict(list)
    )
    _asked: dict[int, set[str]] = field(default_factory=lambda: defaultdict(set))

    def run(self) -> None:
        for ask in self.past.asks:
            ranked = self.policy.rank(self.past.situation(ask, ask.at, {}))
            self.names[ask.ask_id] = [each.person.member for each in ranked[:NAMES]]
        due = sorted(
            (WORKING_TIME.add(ask.at, hours), ask.ask_id, step)
            for ask in self.past.asks
            for step, hours in STEP_HOURS.items()
        )
        for now, ask_id, step in due:
            ask = self.past.by_id[ask_id]
            if not ask.answers or ask.answers[0].at > now:
                self.steps.append((ask, step, now))
                self._take_step(ask, step, now)

    def _take_step(self, ask: PastAsk, step: int, now: datetime) -> None:
        at = self.past.situation(ask, now, self._requested)
        caps = {
            member: rules.weekly_cap(count)
            for member, count in at.answer_counts.items()
        }
        people = [
            person
            for person in at.people
            if person.member not in self._asked[ask.ask_id]
            and (
                not self.policy.is_capped
                or rules.is_free(
                    self._requested[person.member], caps[person.member], now=now
                )
            )
        ]
        ranked = self.policy.rank(replace(at, people=people))
        if self.policy.has_places:
            picked = rules.pick(ranked, rules.busiest(at.answer_counts), step=step)
        else:
            picked = ranked[: rules.PLACES]
        ranks: dict[str, int] = {}
        for answer in at.similar:
            ranks.setdefault(answer.member, answer.rank)
        for candidate in picked:
            member = candidate.person.member
            self._requested[member].append(now)
            self._asked[ask.ask_id].add(member)
            self.requests.append(
                Request(
                    ask,
                    step,
                    member,
                    now,
                    caps[member],
                    candidate.reason,
                    ranks.get(member),
                )
            )
