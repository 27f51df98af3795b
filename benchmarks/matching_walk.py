"""Form circles from real asks, and see who answers the members' next asks.

Every four weeks, those who asked or answered in the last twelve form circles, from what
they had asked and answered by then: the words of asks are the topics. Nobody's
zone, team and topics are known.

The measure is the share of the members' asks of the next twelve weeks, of those that
others answered, that a mate of their circle answered; and the same for mates who had
not helped the asker before, or been helped. Circles are formed from three seeds, and
compared with random circles of the same sizes, and with random circles of people who
had not helped each other, as far as chance allows: twenty draws of each.

Intervals are of 95 %, from 2,000 samples of the askers; the last rows are differences
for the same askers.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import combinations
from pathlib import Path
from random import Random

from benchmarks.asked_before import PastAsk, read
from bot.matching import circles
from bot.matching.people import Person
from bot.search.tokens import subject_words

SEASON, STEP = timedelta(weeks=12), timedelta(weeks=4)
# Answers in this time make people active; so many make it as likely as not.
ACTIVE_FOR, HALF_ACTIVE = timedelta(weeks=26), 3
SEEDS, DRAWS, SAMPLES = 3, 20, 2000
MIN_PEOPLE = 5
SWAPS_PER_PERSON = 20

AT = datetime(2026, 11, 30, tzinfo=UTC)
Groups = Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class Season:
    people: Sequence[Person]
    # The next asks of each member that others answered, as their answerers.
    asks: Sequence[tuple[str, frozenset[str]]]


def seasons(asks: Sequence[PastAsk]) -> Iterator[Season]:
    words = {
        ask.ask_id: frozenset(subject_words(f"{ask.title} {ask.details}"))
        for ask in asks
    }
    now = asks[0].at + STEP
    while now + SEASON <= asks[-1].at + timedelta(days=1):
        people = _people([ask for ask in asks if ask.at < now], words, now)
        if len(people) >= MIN_PEOPLE:
            ids = {person.id for person in people}
            following = [
                (ask.asker, frozenset(answer.author for answer in ask.answers))
                for ask in asks
                if now <= ask.at < now + SEASON and ask.asker in ids and ask.answers
            ]
            yield Season(people, following)
        now += STEP


def _people(
    asks: Sequence[PastAsk], words: dict[int, frozenset[str]], now: datetime
) -> list[Person]:
    frequency = Counter(word for ask in asks for word in words[ask.ask_id])
    wants: dict[str, Counter[str]] = defaultdict(Counter)
    knows: dict[str, Counter[str]] = defaultdict(Counter)
    helped: dict[str, set[str]] = defaultdict(set)
    answered: Counter[str] = Counter()
    active = set()
    for ask in asks:
        rare = {
            word: math.log(len(asks) / frequency[word]) for word in words[ask.ask_id]
        }
        wants[ask.asker].update(rare)
        if ask.at >= now - SEASON:
            active.add(ask.asker)
        for author in {each.author for each in ask.answers if each.at < now}:
            knows[author].update(rare)
            helped[author].add(ask.asker)
        for answer in ask.answers:
            if now - ACTIVE_FOR <= answer.at < now:
                answered[answer.author] += 1
            if now - SEASON <= answer.at < now:
                active.add(answer.author)
    return [
        Person(
            person,
            wants=wants[person],
            knows=knows[person],
            activity=answered[person] / (answered[person] + HALF_ACTIVE),
            helped=frozenset(helped[person]),
        )
        for person in sorted(active)
    ]


def random_circles(season: Season, draw: Random, *, without_ties: bool) -> Groups:
    ids = [person.id for person in season.people]
    draw.shuffle(ids)
    rest = iter(ids)
    groups = [[next(rest) for _ in range(n)] for n in circles.sizes(len(ids))]
    if without_ties and len(groups) > 1:
        ties = _ties(season)
        for _ in range(SWAPS_PER_PERSON * len(ids)):
            x, y = draw.sample(range(len(groups)), 2)
            i, j = draw.randrange(len(groups[x])), draw.randrange(len(groups[y]))
            before = _count(groups[x], ties) + _count(groups[y], ties)
            groups[x][i], groups[y][j] = groups[y][j], groups[x][i]
            if _count(groups[x], ties) + _count(groups[y], ties) > before:
                groups[x][i], groups[y][j] = groups[y][j], groups[x][i]
    return groups


def _ties(season: Season) -> set[frozenset[str]]:
    return {
        frozenset((person.id, other))
        for person in season.people
        for other in person.helped
    }


def _count(group: Sequence[str], ties: set[frozenset[str]]) -> int:
    return sum(frozenset(pair) in ties for pair in combinations(group, 2))


def results(
    season: Season, groups: Groups, *, weight: float, is_new: bool
) -> Iterator[tuple[str, float, float]]:
    mates = {person: set(group) - {person} for group in groups for person in group}
    ties = _ties(season) if is_new else set()
    for asker, answerers in season.asks:
        is_hit = any(
            frozenset((asker, mate)) not in ties
            for mate in answerers & mates.get(asker, set())
        )
        yield asker, weight, weight * is_hit


Sums = dict[str, tuple[float, float]]


def by_asker(rows: Iterable[tuple[str, float, float]]) -> Sums:
    """Return the number of asks and of hits of each asker."""
    sums: Sums = {}
    for asker, count, hits in rows:
        asks, all_hits = sums.get(asker, (0.0, 0.0))
        sums[asker] = asks + count, all_hits + hits
    return sums


def share(sums: Sums, less: Sums | None = None) -> str:
    """Return the share of hits, or what it is more than another, with its interval."""
    values = [
        (asks, hits - (less[asker][1] if less is not None else 0))
        for asker, (asks, hits) in sums.items()
    ]
    if not values:
        return "no asks"
    draw = Random(1)  # noqa: S311 - a sample, no secret
    sampled = sorted(
        sum(hits for _, hits in sample) / sum(asks for asks, _ in sample)
        for sample in (draw.choices(values, k=len(values)) for _ in range(SAMPLES))
    )
    mean = sum(hits for _, hits in values) / sum(asks for asks, _ in values)
    low, high = sampled[SAMPLES // 40], sampled[-SAMPLES // 40]
    sign = "" if less is None else "+"
    return f"{mean:{sign}.3f} ({low:{sign}.3f} to {high:{sign}.3f})"


def walk(path: Path) -> str:
    """Return a table of the shares."""
    past = list(seasons(read(path)))
    draw = Random(0)  # noqa: S311 - a draw, no secret
    options: dict[str, list[tuple[Season, Groups, float]]] = {
        "engine": [
            (each, formed.circles, 1 / SEEDS)
            for n, each in enumerate(past)
            for seed in range(SEEDS)
            for formed in [circles.form(each.people, seed=f"{n} {seed}", at=AT)]
        ]
    }
    for name, without_ties in (("random", False), ("random, no ties", True)):
        options[name] = [
            (each, random_circles(each, draw, without_ties=without_ties), 1 / DRAWS)
            for each in past
            for _ in range(DRAWS)
        ]
    table = {
        name: [
            by_asker(
                row
                for season, groups, weight in option
                for row in results(season, groups, weight=weight, is_new=is_new)
            )
            for is_new in (False, True)
        ]
        for name, option in options.items()
    }
    rows = [(name, [share(sums) for sums in sides]) for name, sides in table.items()]
    rows += [
        (f"more than {name}", list(map(share, table["engine"], table[name])))
        for name in list(options)[1:]
    ]
    people = sum(len(each.people) for each in past) / max(1, len(past))
    asks = sum(len(each.asks) for each in past)
    size = f"{len(past)} seasons, {people:.0f} people each, {asks} asks"
    return "\n".join(
        [
            f"\n{path.name}: {size}",
            f"  {'':<26}{'by a mate':>26}{'by a new mate':>26}",
            *(f"  {name:<26}{both:>26}{new:>26}" for name, (both, new) in rows),
        ]
    )
