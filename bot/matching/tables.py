"""The costs between people, and of circles, as tables that a search reads. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from operator import itemgetter

from bot.matching.cost import (
    BOTH_WANT,
    IMPOSSIBLE,
    OTHER_WAY,
    POINT,
    POOR_FIT,
    SAME_LEVEL,
    SAME_LEVEL_IN_CIRCLE,
    SAME_TEAM,
    SOLVED,
    WANTED,
    clock_distance,
    far_cost,
    fit_gain,
    knows_vector,
    met_cost,
    wants_vector,
)
from bot.matching.people import Person, Way, meeting_times, utc_offset

_NO_FACILITATOR = 8 * POINT
_NEWCOMER_BEYOND_HALF = 3 * POINT

Table = list[list[int]]


class Costs:
    """The costs between people, as tables for any few of them.

    People are numbered by the order of their ids. A table counts from 0: row n and
    column n belong to the n-th of the people that it was asked for. Tables add up what
    people have in common, rather than look at each pair: most pairs have nothing.
    """

    def __init__(self, people: Sequence[Person], at: datetime) -> None:
        self.people = sorted(people, key=lambda person: person.id)
        self.number = {person.id: n for n, person in enumerate(self.people)}
        if len(self.number) < len(self.people):
            raise ValueError("Each person must be given once.")
        self.at = at
        self.times = [meeting_times(person, at) for person in self.people]
        self.offsets = [utc_offset(person, at) for person in self.people]
        bits: dict[str, int] = defaultdict(lambda: 1 << len(bits))
        self.languages = [
            sum(bits[language] for language in person.languages) or -1
            for person in self.people
        ]
        # People of one class have the same costs of clocks, hours, languages and ways.
        classes: dict[tuple[float | None, int, int, Way], int] = {}
        self._class = [
            classes.setdefault(key, len(classes))
            for key in zip(
                self.offsets,
                self.times,
                self.languages,
                (person.way for person in self.people),
                strict=True,
            )
        ]
        self._classes = list(classes)
        self._class_costs: dict[tuple[int, int], int] = {}
        self._wants = [wants_vector(person) for person in self.people]
        self._knows = [knows_vector(person) for person in self.people]

    def is_possible(self, n: int, m: int) -> bool:
        """Return whether two people may be matched at all."""
        person, other = self.people[n], self.people[m]
        return (
            n != m
            and bool(self.times[n] & self.times[m])
            and bool(self.languages[n] & self.languages[m])
            and person.id not in other.do_not_pair
            and other.id not in person.do_not_pair
            and person.manager != other.id
            and other.manager != person.id
        )

    def pair(self, n: int, m: int, met_weight: int = 1) -> int:
        """Return the cost of a pair, gains included."""
        return self.pairs((n, m), met_weight)[0][1]

    def apart(self, numbers: Sequence[int], met_weight: int = 1) -> Table:
        """Return the costs that pairs and circles share, without any gain."""
        table = self._by_class(numbers)
        people = [self.people[n] for n in numbers]
        here = {person.id: n for n, person in enumerate(people)}
        for team in _groups([person.team or None for person in people]):
            _add(table, team, SAME_TEAM)
        met: dict[tuple[int, int], int] = {}
        poor, never = set(), set()
        for n, person in enumerate(people):
            for other in person.met.keys() & here.keys():
                pair = _pair(n, here[other])
                rounds = person.met[other]
                met[pair] = min(rounds, met.get(pair, rounds))
            poor |= {
                _pair(n, here[other]) for other in person.poor_fits if other in here
            }
            never |= {
                _pair(n, here[other])
                for other in (*person.do_not_pair, person.manager)
                if other in here
            }
        costs = [(pair, met_cost(rounds) * met_weight) for pair, rounds in met.items()]
        costs += [(pair, POOR_FIT) for pair in poor]
        costs += [(pair, IMPOSSIBLE) for pair in never]
        for (n, m), cost in costs:
            if n != m:
                table[n][m] += cost
                table[m][n] += cost
        return table

    def fit(self, numbers: Sequence[int]) -> Table:
        """Return what each (row) gains by the presence of each other in a circle.

        It is that of `help_parts`.
        """
        size = len(numbers)
        known = self._known_here(numbers)
        people = [self.people[n] for n in numbers]
        here = {person.id: n for n, person in enumerate(people)}
        table = []
        for n, number in enumerate(numbers):
            chances = [0.0] * size
            for topic, weight in self._wants[number].items():
                for m, other_weight in known.get(topic, ()):
                    chances[m] += weight * other_weight
            row = [fit_gain(chance) if chance else 0 for chance in chances]
            row[n] = 0
            table.append(row)
        for n, person in enumerate(people):
            for m in (here[other] for other in person.helped if other in here):
                table[n][m] = table[m][n] = 0
        return table

    def _known_here(self, numbers: Sequence[int]) -> dict[str, list[tuple[int, float]]]:
        known = defaultdict(list)
        for n, number in enumerate(numbers):
            for topic, weight in self._knows[number].items():
                known[topic].append((n, weight))
        return known

    def pairs(self, numbers: Sequence[int], met_weight: int) -> Table:
        """Return the costs of pairs, gains included."""
        table = self.apart(numbers, met_weight)
        people = [self.people[n] for n in numbers]
        wanting = _reach(
            [_positive(person.wants) for person in people],
            [_positive(person.knows) for person in people],
        )
        asking = _reach(
            [person.open_asks for person in people],
            [person.solved for person in people],
        )
        for n, knowing in enumerate(wanting):
            row = table[n]
            for m in knowing:
                # The second direction adds the gain of both.
                cost = WANTED + (BOTH_WANT if m < n and n in wanting[m] else 0)
                row[m] -= cost
                table[m][n] -= cost
        for n, solving in enumerate(asking):
            for m in solving:
                table[n][m] -= SOLVED
                table[m][n] -= SOLVED
        _subtract_levels(table, people, SAME_LEVEL)
        return table

    def apart_in_circles(self, numbers: Sequence[int]) -> Table:
        """Return the costs of pairs in a circle, where levels of other teams gain."""
        table = self.apart(numbers)
        people = [self.people[n] for n in numbers]
        _subtract_levels(table, people, SAME_LEVEL_IN_CIRCLE)
        return table

    def _by_class(self, numbers: Sequence[int]) -> Table:
        here = [self._class[number] for number in numbers]
        rows: dict[int, list[int]] = {}
        kinds = sorted(set(here))
        for kind in kinds:
            to = {other: self._class_cost(kind, other) for other in kinds}
            rows[kind] = [to[other] for other in here]
        table = [rows[kind].copy() for kind in here]
        for n, row in enumerate(table):
            row[n] = 0
        return table

    def _class_cost(self, kind: int, other: int) -> int:
        pair = _pair(kind, other)
        cost = self._class_costs.get(pair)
        if cost is None:
            cost = self._class_costs[pair] = self._new_class_cost(*pair)
        return cost

    def _new_class_cost(self, kind: int, other: int) -> int:
        offset, times, languages, way = self._classes[kind]
        other_offset, other_times, other_languages, other_way = self._classes[other]
        cost = 0
        if not times & other_times:
            cost += IMPOSSIBLE
        if not languages & other_languages:
            cost += IMPOSSIBLE
        if not way & other_way:
            cost += OTHER_WAY
        if offset is not None and other_offset is not None:
            cost += far_cost(clock_distance(offset - other_offset))
        return cost


def ids_of(costs: Costs, numbers: Iterable[int]) -> tuple[str, ...]:
    return tuple(sorted(costs.people[n].id for n in numbers))


class CircleCosts:
    """The cost of circles of a few people, numbered from 0.

    It is what pairs have apart, less what people of one level in different teams gain,
    and what each member gains by the best mate and half of what they gain by the
    second; and the penalty of the circle.
    """

    def __init__(self, costs: Costs, numbers: Sequence[int]) -> None:
        self.apart = costs.apart_in_circles(numbers)
        self.fit = costs.fit(numbers)
        self.has_fit = [any(row) for row in self.fit]
        people = [costs.people[n] for n in numbers]
        self._newcomers = [int(person.is_newcomer) for person in people]
        self._leads = [
            int(person.may_facilitate and not person.is_newcomer) for person in people
        ]
        self._times = [costs.times[n] for n in numbers]
        self._languages = [costs.languages[n] for n in numbers]
        # Any circle of these people has a common hour and a common language.
        self._is_open = self._share_all(range(len(numbers)))
        self.has_obstacles = not self._is_open or any(
            max(row) >= IMPOSSIBLE // 2 for row in self.apart
        )

    def cost(self, circle: Sequence[int]) -> int:
        if len(circle) < 2:  # noqa: PLR2004 - nobody to have costs with
            return 0
        members = itemgetter(*circle)
        apart = sum(sum(members(self.apart[n])) for n in circle) // 2
        return apart + self.penalty(circle) - self.gain(circle)

    def gain(self, circle: Sequence[int]) -> int:
        members = itemgetter(*circle)
        gain = 0
        for n in circle:
            if self.has_fit[n]:
                fits = sorted(members(self.fit[n]))
                gain += fits[-1] + fits[-2] // 2
        return gain

    def penalty(self, circle: Sequence[int]) -> int:
        """Return the part of the cost that belongs to no pair of the circle."""
        members = itemgetter(*circle)
        cost = 0 if sum(members(self._leads)) else _NO_FACILITATOR
        newcomers = sum(members(self._newcomers)) - len(circle) // 2
        if newcomers > 0:
            cost += _NEWCOMER_BEYOND_HALF * newcomers
        if not self._is_open and not self._share_all(circle):
            cost += IMPOSSIBLE
        return cost

    def _share_all(self, circle: Iterable[int]) -> bool:
        times = languages = -1
        for n in circle:
            times &= self._times[n]
            languages &= self._languages[n]
        return bool(times and languages)


def _positive(topics: Mapping[str, float]) -> list[str]:
    return [topic for topic, weight in topics.items() if weight > 0]


def _pair(n: int, m: int) -> tuple[int, int]:
    return (n, m) if n < m else (m, n)


def _groups(names: Sequence[str | None]) -> list[list[int]]:
    groups = defaultdict(list)
    for n, name in enumerate(names):
        if name is not None:
            groups[name].append(n)
    return [group for group in groups.values() if len(group) > 1]


def _subtract_levels(table: Table, people: Sequence[Person], gain: int) -> None:
    """Subtract what people of the same level in different teams gain."""
    levels = [person.level or None if person.team else None for person in people]
    for level in _groups(levels):
        for n in level:
            row, team = table[n], people[n].team
            for m in level:
                if people[m].team != team:
                    row[m] -= gain


def _add(table: Table, group: Sequence[int], cost: int) -> None:
    for n in group:
        row = table[n]
        for m in group:
            if n != m:
                row[m] += cost


def _reach(
    wanted: Sequence[Iterable[str]],
    known: Sequence[Iterable[str]],
) -> list[set[int]]:
    """Return for each person those who know any of the wanted topics."""
    knowing = defaultdict(set)
    for n, topics in enumerate(known):
        for topic in topics:
            knowing[topic].add(n)
    return [
        set().union(*(knowing[topic] for topic in topics if topic in knowing)) - {n}
        for n, topics in enumerate(wanted)
    ]
