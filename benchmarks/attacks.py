"""Ways to earn credits by agreement, as marks added to a history.

Each yields the marks of one month: (helper, asker, day of the month). `ring` are the
members who agreed. They deal with nobody else, except that each helps an outsider once
in three months.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from random import Random

from benchmarks.histories import Mark

DAY = 86_400
MONTH = 28
# Messages per member and month.
MESSAGES = 2

Month = Iterator[tuple[str, str, float]]
Attack = Callable[[Sequence[str], int, Random], Month]


def _ring_attack(times: int) -> Attack:
    """Mark everybody `times` times a month, each time by a random other member."""

    def marks(ring: Sequence[str], _month: int, shuffle: Random) -> Month:
        for helper in ring:
            for _ in range(times):
                asker = shuffle.choice([other for other in ring if other != helper])
                yield helper, asker, shuffle.random() * MONTH

    return marks


def _turn_attack(months: int) -> Attack:
    """All mark one member; after `months` it is the next one's turn."""

    def marks(ring: Sequence[str], month: int, shuffle: Random) -> Month:
        helper = ring[month // months % len(ring)]
        for asker in ring:
            if asker != helper:
                yield helper, asker, shuffle.random() * MONTH

    return marks


def _star_attack(ring: Sequence[str], _month: int, shuffle: Random) -> Month:
    """All mark the same member, who marks nobody."""
    helper, *askers = ring
    for asker in askers:
        yield helper, asker, shuffle.random() * MONTH


def _chain_attack(ring: Sequence[str], _month: int, shuffle: Random) -> Month:
    """Everybody is marked by the next two, and no mark ever leads back."""
    for number, helper in enumerate(ring):
        for asker in ring[number + 1 : number + 3]:
            yield helper, asker, shuffle.random() * MONTH


# For each attack: the number of members who agreed, and the function for its marks.
ATTACKS: Mapping[str, tuple[int, Attack]] = {
    "pair": (2, _ring_attack(4)),
    **{f"fast ring of {size}": (size, _ring_attack(4)) for size in range(3, 7)},
    **{f"slow ring of {size}": (size, _ring_attack(1)) for size in range(3, 7)},
    "monthly turns of 4": (4, _turn_attack(1)),
    "quarterly turns of 4": (4, _turn_attack(3)),
    "star of 4": (4, _star_attack),
    "chain of 3": (3, _chain_attack),
    "chain of 6": (6, _chain_attack),
    "chain of 12": (12, _chain_attack),
}


def people(name: str) -> list[str]:
    size, _ = ATTACKS[name]
    return [f"U0RING{number:02}" for number in range(size)]


def marks(
    name: str, start: float, end: float, strangers: Sequence[str] = ()
) -> Iterator[Mark]:
    """Yield the marks of an attack from `start` to `end`."""
    _, attack = ATTACKS[name]
    shuffle, ring = Random(name), people(name)  # noqa: S311 - a draw, no secret
    for month in range(int((end - start) / DAY / MONTH)):
        since = start + month * MONTH * DAY
        for helper, asker, day in attack(ring, month, shuffle):
            yield helper, asker, since + day * DAY
        if strangers and month % 3 == 0:
            for helper in ring:
                asker = shuffle.choice(strangers)
                yield helper, asker, since + shuffle.random() * MONTH * DAY


def messages(name: str, start: float, end: float) -> Iterator[tuple[str, float]]:
    """Yield the messages of the members who agreed, as (member, time)."""
    step = MONTH * DAY / MESSAGES
    for number in range(int((end - start) / step)):
        for member in people(name):
            yield member, start + number * step
