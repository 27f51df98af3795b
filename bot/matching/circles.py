"""Form circles of five to seven people. Pure.

The results do not depend on the order of the input.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate, pairwise

from bot.matching.cost import IMPOSSIBLE, SAME_LEVEL_IN_CIRCLE
from bot.matching.order import draw, nearby
from bot.matching.people import Person
from bot.matching.search import improve
from bot.matching.tables import CircleCosts, Costs, ids_of

SMALLEST, USUAL, LARGEST = 5, 6, 7
# A circle that has lost people stays together from this size on.
STAYS = 4

# Up to this number of people, all circles are compared with each other.
_COMPARABLE = 800
# Small groups are formed from several starts, fewer for more people.
_STARTED_PEOPLE, _MAX_STARTS = 1000, 64
_MAX_PASSES = 30
# Above, they are compared within bands: of as many circles as time allows.
_MIN_BAND, _COMPARED_IN_BANDS = 9, 17_000
_BAND_PASSES = 2
# There, swaps for two pairs of one level would take a fifth of the time.
_NEGLIGIBLE_IN_BANDS = 2 * SAME_LEVEL_IN_CIRCLE

Circle = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Circles:
    circles: tuple[Circle, ...]
    # People for whom there is no circle this time.
    left_out: tuple[str, ...]


def sizes(count: int) -> list[int]:
    """Return the sizes of circles for a number of people, as equal as can be.

    5 to 7 each. If that is impossible, 4 people are a circle, 8 are 4 and 4, 9 are
    5 and 4, and fewer than 4 are none.
    """
    if count < STAYS:
        return []
    fewest, most = math.ceil(count / LARGEST), count // SMALLEST
    usual = (count + USUAL // 2) // USUAL
    circles = min(most, max(fewest, usual)) if fewest <= most else fewest
    return [count // circles + (n < count % circles) for n in range(circles)]


def form(people: Iterable[Person], *, seed: str, at: datetime) -> Circles:
    """Form circles at the least cost.

    1. Deal the people: those who help most to different circles, then team by team.
    2. Swap members of two circles as long as that costs less.
    3. If people can't be together, some of them take free places elsewhere, or none:
       those who were left out last time go last.
    """
    costs = Costs(list(people), at)
    circles, left_out = _form(costs, range(len(costs.people)), seed)
    left_out = take_places(costs, circles, left_out)
    return Circles(
        tuple(sorted(ids_of(costs, circle) for circle in circles)),
        ids_of(costs, left_out),
    )


def cost(
    people: Iterable[Person], circles: Iterable[Iterable[str]], at: datetime
) -> int:
    """Return the cost of circles, in hundredths of a point."""
    costs = Costs(list(people), at)
    return sum(
        circle_cost(costs, [costs.number[each] for each in ids]) for ids in circles
    )


def circle_cost(costs: Costs, circle: Sequence[int]) -> int:
    return CircleCosts(costs, circle).cost(range(len(circle)))


def cheapest_place(
    costs: Costs, circles: Sequence[Sequence[int]], latecomer: int
) -> int | None:
    """Return the index of the circle where a latecomer costs least, or None."""
    best: tuple[int, int] | None = None
    for index, circle in enumerate(circles):
        if len(circle) >= LARGEST:
            continue
        table = CircleCosts(costs, [*circle, latecomer])
        present = range(len(circle))
        after = table.cost(range(len(circle) + 1))
        if any(table.apart[n][-1] >= IMPOSSIBLE // 2 for n in present):
            continue
        if table.penalty(range(len(circle) + 1)) >= IMPOSSIBLE:
            continue
        change = after - table.cost(present) if len(circle) > 1 else after
        # Small circles fill up first.
        change += 100 * len(circle)
        if best is None or change < best[0]:
            best = change, index
    return best[1] if best else None


def take_places(
    costs: Costs, circles: list[list[int]], waiting: Iterable[int]
) -> list[int]:
    """Give people the free places where they cost least; return those without one."""
    without = []
    for n in _by_wait(costs, waiting):
        index = cheapest_place(costs, circles, n)
        if index is None:
            without.append(n)
        else:
            circles[index].append(n)
    return without


def _by_wait(costs: Costs, numbers: Iterable[int]) -> list[int]:
    return sorted(numbers, key=lambda n: (-costs.people[n].rounds_left_out, n))


def _form(
    costs: Costs, numbers: Sequence[int], seed: str
) -> tuple[list[list[int]], list[int]]:
    """Form circles of those who can be together, directly or by others."""
    circles: list[list[int]] = []
    left_out: list[int] = []
    for group in _compartments(costs, numbers):
        if not sizes(len(group)):
            left_out += group
        elif len(group) <= _COMPARABLE:
            circles += _form_small(costs, group, seed)
        else:
            circles += _form_large(costs, group, seed)
    for circle in circles:
        left_out += _separate(costs, circle)
    too_small = [circle for circle in circles if len(circle) < STAYS]
    left_out += [n for circle in too_small for n in circle]
    return [circle for circle in circles if len(circle) >= STAYS], left_out


def _compartments(costs: Costs, numbers: Sequence[int]) -> list[list[int]]:
    """Divide people who share no hour or language with any of the others."""
    groups: list[tuple[int, int, list[int]]] = []
    for n in numbers:
        times, languages, members = costs.times[n], costs.languages[n], [n]
        apart = []
        for group in groups:
            if group[0] & times and group[1] & languages:
                times, languages = times | group[0], languages | group[1]
                members += group[2]
            else:
                apart.append(group)
        groups = [*apart, (times, languages, members)]
    return [sorted(members) for _, _, members in groups]


def _form_small(costs: Costs, numbers: Sequence[int], seed: str) -> list[list[int]]:
    table = CircleCosts(costs, numbers)
    starts = min(_MAX_STARTS, max(1, _STARTED_PEOPLE // len(numbers)))
    options = []
    for start in range(starts):
        deal = _deal if start % 2 == 0 else _deal_by_lot
        circles = deal(costs, numbers, sizes(len(numbers)), f"{seed}|{start}")
        _improve(table, circles, _MAX_PASSES)
        options.append((sum(table.cost(circle) for circle in circles), circles))
    _, best = min(options, key=lambda option: option[0])
    return [[numbers[n] for n in circle] for circle in best]


def _form_large(costs: Costs, numbers: Sequence[int], seed: str) -> list[list[int]]:
    """Deal and swap within bands of people near each other, then across them."""
    order = nearby(costs, numbers, seed)
    circle_sizes = sizes(len(numbers))
    ends = [0, *accumulate(circle_sizes)]
    width = max(_MIN_BAND, _COMPARED_IN_BANDS // len(circle_sizes))
    circles = []
    for first in range(0, len(circle_sizes), width):
        band = circle_sizes[first : first + width]
        members = order[ends[first] : ends[first + len(band)]]
        circles += _improved_band(costs, members, _deal(costs, members, band, seed))
    for first in range(width // 2, len(circles), width):
        band_circles = circles[first : first + width]
        members = [n for circle in band_circles for n in circle]
        here = {n: index for index, n in enumerate(members)}
        local = [[here[n] for n in circle] for circle in band_circles]
        halves = range(width - width // 2), range(width - width // 2, len(local))
        circles[first : first + width] = _improved_band(costs, members, local, halves)
    return circles


def _improved_band(
    costs: Costs,
    members: Sequence[int],
    circles: list[list[int]],
    compared: Sequence[range] = (),
) -> list[list[int]]:
    table = CircleCosts(costs, members)
    _improve(table, circles, _BAND_PASSES, compared, _NEGLIGIBLE_IN_BANDS)
    return [[members[n] for n in circle] for circle in circles]


def _improve(
    table: CircleCosts,
    circles: list[list[int]],
    passes: int,
    compared: Sequence[range] = (),
    negligible: int = 0,
) -> None:
    improve(
        table,
        circles,
        smallest=SMALLEST,
        largest=LARGEST,
        max_passes=passes,
        compared=compared,
        negligible=negligible,
    )


def _deal(
    costs: Costs, numbers: Sequence[int], circle_sizes: Sequence[int], seed: str
) -> list[list[int]]:
    """Deal people, numbered by their places in `numbers`, to circles in turn."""
    people = [costs.people[n] for n in numbers]
    lots = [draw(seed, person.id) for person in people]
    order = sorted(range(len(people)), key=lambda n: (-people[n].activity, lots[n]))
    helpers, rest = order[: len(circle_sizes)], order[len(circle_sizes) :]
    teams: dict[str, list[int]] = {}
    for n in sorted(rest, key=lambda n: lots[n]):
        teams.setdefault(people[n].team or "", []).append(n)
    by_team = sorted(teams, key=lambda team: (-len(teams[team]), team))
    circles: list[list[int]] = [[] for _ in circle_sizes]
    turn = 0
    for n in [*helpers, *(n for team in by_team for n in teams[team])]:
        while len(circles[turn]) >= circle_sizes[turn]:
            turn = (turn + 1) % len(circles)
        circles[turn].append(n)
        turn = (turn + 1) % len(circles)
    return circles


def _deal_by_lot(
    costs: Costs, numbers: Sequence[int], circle_sizes: Sequence[int], seed: str
) -> list[list[int]]:
    lots = [draw(seed, costs.people[n].id) for n in numbers]
    order = sorted(range(len(numbers)), key=lots.__getitem__)
    ends = [0, *accumulate(circle_sizes)]
    return [order[first:end] for first, end in pairwise(ends)]


def _separate(costs: Costs, circle: list[int]) -> list[int]:
    """Remove members until all can be together; return those removed."""
    removed = []
    table = CircleCosts(costs, circle)
    present = list(range(len(circle)))
    while len(present) > 1 and table.cost(present) >= IMPOSSIBLE // 2:
        leaving = max(
            present,
            key=lambda n: (
                -costs.people[circle[n]].rounds_left_out,
                _conflicts(table, present, n),
                costs.people[circle[n]].is_newcomer,
                circle[n],
            ),
        )
        present.remove(leaving)
        removed.append(circle[leaving])
    circle[:] = [circle[n] for n in present]
    return removed


def _conflicts(table: CircleCosts, present: Sequence[int], n: int) -> int:
    return sum(table.apart[n][m] >= IMPOSSIBLE // 2 for m in present)
