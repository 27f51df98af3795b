"""The cost of a pair, in parts that a message can say in words. Pure.

All costs are integers, in hundredths of a point. A gain is a negative cost.
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.matching.people import AskIds, Person, meeting_times, utc_offset

POINT = 100
# More than all else together. People with this between them are never matched.
IMPOSSIBLE = 10**15

MEMORY = 12
_MET_LAST_ROUND = 24 * POINT
SAME_TEAM = 3 * POINT
_FAR_HOURS, _FAR = 4, 2 * POINT
_VERY_FAR_HOURS, _VERY_FAR = 6, 6 * POINT
OTHER_WAY = 6 * POINT
POOR_FIT = 8 * POINT

WANTED = 4 * POINT
BOTH_WANT = 6 * POINT
SOLVED = 3 * POINT
SAME_LEVEL = 2 * POINT
# With more, fewer people get a mate who knows what they want: docs/decisions, 22.
SAME_LEVEL_IN_CIRCLE = POINT // 10


class Kind(StrEnum):
    """A reason for or against a pair, always a true one."""

    # Reasons for.
    WANTS = "wants what the other knows"
    BOTH_WANT = "both want what the other knows"
    SOLVED = "solved asks like an open one of the other"
    SAME_LEVEL = "same level in another team"
    OTHER_TEAM = "different teams"
    NEVER_MET = "have neither met nor helped each other"
    # Reasons against.
    MET = "have met"
    IN_CIRCLE = "are in a circle together"
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
class Topic:
    """A topic that a member wants and the other knows, with the ids of asks about it.

    Without asks of the member, the member named it. Without asks that the other helped
    with or solved, the other named it.
    """

    name: str
    asked: tuple[int, ...] = ()
    helped_with: tuple[int, ...] = ()
    solved: tuple[int, ...] = ()
    # All asks of the member about it, even if `asked` has only the open ones.
    own: tuple[int, ...] = ()


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
    topics: tuple[Topic, ...] = ()
    number: float | None = None


def hours_apart(person: Person, other: Person, at: datetime) -> float | None:
    """Return the difference of two people's clocks, at most 12 hours, or None."""
    offset, other_offset = utc_offset(person, at), utc_offset(other, at)
    if offset is None or other_offset is None:
        return None
    return clock_distance(offset - other_offset)


def rounds_since_met(person: Person, other: Person) -> int | None:
    """Return the number of rounds since two people met, or None."""
    rounds = (person.met.get(other.id), other.met.get(person.id))
    return min((each for each in rounds if each is not None), default=None)


def have_helped(person: Person, other: Person) -> bool:
    return other.id in person.helped or person.id in other.helped


def must_not_meet(person: Person, other: Person) -> bool:
    """Return True if one of two never wants to meet the other, or manages them."""
    return _is_excluded(person, other) or _is_manager(person, other)


def _is_excluded(person: Person, other: Person) -> bool:
    return person.id in other.do_not_pair or other.id in person.do_not_pair


def _is_manager(person: Person, other: Person) -> bool:
    return person.manager == other.id or other.manager == person.id


def may_meet(person: Person, other: Person, at: datetime) -> bool:
    """Return False if something keeps two people apart, such as hours or a manager."""
    parts = pair_parts(person, other, at)
    return sum(part.cost for part in parts) < IMPOSSIBLE // 2


def pair_parts(person: Person, other: Person, at: datetime) -> list[Part]:
    """Return all parts of the cost of a pair, those that gain most first."""
    first, second = sorted((person, other), key=lambda each: each.id)
    parts = [*_gains(first, second), *_costs(first, second, at)]
    parts += _obstacles(first, second, at)
    return sorted(parts, key=lambda part: part.cost)


def help_parts(person: Person, other: Person) -> list[Part]:
    """Return what each of two members of a circle can help the other with.

    Nothing if they have helped each other before: they have found each other already,
    and if it counted, even by half, circles would mostly reunite old friends.
    """
    if have_helped(person, other):
        return []
    first, second = sorted((person, other), key=lambda each: each.id)
    parts = []
    for member, helper in ((first, second), (second, first)):
        gain = fit_gain(_chance(wants_vector(member), knows_vector(helper)))
        if gain:
            topics = _wanted(member, helper)
            parts.append(Part(Kind.WANTS, -gain, member.id, helper.id, topics))
    return sorted(parts, key=lambda part: part.cost)


