"""People for tests of matching, and the least costs that there are."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, time
from functools import cache
from itertools import combinations
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from bot.matching import circles, pairs
from bot.matching.people import Hours, Person, Way

AT = datetime(2026, 11, 30, tzinfo=UTC)
DAY = Hours(time(8), time(22))
ZONES = [
    ZoneInfo(name)
    for name in (
        "America/Los_Angeles",
        "America/New_York",
        "Europe/Berlin",
        "Asia/Kolkata",
        "Australia/Sydney",
    )
]
TOPICS = ["dbt", "kafka", "sql", "python", "hiring", "tests"]


def crowd(count: int, seed: int = 0, **known: Any) -> list[Person]:
    """Return people with any topics, teams and zones, who can all meet in writing."""
    draw = Random(seed)
    return [
        Person(
            f"U{number:03}",
            wants=dict.fromkeys(draw.sample(TOPICS, draw.randint(0, 2)), 1.0),
            knows=dict.fromkeys(draw.sample(TOPICS, draw.randint(0, 3)), 1.0),
            activity=draw.random(),
            team=draw.choice([None, "data", "web", "ops"]),
            level=draw.choice([None, "junior", "senior"]),
            zone=draw.choice([None, *ZONES]),
            hours=DAY,
            is_newcomer=draw.random() < 0.2,
            met={f"U{draw.randrange(count):03}": draw.randint(1, 14)},
            **known,
        )
        for number in range(count)
    ]


@st.composite
def strict_people(draw, max_size=14):
    """Draw people some of whom can't be together."""
    count = draw(st.integers(0, max_size))
    ids = [f"U{number}" for number in range(count)]
    some = (
        st.frozensets(st.sampled_from(ids), max_size=3) if ids else st.just(frozenset())
    )
    topics = st.dictionaries(st.sampled_from(TOPICS), st.floats(0, 3), max_size=3)
    asks = st.dictionaries(
        st.sampled_from(TOPICS),
        st.lists(st.integers(1, 9), min_size=1, max_size=2).map(tuple),
        max_size=2,
    )
    return [
        Person(
            person,
            wants=draw(topics),
            knows=draw(topics),
            asked=(asked := draw(asks)),
            open_asks=_first(asked),
            helped_with=(helped_with := draw(asks)),
            solved=_first(helped_with),
            activity=draw(st.floats(0, 1)),
            team=draw(st.sampled_from([None, "data", "web"])),
            level=draw(st.sampled_from([None, "junior", "senior"])),
            manager=draw(st.sampled_from([None, *ids])),
            zone=draw(st.sampled_from([None, *ZONES])),
            hours=draw(st.sampled_from([None, Hours(), DAY])),
            languages=frozenset(draw(st.sets(st.sampled_from(["en", "ja"])))),
            way=draw(st.sampled_from(Way)),
            is_newcomer=draw(st.booleans()),
            rounds_left_out=draw(st.integers(0, 2)),
            met=dict.fromkeys(draw(some), draw(st.integers(1, 14))),
            helped=draw(some),
            poor_fits=draw(some),
            do_not_pair=draw(some),
        )
        for person in ids
    ]


def _first(asks):
    return {topic: ids[:1] for topic, ids in asks.items() if ids[0] % 2}


def apart(people, first, second):
    """Return people of whom two must not be paired."""
    return [
        replace(person, do_not_pair=person.do_not_pair | {second})
        if person.id == first
        else person
        for person in people
    ]


def least_cost_of_circles(people: Sequence[Person]) -> int:
    """Return the cost of the best circles of the usual sizes, of all that there are."""
    ids = [person.id for person in people]
    sizes = circles.sizes(len(ids))
    costs = {
        group: circles.cost(people, [[ids[n] for n in group]], AT)
        for size in set(sizes)
        for group in combinations(range(len(ids)), size)
    }
    return _least(costs, frozenset(range(len(ids))), tuple(sorted(sizes)))


def _least(
    costs: Mapping[tuple[int, ...], int],
    everyone: frozenset[int],
    sizes: tuple[int, ...],
) -> int:
    @cache
    def least(rest: frozenset[int], left: tuple[int, ...]) -> int:
        if not rest:
            return 0
        first, *others = sorted(rest)
        return min(
            costs[(first, *mates)] + least(rest - {first, *mates}, remaining)
            for size in set(left)
            for remaining in [_without(left, size)]
            for mates in combinations(others, size - 1)
        )

    return least(everyone, sizes)


def _without(sizes: tuple[int, ...], size: int) -> tuple[int, ...]:
    index = sizes.index(size)
    return sizes[:index] + sizes[index + 1 :]


def least_cost_of_pairs(people: Sequence[Person]) -> int:
    """Return the cost of the best pairs, with a three for the odd one."""
    ids = [person.id for person in people]
    sizes = [2] * (len(ids) // 2)
    if len(ids) % 2:
        sizes[-1] = 3
    costs = {
        group: pairs.cost(people, [tuple(ids[n] for n in group)], AT)
        for size in set(sizes)
        for group in combinations(range(len(ids)), size)
    }
    return _least(costs, frozenset(range(len(ids))), tuple(sorted(sizes)))
