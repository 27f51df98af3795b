"""Would people be asked who know? Walk forward through real asks.

    uv run --group dev python -m benchmarks.routing EXPORT.zip POSTS.jsonl.gz …

For each ask the bot names those who may know, from what had happened by then: earlier
asks, their answers, and the outcome of answers older than 30 days, since no file says
when an answer helped. Similar asks are those that the bot's search finds by the words
of asks alone. An ask without an answer after 4 and 8 working hours (in UTC) gets two
requests each time. Nobody's topics, teams and hours are known.

"names" is the share of asks, of those that others answered, with one of them among the
first three names. "step 1", "step 2" and "both" are the shares of asks, of those that
others answered after the step, with one of them among the requested people. They
answered without a request, so this counts no one who would have answered a request.
"each" is the share of such requests. "most asked" is the share of all requests that the
three most requested people got, "above cap" the number that were above the person's cap
in some seven days.

The bot's choice is compared with the people who answered most in 90 days, as a list of
experts has them, within and without caps; with the answers to similar asks alone; and
with anyone who answered in 90 days.

The least evidence was chosen on the first half of each file's time.
"""

import argparse
import random
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Container, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from benchmarks.asked_before import PastAnswer, PastAsk, find_similar, read
from bot.routing import rules
from bot.routing.rules import Candidate, Outcome, Person, Reason, SimilarAnswer
from bot.routing.working_time import WorkingTime
from bot.search.rules import Hit

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


COLUMNS = {
    "names": 7,
    "step 1": 8,
    "step 2": 8,
    "both": 7,
    "each": 7,
    "requests": 10,
    "an ask": 8,
    "people": 8,
    "most asked": 12,
    "above cap": 11,
}


def row(name: str, values: Sequence[str]) -> str:
    widths = zip(values, COLUMNS.values(), strict=True)
    return f"  {name:<16}" + "".join(f"{value:>{width}}" for value, width in widths)


def figures(walk: Walk, asks: Container[int]) -> list[str]:
    """Return the figures for some of the asks."""
    requests = [each for each in walk.requests if each.ask.ask_id in asks]
    people = Counter(each.member for each in requests)
    most = sum(count for _, count in people.most_common(3))
    reached = sum(step == 1 and ask.ask_id in asks for ask, step, _ in walk.steps)
    named = [
        any(answer.author in walk.names[ask.ask_id] for answer in ask.answers)
        for ask in walk.past.asks
        if ask.ask_id in asks and ask.answers
    ]
    return [
        share(named),
        *(share(hits(walk, asks, steps)) for steps in ({1}, {2}, {1, 2})),
        share([each.is_hit for each in requests if answered_later(each.ask, each.at)]),
        str(len(requests)),
        f"{len(requests) / max(reached, 1):.1f}",
        str(len(people)),
        f"{most / max(len(requests), 1):.2f}",
        str(above_cap(requests)),
    ]


def hits(walk: Walk, asks: Container[int], steps: Collection[int]) -> list[bool]:
    """Return True for each ask with a later answer by someone requested, else False."""
    hit = {
        each.ask.ask_id for each in walk.requests if each.step in steps and each.is_hit
    }
    return [
        ask.ask_id in hit
        for ask, step, at in walk.steps
        if step == min(steps) and ask.ask_id in asks and answered_later(ask, at)
    ]


def above_cap(requests: Sequence[Request]) -> int:
    """Return the number of requests that were one too many in the seven days before."""
    times = defaultdict(list)
    for each in requests:
        times[each.member].append(each.at)
    return sum(
        sum(each.at - WEEK < at <= each.at for at in times[each.member]) > each.cap
        for each in requests
    )


def share(values: Sequence[bool]) -> str:
    return f"{sum(values) / len(values):.2f}" if values else "-"


def report_bots(walk: Walk, asks: Container[int]) -> None:
    """Print the reasons, and whom the asks reached that nobody ever answered."""
    requests = [each for each in walk.requests if each.ask.ask_id in asks]
    reasons = Counter(each.reason.kind for each in requests)
    shares = [f"{kind} {n / len(requests):.1%}" for kind, n in reasons.most_common()]
    print(f"  reasons: {', '.join(shares)}")
    alone = [ask for ask in walk.past.asks if ask.ask_id in asks and not ask.answers]
    reached = [
        {
            each.ask.ask_id
            for each in requests
            if not each.ask.answers and is_reached(each.similar_rank)
        }
        for is_reached in (
            lambda _: True,
            lambda rank: rank is not None,
            lambda rank: rank is not None and rank < FEW_SIMILAR,
        )
    ]
    print(
        f"  {len(alone)} without an answer: {len(reached[0])} reach someone,"
        f" {len(reached[1])} someone who answered one of the {rules.MAX_SIMILAR} most"
        f" similar, {len(reached[2])} one of the {FEW_SIMILAR} most similar"
    )


def halves(asks: Sequence[PastAsk]) -> dict[str, set[int]]:
    """Return the asks of the first and second half of the time, and all."""
    middle = asks[0].at + (asks[-1].at - asks[0].at) / 2
    first = {ask.ask_id for ask in asks if ask.at < middle}
    everything = {ask.ask_id for ask in asks}
    return {"first half": first, "second half": everything - first, "all": everything}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("files", type=Path, nargs="+", metavar="FILE")
    for path in parser.parse_args().files:
        asks = read(path)
        past = Past(asks, find_similar(asks))
        walks = {name: Walk(past, policy) for name, policy in POLICIES.items()}
        for walk in walks.values():
            walk.run()
        for part, ids in halves(asks).items():
            print(f"{path.name}, {part}: {len(ids):,} asks")
            print(row("", list(COLUMNS)))
            for name, walk in walks.items():
                print(row(name, figures(walk, ids)))
            report_bots(walks[BOT], ids)


if __name__ == "__main__":
    main()
