"""Match people in pairs, with a three for the odd one; find helpers. Pure.

The results do not depend on the order of the input.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import combinations, pairwise
from typing import TYPE_CHECKING

from bot.matching.cost import IMPOSSIBLE, Kind, Part, pair_parts
from bot.matching.order import nearby, shuffled
from bot.matching.people import Person
from bot.matching.tables import Costs, Table, ids_of

if TYPE_CHECKING:
    import networkx as nx

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
# Up to this number of people each possible three is tried.
_MAX_THREES = 15
# A third is added to one of so many pairs.
_MAX_COMPARED = 500
# So many people are matched anew if one of them has no partner.
_MAX_NEAR = 40

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

    1. As many as possible get a partner, those who were left out last time first; then
       as few as possible meet again; then the pairs cost least.
    2. With more than `max_exact` people, pairs are dealt and swapped instead. Those who
       are left over are matched anew, together with pairs that they may break.
    3. People who are still left over join the pair where that costs least.
    """
    costs = Costs(list(people), at)
    order = nearby(costs, range(len(costs.people)), seed)
    if len(order) <= max_exact:
        groups = _cheapest(costs, order)
    else:
        groups = _matched_anew(costs, _swapped(costs, order, seed), order)
    left_out = _add_thirds(costs, groups, order)
    return Pairs(
        tuple(sorted(ids_of(costs, group) for group in groups)),
        ids_of(costs, left_out),
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


def assign(
    newcomers: Sequence[Person],
    others: Sequence[Person],
    at: datetime,
    *,
    may_help: Callable[[Person, Person], bool],
) -> list[tuple[str, str]]:
    """Give as many newcomers as possible a helper of their own; return their ids.

    Those who have waited longest come first, by their place in `newcomers`. Then as few
    as possible have met before; then the pairs cost least.
    """
    import networkx as nx  # noqa: PLC0415 - as below

    graph: nx.Graph[int] = nx.Graph()
    here = {other.id: n for n, other in enumerate(others, start=len(newcomers))}
    for n, newcomer in enumerate(newcomers):
        possible = [other for other in others if may_help(newcomer, other)]
        options = sorted(
            (_assigned_cost(each), each.other)
            for each in proposals(
                newcomer, possible, at, limit=len(possible), are_mutual=False
            )
        )
        wait = min(len(newcomers) - n, _MAX_WAIT)
        # One of these is free, even if each of the other newcomers gets one.
        for cost, other in options[: len(newcomers)]:
            graph.add_edge(n, here[other], weight=wait * _LEFT_OUT - cost)
    _, matched = _matched(graph)
    return [
        (newcomers[n].id, others[m - len(newcomers)].id) for n, m in sorted(matched)
    ]


def _assigned_cost(proposal: Proposal) -> int:
    return sum(
        part.cost * (_MET_WEIGHT if part.kind in {Kind.MET, Kind.IN_CIRCLE} else 1)
        for part in proposal.parts
    )


def _cheapest(costs: Costs, numbers: Iterable[int]) -> list[list[int]]:
    """Return the pairs of least cost, and a three if the people are few and odd."""
    # The import takes a third of a second and 15 MB, and rounds are rare.
    import networkx as nx  # noqa: PLC0415

    people = sorted(numbers)
    table = costs.pairs(people, _MET_WEIGHT)
    bonus = [_bonus(costs.people[n]) for n in people]
    count = len(people)
    graph = nx.Graph()
    graph.add_weighted_edges_from(
        (n, m, bonus[n] + bonus[m] - table[n][m])
        for n, m in combinations(range(count), 2)
        if table[n][m] < IMPOSSIBLE // 2
    )
    options = [_matched(graph)]
    if count % 2 and count <= _MAX_THREES:
        for three in combinations(graph, _THREE):
            sides = list(combinations(three, 2))
            if all(graph.has_edge(*side) for side in sides):
                weight, pairs = _matched(graph.subgraph(graph.nodes - set(three)))
                weight += sum(bonus[n] for n in three)
                weight -= sum(table[n][m] for n, m in sides) // 2
                options.append((weight, [*pairs, three]))
    _, best = max(options, key=lambda option: option[0])
    return [[people[n] for n in group] for group in best]


def _matched(graph: "nx.Graph[int]") -> tuple[int, list[tuple[int, ...]]]:
    """Return the matching of the most weight, and its weight."""
    import networkx as nx  # noqa: PLC0415

    pairs = sorted(tuple(sorted(pair)) for pair in nx.max_weight_matching(graph))
    return sum(graph.edges[pair]["weight"] for pair in pairs), pairs


def _bonus(person: Person) -> int:
    wait = min(person.rounds_left_out, _MAX_WAIT)
    return (2 + 2 * wait + person.is_newcomer) * _LEFT_OUT


def _swapped(costs: Costs, order: Sequence[int], seed: str) -> list[list[int]]:
    """Return pairs within bands of people who are near each other."""
    bands = max(1, round(len(order) / _BAND))
    starts = min(_MAX_STARTS, _STARTED_PEOPLE // max(1, len(order))) or 1
    ends = [2 * (len(order) * band // bands // 2) for band in range(bands + 1)]
    groups = []
    for first, end in pairwise(ends):
        members = order[first:end]
        table = costs.pairs(members, _MET_WEIGHT)
        options = []
        for start in range(starts):
            lots = shuffled(costs, members, f"{seed}|{start}")
            pairs = _deal(table, lots, members)
            _improve(table, pairs)
            options.append((sum(table[n][m] for n, m in pairs), pairs))
        _, best = min(options, key=lambda option: option[0])
        groups += [
            [members[n], members[m]] for n, m in best if table[n][m] < IMPOSSIBLE // 2
        ]
    return groups


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


def _matched_anew(
    costs: Costs, groups: Iterable[list[int]], order: Sequence[int]
) -> list[list[int]]:
    """Match each person without a partner anew, together with the nearest pairs."""
    group_of = {n: group for group in groups for n in group}
    waiting = _by_wait(costs, [n for n in order if n not in group_of])
    for n in waiting:
        if n in group_of:
            continue
        near = _near(costs, group_of, order, n)
        had_partner = near & group_of.keys()
        for person in had_partner:
            del group_of[person]
        for group in _cheapest(costs, near):
            group_of |= dict.fromkeys(group, group)
        # Those who gave up their partner come last.
        waiting += sorted(had_partner - group_of.keys() - set(waiting))
    return [group for n, group in group_of.items() if n == group[0]]


def _near(
    costs: Costs, group_of: Mapping[int, list[int]], order: Sequence[int], n: int
) -> set[int]:
    """Return a person, possible partners, the partners that these have, and so on."""
    near = {n}
    queue = [n]
    for person in queue:
        for other in order:
            if len(near) >= _MAX_NEAR:
                return near
            if other not in near and costs.is_possible(person, other):
                group = group_of.get(other, [other])
                near.update(group)
                queue += [mate for mate in group if mate != other]
    return near


def _add_thirds(
    costs: Costs, groups: list[list[int]], order: Sequence[int]
) -> list[int]:
    """Add people to the pairs where that costs least; return those who fit nowhere."""
    together = {n for group in groups for n in group}
    left_out = []
    for n in _by_wait(costs, [n for n in order if n not in together]):
        possible = {m for m in order if costs.is_possible(n, m)}
        pairs = [
            group
            for group in groups
            if len(group) < _THREE and possible.issuperset(group)
        ]
        if pairs:
            min(
                pairs[:_MAX_COMPARED],
                key=lambda pair: (
                    _group_cost(costs, [*pair, n], _MET_WEIGHT)
                    - _group_cost(costs, pair, _MET_WEIGHT)
                ),
            ).append(n)
        else:
            left_out.append(n)
    return left_out


def _by_wait(costs: Costs, numbers: Iterable[int]) -> list[int]:
    return sorted(numbers, key=lambda n: (-_bonus(costs.people[n]), n))


def _group_cost(costs: Costs, group: Sequence[int], met_weight: int) -> int:
    total = sum(costs.pair(n, m, met_weight) for n, m in combinations(group, 2))
    return total if len(group) < _THREE else total // 2
