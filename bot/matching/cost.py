"""The cost of a pair and of a circle, in parts that a message can say in words. Pure.

All costs are integers, in hundredths of a point. A gain is a negative cost.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from operator import itemgetter

from bot.matching.people import Person, Way, meeting_times, utc_offset

POINT = 100
# More than all else together. People with this between them are never matched.
IMPOSSIBLE = 10**15

MEMORY = 12
_MET_LAST_ROUND = 24 * POINT
_SAME_TEAM = 3 * POINT
_FAR_HOURS, _FAR = 4, 2 * POINT
_VERY_FAR_HOURS, _VERY_FAR = 6, 6 * POINT
_OTHER_WAY = 6 * POINT
_POOR_FIT = 8 * POINT

_WANTED = 4 * POINT
_BOTH_WANT = 6 * POINT
_SOLVED = 3 * POINT
_SAME_LEVEL = 2 * POINT

# People who have helped each other gain less: else circles only reunite them.
_HELPED_BEFORE = 0.5
_NO_FACILITATOR = 8 * POINT
_NEWCOMER_BEYOND_HALF = 3 * POINT


class Kind(StrEnum):
    """A reason for or against a pair, always a true one."""

    # Reasons for.
    WANTS = "wants what the other knows"
    BOTH_WANT = "both want what the other knows"
    SOLVED = "solved asks like an open one of the other"
    SAME_LEVEL = "same level in another team"
    OTHER_TEAM = "different teams"
    NEVER_MET = "have not met"
    # Reasons against.
    MET = "have met"
    SAME_TEAM = "same team"
    FAR = "clocks far apart"
    OTHER_WAY = "calls and writing"
    POOR_FIT = "not a good fit"
    # Reasons never to match.
    DO_NOT_PAIR = "do not pair"
    MANAGER = "manager and report"
    NO_COMMON_HOUR = "no common hour"
    NO_COMMON_LANGUAGE = "no common language"


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the cost of a pair.

    If the two have different roles, `member` is the one who wants or asks, and
    `other` the one who knows. `number` is that of rounds or hours.
    """

    kind: Kind
    cost: int
    member: str
    other: str
    topics: tuple[str, ...] = ()
    number: float | None = None


def hours_apart(person: Person, other: Person, at: datetime) -> float | None:
    """Return the difference of two people's clocks, at most 12 hours, or None."""
    offset, other_offset = utc_offset(person, at), utc_offset(other, at)
    if offset is None or other_offset is None:
        return None
    return _around(offset - other_offset)


def rounds_since_met(person: Person, other: Person) -> int | None:
    """Return the number of rounds since two people met, or None."""
    rounds = (person.met.get(other.id), other.met.get(person.id))
    return min((each for each in rounds if each is not None), default=None)


def have_helped(person: Person, other: Person) -> bool:
    return other.id in person.helped or person.id in other.helped


def pair_parts(person: Person, other: Person, at: datetime) -> list[Part]:
    """Return all parts of the cost of a pair, those that gain most first."""
    first, second = sorted((person, other), key=lambda each: each.id)
    parts = [*_gains(first, second), *_costs(first, second, at)]
    parts += _obstacles(first, second, at)
    return sorted(parts, key=lambda part: part.cost)


def help_parts(person: Person, other: Person) -> list[Part]:
    """Return what each of two members of a circle can help the other with."""
    first, second = sorted((person, other), key=lambda each: each.id)
    parts = []
    for member, helper in ((first, second), (second, first)):
        gain = _fit(_chance(_wants(member), _knows(helper)))
        if have_helped(member, helper):
            gain = _half(gain)
        if gain:
            topics = _common(member.wants, helper.knows)
            parts.append(Part(Kind.WANTS, -gain, member.id, helper.id, topics))
    return sorted(parts, key=lambda part: part.cost)


def _gains(first: Person, second: Person) -> Iterator[Part]:
    ids = first.id, second.id
    wanted = 0
    for member, other in ((first, second), (second, first)):
        topics = _common(member.wants, other.knows)
        if topics:
            wanted += 1
            yield Part(Kind.WANTS, -_WANTED, member.id, other.id, topics)
        solved = tuple(sorted(member.open_topics & other.solved_topics))
        if solved:
            yield Part(Kind.SOLVED, -_SOLVED, member.id, other.id, solved)
    if wanted == len(ids):
        yield Part(Kind.BOTH_WANT, -_BOTH_WANT, *ids)
    if first.team and second.team and first.team != second.team:
        yield Part(Kind.OTHER_TEAM, 0, *ids)
        if first.level and first.level == second.level:
            yield Part(Kind.SAME_LEVEL, -_SAME_LEVEL, *ids)
    if rounds_since_met(first, second) is None:
        yield Part(Kind.NEVER_MET, 0, *ids)


def _costs(first: Person, second: Person, at: datetime) -> Iterator[Part]:
    ids = first.id, second.id
    rounds = rounds_since_met(first, second)
    if rounds is not None:
        yield Part(Kind.MET, met_cost(rounds), *ids, number=rounds)
    if first.team and first.team == second.team:
        yield Part(Kind.SAME_TEAM, _SAME_TEAM, *ids)
    hours = hours_apart(first, second, at)
    if hours is not None and _far(hours):
        yield Part(Kind.FAR, _far(hours), *ids, number=hours)
    if not first.way & second.way:
        yield Part(Kind.OTHER_WAY, _OTHER_WAY, *ids)
    if first.id in second.poor_fits or second.id in first.poor_fits:
        yield Part(Kind.POOR_FIT, _POOR_FIT, *ids)


