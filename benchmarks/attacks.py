"""Ways to earn credits by agreement, as marks to be put into a history.

Each gives the marks of one month: (who helped, who asked, the day of the month).
`ring` are those who agreed; they deal with nobody else, unless there are strangers whom
each of them helps once in three months.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from random import Random

from benchmarks.histories import Mark

DAY = 86_400
MONTH = 28
# Messages that each of them writes in a month.
MESSAGES = 2

Month = Iterator[tuple[str, str, float]]
Attack = Callable[[Sequence[str], int, Random], Month]


def _ring_attack(times: int) -> Attack:
    """Everybody is marked so often, each time by any other."""

    def marks(ring: Sequence[str], _month: int, shuffle: Random) -> Month:
        for helper in ring:
            for _ in range(times):
                asker = shuffle.choice([other for other in ring if other != helper])
                yield helper, asker, shuffle.random() * MONTH

    return marks


def _turn_attack(months: int) -> Attack:
    """One is marked by all of the others; after so many months it is another's turn."""

    def marks(ring: Sequence[str], month: int, shuffle: Random) -> Month:
        helper = ring[month // months % len(ring)]
        for asker in ring:
            if asker != helper:
                yield helper, asker, shuffle.random() * MONTH

    return marks


def _star_attack(ring: Sequence[str], _month: int, shuffle: Random) -> Month:
    """All mark the same one, who marks nobody."""
    helper, *askers = ring
    for asker in askers:
        yield helper, asker, shuffle.random() * MONTH


def _chain_attack(ring: Sequence[str], _month: int, shuffle: Random) -> Month:
    """Everybody is marked by the next two, and no mark ever leads back."""
    for number, helper in enumerate(ring):
        for asker in ring[number + 1 : number + 3]:
            yield helper, asker, shuffle.random() * MONTH


# How many agreed, and on what.
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
    """The marks of an attack that lasts from `start` to `end`."""
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
    """When each of those who agreed wrote something."""
    step = MONTH * DAY / MESSAGES
    for number in range(int((end - start) / step)):
        for member in people(name):
            yield member, start + number * step
