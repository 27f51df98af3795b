"""Match people in pairs, with a three for the odd one. Pure.

The results do not depend on the order of the input.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import combinations

import networkx as nx

from bot.matching.cost import IMPOSSIBLE, Kind, Part, pair_parts
from bot.matching.order import nearby, shuffled
from bot.matching.people import Person
from bot.matching.tables import Costs, Table, ids_of

# Up to this number of people, pairs are the cheapest that there are: in a second.
MAX_EXACT = 200
# Above, partners are swapped within bands of so many people.
_BAND = 500
_STARTED_PEOPLE, _MAX_STARTS = 12_000, 300

# A repeat costs more than all else that so many pairs have, and a person without a
# partner more than all repeats.
_MET_WEIGHT = 10**5
_LEFT_OUT = 10**12
# A person who was left out before comes first, then newcomers.
_MAX_WAIT = 50

_THREE = 3
_NOBODY = -1
# Up to this number of people each possible three is tried.
_MAX_THREES = 15
# At most so many partners or pairs are compared, and so many people are in chains.
_MAX_COMPARED, _MAX_CHAIN = 500, 1000

Group = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Pairs:
    # Pairs, and threes.
    groups: tuple[Group, ...]
    # People for whom there is no partner this time.
    left_out: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Proposal:
    other: str
    cost: int
    parts: tuple[Part, ...]


def form(
    people: Iterable[Person],
    *,
    seed: str,
    at: datetime,
    max_exact: int = MAX_EXACT,
) -> Pairs:
    """Match people in pairs.

    1. As many as possible get a partner; then as few as possible meet again; then the
       pairs cost least. With more than `max_exact` people, pairs are dealt and swapped.
    2. People who are left over join the pair where that costs least.
    3. If they can't, people who were left out last time take the place of someone
       who was not.
    """
    costs = Costs(list(people), at)
    order = nearby(costs, range(len(costs.people)), seed)
    if len(order) <= max_exact:
        groups = _cheapest(costs, len(order))
    else:
        groups = _swapped(costs, order, seed)
    places = _Places(costs, groups, order)
    places.fill()
    places.improve_threes()
    return Pairs(
        tuple(sorted(ids_of(costs, group) for group in places.groups)),
        ids_of(costs, places.left_out()),
    )


def cost(people: Iterable[Person], groups: Iterable[Group], at: datetime) -> int:
    """Return the cost of pairs and threes, in hundredths of a point.

    A three costs half of its pairs, since each of the three has two mates.
    """
    costs = Costs(list(people), at)
    return sum(
        _group_cost(costs, [costs.number[each] for each in group], met_weight=1)
        for group in groups
    )


def proposals(
    person: Person,
    others: Iterable[Person],
    at: datetime,
    *,
    limit: int = 3,
    are_mutual: bool = True,
) -> list[Proposal]:
    """Return the best partners for a person; by default those who want both ways."""
    best = []
    for other in others:
        parts = tuple(pair_parts(person, other, at))
        total = sum(part.cost for part in parts)
        if other.id == person.id or total >= IMPOSSIBLE // 2:
            continue
        if not are_mutual or any(part.kind is Kind.BOTH_WANT for part in parts):
            best.append(Proposal(other.id, total, parts))
    return sorted(best, key=lambda each: (each.cost, each.other))[:limit]


def _cheapest(costs: Costs, count: int) -> list[tuple[int, ...]]:
    """Return the groups of least cost.

    In a small group each possible three is tried. In a large one the odd person is
    matched with nobody, where joining a pair later may cost least.
    """
    table = costs.pairs(range(count), _MET_WEIGHT)
    bonus = [_bonus(person) for person in costs.people]
    graph = nx.Graph()
    graph.add_weighted_edges_from(
        (n, m, bonus[n] + bonus[m] - table[n][m])
        for n, m in combinations(range(count), 2)
        if table[n][m] < IMPOSSIBLE // 2
    )
    if count % 2 == 0 or count <= _MAX_THREES:
        options = [_matched(graph)]
    else:
        graph.add_weighted_edges_from(
            (n, _NOBODY, _LEFT_OUT // 2 - _joining_cost(table, n)) for n in range(count)
        )
        _, pairs = _matched(graph)
        options = [(0, [pair for pair in pairs if _NOBODY not in pair])]
    if count % 2 and count <= _MAX_THREES:
        for three in combinations(graph, _THREE):
            sides = list(combinations(three, 2))
            if all(graph.has_edge(*side) for side in sides):
                weight, pairs = _matched(graph.subgraph(graph.nodes - set(three)))
                weight += sum(bonus[n] for n in three)
                weight -= sum(table[n][m] for n, m in sides) // 2
                options.append((weight, [*pairs, three]))
    return max(options, key=lambda option: option[0])[1]


def _matched(graph: "nx.Graph[int]") -> tuple[int, list[tuple[int, ...]]]:
    """Return the matching of the most weight, and its weight."""
    pairs = sorted(tuple(sorted(pair)) for pair in nx.max_weight_matching(graph))
    return sum(graph.edges[pair]["weight"] for pair in pairs), pairs


def _bonus(person: Person) -> int:
    wait = min(person.rounds_left_out, _MAX_WAIT)
    return (2 + 2 * wait + person.is_newcomer) * _LEFT_OUT


def _joining_cost(table: Table, n: int) -> int:
    possible = [c for m, c in enumerate(table[n]) if m != n and c < IMPOSSIBLE // 2]
    return sum(sorted(possible)[:2]) // 2


def _swapped(costs: Costs, order: Sequence[int], seed: str) -> list[tuple[int, ...]]:
    """Return pairs within bands of people who are near each other."""
    bands = max(1, round(len(order) / _BAND))
    starts = min(_MAX_STARTS, _STARTED_PEOPLE // max(1, len(order))) or 1
    ends = [2 * (len(order) * band // bands // 2) for band in range(bands)]
    groups: list[tuple[int, ...]] = []
    for first, end in zip(ends, [*ends[1:], len(order)], strict=True):
        members = order[first:end]
        table = _with_nobody(costs.pairs(members, _MET_WEIGHT))
        options = []
        for start in range(starts):
            lots = shuffled(costs, members, f"{seed}|{start}")
            pairs = _deal(table, lots, members)
            _improve(table, pairs)
            options.append((sum(table[n][m] for n, m in pairs), pairs))
        _, best = min(options, key=lambda option: option[0])
        groups += [
            (members[n], members[m])
            for n, m in best
            if max(n, m) < len(members) and table[n][m] < IMPOSSIBLE // 2
        ]
    return groups


def _with_nobody(table: Table) -> Table:
    """Add nobody as a partner for the odd one, if there is an odd one."""
    if len(table) % 2 == 0:
        return table
    costs = [_joining_cost(table, n) for n in range(len(table))]
    return [
        *([*row, cost] for row, cost in zip(table, costs, strict=True)),
        [*costs, 0],
    ]


def _deal(
    table: Table, lots: Sequence[int], members: Sequence[int]
) -> list[tuple[int, int]]:
    """Give each person in turn the cheapest partner who is free."""
    here = {n: index for index, n in enumerate(members)}
    free = set(range(len(table)))
    pairs = []
    for lot in lots:
        n = here[lot]
        if n in free:
            free.remove(n)
            row = table[n]
            _, partner = min((row[m], m) for m in free)
            free.remove(partner)
            pairs.append((n, partner))
    return pairs


def _improve(table: Table, pairs: list[tuple[int, int]]) -> None:
    """Swap partners of two pairs as long as that costs less."""
    changes = [0] * len(pairs)
    compared: dict[tuple[int, int], tuple[int, int]] = {}
    has_changed = True
    while has_changed:
        has_changed = False
        for x, y in combinations(range(len(pairs)), 2):
            if compared.get((x, y)) == (changes[x], changes[y]):
                continue
            (a, b), (c, d) = pairs[x], pairs[y]
            now = table[a][b] + table[c][d]
            straight, crossed = table[a][c] + table[b][d], table[a][d] + table[b][c]
            if min(straight, crossed) < now:
                is_straight = straight <= crossed
                pairs[x], pairs[y] = (
                    ((a, c), (b, d)) if is_straight else ((a, d), (b, c))
                )
                changes[x] += 1
                changes[y] += 1
                has_changed = True
            compared[x, y] = changes[x], changes[y]


class _Places:
    """All groups, while the people left over are placed.

    A person is placed with another left over, as the third of a pair, or by a chain:
    the person gets the partner of a second, who gets the partner of a third, and so
    on. The last of the chain was left over as well, leaves a three, or goes without
    because they have waited less.
    """

    def __init__(
        self, costs: Costs, groups: Iterable[Sequence[int]], order: Sequence[int]
    ) -> None:
        self._costs = costs
        self._order = order
        self._group: dict[int, list[int]] = {}
        for group in groups:
            self._set(*group)

    @property
    def groups(self) -> list[list[int]]:
        return [group for n, group in self._group.items() if n == min(group)]

    def left_out(self) -> list[int]:
        return [n for n in self._order if n not in self._group]

    def fill(self) -> None:
        waiting = sorted(self.left_out(), key=lambda n: (-self._wait(n), n))
        while waiting:
            n = waiting.pop(0)
            if n not in self._group and not self._join(n):
                waiting += self._start_chain(n)

    def improve_threes(self) -> None:
        """Divide a three and a pair anew as long as that costs less."""
        has_changed = True
        while has_changed:
            has_changed = any(
                self._divide(three, pair)
                for three in self.groups
                if len(three) == _THREE
                for pair in self.groups
                if len(pair) < _THREE
            )

    def _wait(self, n: int) -> int:
        return _bonus(self._costs.people[n])

    def _partners(self, n: int) -> list[int]:
        """Return possible partners, the cheapest first among the first ones."""
        possible = [m for m in self._order if self._costs.is_possible(n, m)]
        few = possible[:_MAX_COMPARED]
        few.sort(key=lambda m: (self._costs.pair(n, m, _MET_WEIGHT), m))
        return few + possible[_MAX_COMPARED:]

    def _join(self, n: int) -> bool:
        """Match a person with another left over, or add them to the cheapest pair."""
        partners = self._partners(n)
        free = next((m for m in partners if m not in self._group), None)
        if free is not None:
            self._set(n, free)
            return True
        possible = set(partners)
        pairs = [
            group
            for group in self.groups
            if len(group) < _THREE and possible.issuperset(group)
        ][:_MAX_COMPARED]
        if not pairs:
            return False
        cheapest = min(pairs, key=lambda pair: (self._added_cost(pair, n), pair))
        self._set(*cheapest, n)
        return True

    def _added_cost(self, pair: Sequence[int], n: int) -> int:
        return self._cost([*pair, n]) - self._cost(pair)

    def _start_chain(self, n: int) -> list[int]:
        """Apply the shortest chain for a person; return those left over by it."""
        # The partner whom each person of a chain would get, and the person before.
        chain: dict[int, tuple[int, int]] = {}
        queue = [n]
        visited = {n}
        while queue and len(visited) < _MAX_CHAIN:
            person = queue.pop(0)
            for partner in self._partners(person):
                if partner in visited:
                    continue
                group = self._group.get(partner, [partner])
                visited.update(group)
                rest = [m for m in group if m != partner]
                if len(rest) == 1 and self._wait(rest[0]) >= self._wait(n):
                    chain[rest[0]] = person, partner
                    queue.append(rest[0])
                    continue
                self._set(*rest)
                self._set(person, partner)
                while person in chain:
                    person, freed = chain[person]
                    self._set(person, freed)
                return rest if len(rest) == 1 else []
        return []

    def _divide(self, three: Sequence[int], pair: Sequence[int]) -> bool:
        people = sorted([*three, *pair])
        table = self._costs.pairs(people, _MET_WEIGHT)
        best: tuple[int, list[int], list[int]] | None = None
        now: int | None = None
        for new_pair in combinations(range(len(people)), 2):
            new_three = [n for n in range(len(people)) if n not in new_pair]
            cost = sum(table[n][m] for n, m in combinations(new_three, 2)) // 2
            cost += table[new_pair[0]][new_pair[1]]
            division = (
                cost,
                [people[n] for n in new_three],
                [people[n] for n in new_pair],
            )
            if best is None or cost < best[0]:
                best = division
            if division[2] == sorted(pair):
                now = cost
        if best is None or now is None or best[0] >= now:
            return False
        self._set(*best[1])
        self._set(*best[2])
        return True

    def _cost(self, group: Sequence[int]) -> int:
        return _group_cost(self._costs, group, _MET_WEIGHT)

    def _set(self, *group: int) -> None:
        """Put people in a group; a single person is left over."""
        for n in group:
            self._group[n] = [*group]
        if len(group) == 1:
            del self._group[group[0]]


def _group_cost(costs: Costs, group: Sequence[int], met_weight: int) -> int:
    total = sum(costs.pair(n, m, met_weight) for n, m in combinations(group, 2))
    return total if len(group) < _THREE else total // 2