def _gains(first: Person, second: Person) -> Iterator[Part]:
    ids = first.id, second.id
    wanted = 0
    for member, other in ((first, second), (second, first)):
        topics = _wanted(member, other)
        if topics:
            wanted += 1
            yield Part(Kind.WANTS, -WANTED, member.id, other.id, topics)
        names = member.open_asks.keys() & other.solved
        solved = _topics(names, member.open_asks, member, other)
        if solved:
            yield Part(Kind.SOLVED, -SOLVED, member.id, other.id, solved)
    if wanted == len(ids):
        yield Part(Kind.BOTH_WANT, -BOTH_WANT, *ids)
    if first.team and second.team and first.team != second.team:
        yield Part(Kind.OTHER_TEAM, 0, *ids)
        if first.level and first.level == second.level:
            yield Part(Kind.SAME_LEVEL, -SAME_LEVEL, *ids)
    if rounds_since_met(first, second) is None and not have_helped(first, second):
        yield Part(Kind.NEVER_MET, 0, *ids)


def _costs(first: Person, second: Person, at: datetime) -> Iterator[Part]:
    ids = first.id, second.id
    rounds = rounds_since_met(first, second)
    if rounds is not None:
        are_mates = second.id in first.circle_mates or first.id in second.circle_mates
        kind = Kind.IN_CIRCLE if are_mates else Kind.MET
        yield Part(kind, met_cost(rounds), *ids, number=rounds)
    if first.team and first.team == second.team:
        yield Part(Kind.SAME_TEAM, SAME_TEAM, *ids)
    hours = hours_apart(first, second, at)
    if hours is not None and far_cost(hours):
        yield Part(Kind.FAR, far_cost(hours), *ids, number=hours)
    if not first.way & second.way:
        yield Part(Kind.OTHER_WAY, OTHER_WAY, *ids)
    if first.id in second.poor_fits or second.id in first.poor_fits:
        yield Part(Kind.POOR_FIT, POOR_FIT, *ids)


def _obstacles(first: Person, second: Person, at: datetime) -> Iterator[Part]:
    ids = first.id, second.id
    if _is_excluded(first, second):
        yield Part(Kind.DO_NOT_PAIR, IMPOSSIBLE, *ids)
    if _is_manager(first, second):
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


def fit_gain(chance: float) -> int:
    """Return the gain of a chance to be helped; even, so that halves are exact."""
    return 2 * round(chance * WANTED / 2)


def clock_distance(hours: float) -> float:
    hours = abs(hours) % 24
    return min(hours, 24 - hours)


def far_cost(hours: float) -> int:
    if hours > _VERY_FAR_HOURS:
        return _VERY_FAR
    return _FAR if hours > _FAR_HOURS else 0


def _wanted(member: Person, other: Person) -> tuple[Topic, ...]:
    wanted, known = member.wants, other.knows
    names = {name for name in wanted if wanted[name] > 0 and known.get(name, 0) > 0}
    return _topics(names, member.asked, member, other)


def _topics(
    names: Iterable[str], asked: AskIds, member: Person, other: Person
) -> tuple[Topic, ...]:
    return tuple(
        Topic(
            name,
            asked.get(name, ()),
            other.helped_with.get(name, ()),
            other.solved.get(name, ()),
            member.asked.get(name, ()),
        )
        for name in sorted(names)
    )


def wants_vector(person: Person) -> dict[str, float]:
    return _scaled(person.wants)


def knows_vector(person: Person) -> dict[str, float]:
    """Scale what the person knows by the chance that they answer."""
    return _scaled(person.knows, max(0.0, person.activity))


def _scaled(topics: Mapping[str, float], by: float = 1.0) -> dict[str, float]:
    positive = sorted((t, weight) for t, weight in topics.items() if weight > 0)
    length = math.hypot(*(weight for _, weight in positive))
    return {topic: weight * by / length for topic, weight in positive}
