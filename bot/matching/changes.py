"""Change circles that exist: places for latecomers, merges of small ones. Pure."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import combinations

from bot.matching.circles import (
    LARGEST,
    STAYS,
    Circle,
    cheapest_place,
    circle_cost,
)
from bot.matching.cost import IMPOSSIBLE
from bot.matching.people import Person
from bot.matching.tables import CircleCosts, Costs, ids_of


@dataclass(frozen=True, slots=True)
class Merge:
    """A merge to offer to a small circle and a partner; both must accept it."""

    partner: int
    # One circle, or two if one would be too large.
    circles: tuple[Circle, ...]


def place(
    people: Iterable[Person],
    circles: Sequence[Iterable[str]],
    latecomer: str,
    at: datetime,
) -> int | None:
    """Return the index of the circle where a latecomer costs least, or None."""
    costs = Costs(list(people), at)
    numbers = [[costs.number[each] for each in circle] for circle in circles]
    return cheapest_place(costs, numbers, costs.number[latecomer])


def merge(
    people: Iterable[Person],
    circles: Sequence[Iterable[str]],
    small: int,
    at: datetime,
    declined: Collection[int] = (),
) -> Merge | None:
    """Return the best merge for a circle that has become too small, or None.

    A partner with enough free places comes first. Else the partner gives up people, as
    few as possible, so that both circles have at least four. No third circle changes.
    `declined` has the partners that said no.
    """
    costs = Costs(list(people), at)
    numbers = [[costs.number[each] for each in circle] for circle in circles]
    best: tuple[tuple[int, int], Merge] | None = None
    for partner, other in enumerate(numbers):
        if partner == small or partner in declined or not other:
            continue
        merged = _merged(costs, numbers[small], other)
        if merged is None:
            continue
        before = circle_cost(costs, numbers[small]) + circle_cost(costs, other)
        extra = sum(circle_cost(costs, circle) for circle in merged) - before
        moved = len(merged[0]) - len(numbers[small]) if len(merged) > 1 else 0
        if best is None or (moved, extra) < best[0]:
            offer = Merge(partner, tuple(ids_of(costs, circle) for circle in merged))
            best = (moved, extra), offer
    return best[1] if best else None


def _merged(
    costs: Costs, small: Sequence[int], partner: Sequence[int]
) -> list[list[int]] | None:
    """Return the cheapest circles of the two, the small one first, or None."""
    everyone = [*small, *partner]
    table = CircleCosts(costs, everyone)
    size = len(everyone)
    if size <= LARGEST:
        options = [[list(range(size))]]
    else:
        moves = STAYS - len(small)
        if moves <= 0:
            return None
        options = [
            [
                [*range(len(small)), *moved],
                [n for n in range(len(small), size) if n not in moved],
            ]
            for moved in combinations(range(len(small), size), moves)
        ]
    best: tuple[int, list[list[int]]] | None = None
    for option in options:
        cost = sum(table.cost(circle) for circle in option)
        if cost < IMPOSSIBLE // 2 and (best is None or cost < best[0]):
            best = cost, option
    return [[everyone[n] for n in circle] for circle in best[1]] if best else None