def _obstacles(first: Person, second: Person, at: datetime) -> Iterator[Part]:
    ids = first.id, second.id
    if first.id in second.do_not_pair or second.id in first.do_not_pair:
        yield Part(Kind.DO_NOT_PAIR, IMPOSSIBLE, *ids)
    if first.manager == second.id or second.manager == first.id:
        yield Part(Kind.MANAGER, IMPOSSIBLE, *ids)
    if not meeting_times(first, at) & meeting_times(second, at):
        yield Part(Kind.NO_COMMON_HOUR, IMPOSSIBLE, *ids)
    if first.languages and second.languages and not first.languages & second.languages:
        yield Part(Kind.NO_COMMON_LANGUAGE, IMPOSSIBLE, *ids)


def met_cost(rounds: int) -> int:
    if rounds <= 1:
        return _MET_LAST_ROUND
    return max(0, MEMORY + 1 - rounds) * POINT


def _chance(wants: Mapping[str, float], knows: Mapping[str, float]) -> float:
    """Return the cosine of two scaled vectors."""
    return sum(weight * knows.get(topic, 0.0) for topic, weight in wants.items())


def _fit(chance: float) -> int:
    """Return the gain of a chance to be helped; even, so that halves are exact."""
    return 2 * round(chance * _WANTED / 2)


def _half(fit: int) -> int:
    return 2 * round(fit * _HELPED_BEFORE / 2)


def _around(hours: float) -> float:
    hours = abs(hours) % 24
    return min(hours, 24 - hours)


def _far(hours: float) -> int:
    if hours > _VERY_FAR_HOURS:
        return _VERY_FAR
    return _FAR if hours > _FAR_HOURS else 0


def _common(
    topics: Mapping[str, float], others: Mapping[str, float]
) -> tuple[str, ...]:
    return tuple(sorted(t for t in topics if topics[t] > 0 and others.get(t, 0) > 0))


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
        self._wants = [_wants(person) for person in self.people]
        self._knows = [_knows(person) for person in self.people]

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
            _add(table, team, _SAME_TEAM)
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
        costs += [(pair, _POOR_FIT) for pair in poor]
        costs += [(pair, IMPOSSIBLE) for pair in never]
        for (n, m), cost in costs:
            if n != m:
                table[n][m] += cost
                table[m][n] += cost
        return table

    def fit(self, numbers: Sequence[int]) -> Table:
        """Return what each (row) gains by the presence of each other in a circle."""
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
            row = [_fit(chance) if chance else 0 for chance in chances]
            row[n] = 0
            table.append(row)
        helped = {
            _pair(n, here[other])
            for n, person in enumerate(people)
            for other in person.helped
            if other in here
        }
        for n, m in helped:
            table[n][m] = _half(table[n][m])
            table[m][n] = _half(table[m][n])
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
            [person.open_topics for person in people],
            [person.solved_topics for person in people],
        )
        for n, knowing in enumerate(wanting):
            row = table[n]
            for m in knowing:
                # The second direction adds the gain of both.
                cost = _WANTED + (_BOTH_WANT if m < n and n in wanting[m] else 0)
                row[m] -= cost
                table[m][n] -= cost
        for n, solving in enumerate(asking):
            for m in solving:
                table[n][m] -= _SOLVED
                table[m][n] -= _SOLVED
        for level in _groups(
            [person.level or None if person.team else None for person in people]
        ):
            for n in level:
                team = people[n].team
                for m in level:
                    if people[m].team != team:
                        table[n][m] -= _SAME_LEVEL
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
            cost += _OTHER_WAY
        if offset is not None and other_offset is not None:
            cost += _far(_around(offset - other_offset))
        return cost


def ids_of(costs: Costs, numbers: Iterable[int]) -> tuple[str, ...]:
    return tuple(sorted(costs.people[n].id for n in numbers))


class CircleCosts:
    """The cost of circles of a few people, numbered from 0.

    It is what pairs have apart, less what each member gains by the best mate and half
    of what they gain by the second, and the penalty of the circle.
    """

    def __init__(self, costs: Costs, numbers: Sequence[int]) -> None:
        self.apart = costs.apart(numbers)
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


def _wants(person: Person) -> dict[str, float]:
    return _scaled(person.wants)


def _knows(person: Person) -> dict[str, float]:
    """Scale what the person knows by the chance that they answer."""
    return _scaled(person.knows, max(0.0, person.activity))


def _scaled(topics: Mapping[str, float], by: float = 1.0) -> dict[str, float]:
    positive = sorted((t, weight) for t, weight in topics.items() if weight > 0)
    length = math.hypot(*(weight for _, weight in positive))
    return {topic: weight * by / length for topic, weight in positive}


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


def _add(table: Table, group: Sequence[int], cost: int) -> None:
    for n in group:
        row = table[n]
        for m in group:
            if n != m:
                row[m] += cost


def _reach(
    wanted: Sequence[Sequence[str] | frozenset[str]],
    known: Sequence[Sequence[str] | frozenset[str]],
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
