"""Detect unexpected mentors. Pure.

A mark is one ask, by another member, that a member's answer solved or helped with. Its
time is that of the first such answer. Times here are seconds since 1970.
"""

import math
from array import array
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property

from bot.config.mentors import MentorSettings
from bot.mentors import graph
from bot.mentors.help_matrix import HelpMatrix, PairCounts

DAY = 86_400


@dataclass(frozen=True, slots=True)
class Candidate:
    """A member who qualifies, with their help in the window and the expected help."""

    member: str
    marks: int
    askers: int
    helpfulness: float
    expected: float
    score: float
    messages: int
    first_at: float


@dataclass(frozen=True, slots=True)
class Ring:
    """A member with most marks from a group of people who mark each other."""

    member: str
    people: tuple[str, ...]
    marks: int
    marks_from_ring: int


@dataclass(frozen=True, slots=True)
class DetectionResult:
    """The members who qualify, by descending score, and the window's length."""

    window_days: int
    all_messages: int
    candidates: Sequence[Candidate] = ()
    rings: Sequence[Ring] = ()


@cache
def helpfulness(marks: int) -> float:
    """Return 1 + 1/2 + … + 1/n, for n marks by one asker: each further counts less."""
    return math.fsum(1 / n for n in range(1, marks + 1))


def score(observed: float, expected: float, z: float) -> float:
    """Return a lower bound for (observed + 1) / (expected + 1).

    The numerator k = observed + 1 is replaced by a quantile of the gamma distribution
    with shape k, in the approximation by Wilson and Hilferty. `z` is the normal
    quantile: a larger one is more cautious.
    """
    k = observed + 1
    return k * (1 - 1 / (9 * k) - z / (3 * math.sqrt(k))) ** 3 / (expected + 1)


def top_talkers(
    messages: Mapping[str, int], settings: MentorSettings
) -> frozenset[str]:
    """Return the members who write most; ties are broken by id."""
    writers = sorted((-count, member) for member, count in messages.items() if count)
    if len(writers) < settings.small_team:
        share = math.floor(len(writers) * settings.talkative_share + 1e-9)
        count = max(settings.talkative_min, share)
    else:
        percent = math.ceil(len(writers) * settings.talkative_percent / 100)
        count = max(settings.talkative_people, percent)
    return frozenset(member for _, member in writers[:count])


# Takes members, each with the people of their ring, and a time. Returns the members who
# answered enough people outside their ring since then.
FindAnswerers = Callable[[Mapping[str, Collection[str]], float], Collection[str]]


def detect(
    marks: HelpMatrix,
    messages: Mapping[str, int],
    find_answerers: FindAnswerers,
    *,
    until: float,
    settings: MentorSettings,
    excluded: Collection[str] = frozenset(),
) -> DetectionResult:
    """Find the unexpected mentors of the period that ends at `until`.

    1. Members who write most, and `excluded` members, can't qualify.
    2. A member's help is the sum over askers of the `helpfulness` of their marks, half
       of it if the member marked the asker, too. The expected help is all members' help
       times the member's share of all messages.
    3. Members qualify with enough marks from enough askers whom they did not mark in
       return (or with enough people answered), of whom one is outside their ring.
    4. The first window in which a member qualifies decides. Candidates are sorted by
       their `score`.

    `marks` cover `ring_days`, `messages` (by member) `visibility_days`. The result does
    not depend on the order of the input.
    """
    analysis = _Analysis(marks, messages, until, settings, excluded)
    # Program leads may not be in private channels, so rings there are not reported.
    public = marks.public()
    rings = (
        analysis if public is marks else _Analysis(public, {}, until, settings, ())
    ).rings()
    for window, days in enumerate(settings.windows_days):
        candidates = analysis.candidates(window, find_answerers)
        if candidates:
            return DetectionResult(days, analysis.all_messages, candidates, rings)
    return DetectionResult(settings.windows_days[-1], analysis.all_messages, (), rings)


@dataclass(slots=True)
class _Tally:
    """A helper's marks in a window; `open_…` are by askers not marked in return.

    `has_outside_asker`: the helper's circle is large enough, and one of these askers is
    outside the helper's ring and has marks with people of several rings.
    """

    contributions: list[float] = field(default_factory=list)
    marks: int = 0
    open_marks: int = 0
    open_askers: int = 0
    has_outside_asker: bool = False


class _Analysis:
    def __init__(
        self,
        marks: HelpMatrix,
        messages: Mapping[str, int],
        until: float,
        settings: MentorSettings,
        excluded: Collection[str],
    ) -> None:
        self._marks, self._messages, self._settings = marks, messages, settings
        self._until = until
        self._people = people = marks.people
        self._windows = [
            *(days * DAY for days in settings.windows_days),
            settings.ring_days * DAY,
        ]
        self._pairs = pairs = PairCounts(marks, until, self._windows)
        self._component = graph.strongly_connected_components(
            len(people), pairs.starts(len(people)), pairs.askers
        )
        self._is_returned = self._marked_in_return()
        self._excluded = top_talkers(messages, settings).union(excluded)
        self.all_messages = sum(messages.values())

    def candidates(self, window: int, find_answerers: FindAnswerers) -> list[Candidate]:
        """Return the members who qualify in a window (by its index), best first."""
        since = self._until - self._windows[window]
        helpfulness_values: list[float] = []
        qualified: dict[int, _Tally] = {}
        undecided: dict[int, _Tally] = {}
        for helper, tally in self._tallies(window):
            helpfulness_values.append(math.fsum(tally.contributions))
            if tally.has_outside_asker and self._people[helper] not in self._excluded:
                (qualified if self._has_enough(tally) else undecided)[helper] = tally
        if undecided:
            answerers = find_answerers(self._ring_mates(undecided), since)
            qualified |= {
                helper: tally
                for helper, tally in undecided.items()
                if self._people[helper] in answerers
            }
        total = math.fsum(helpfulness_values)
        first_times = (
            self._marks.first_mark_times(qualified, since, self._until)
            if qualified
            else {}
        )
        return sorted(
            (
                self._candidate(helper, tally, total, first_times[helper])
                for helper, tally in qualified.items()
            ),
            key=lambda c: (-c.score, -c.askers, c.messages, c.first_at, c.member),
        )

    def _ring_mates(self, helpers: Collection[int]) -> dict[str, set[str]]:
        """Return each helper with all people of their ring, by Slack's ids."""
        ring, _, _ = self._circles
        mates: dict[int, set[str]] = {ring[helper]: set() for helper in helpers}
        for number, person in enumerate(self._people):
            if ring[number] in mates:
                mates[ring[number]].add(person)
        return {self._people[helper]: mates[ring[helper]] for helper in helpers}

    def _has_enough(self, tally: _Tally) -> bool:
        return (
            tally.open_marks >= self._settings.min_marks
            and tally.open_askers >= self._settings.min_askers
        )

    def _candidate(
        self, helper: int, tally: _Tally, total: float, first_at: float
    ) -> Candidate:
        member = self._people[helper]
        messages = self._messages.get(member, 0)
        share = messages / self.all_messages if self.all_messages else 0.0
        observed, expected = math.fsum(tally.contributions), total * share
        return Candidate(
            member=member,
            marks=tally.marks,
            askers=len(tally.contributions),
            helpfulness=observed,
            expected=expected,
            score=score(observed, expected, self._settings.confidence_z),
            messages=messages,
            first_at=first_at,
        )

    def _tallies(self, window: int) -> Iterator[tuple[int, _Tally]]:
        """Yield each helper with their tally in the window."""
        current, tally = -1, _Tally()
        ring, is_in_crowd, has_several_rings = self._circles
        rows = zip(
            self._pairs.helpers,
            self._pairs.askers,
            self._pairs.counts(window),
            self._is_returned,
            strict=True,
        )
        for helper, asker, count, is_returned in rows:
            if not count:
                continue
            if helper != current:
                if current >= 0:
                    yield current, tally
                current, tally = helper, _Tally()
            tally.marks += count
            if is_returned:
                tally.contributions.append(helpfulness(count) / 2)
                continue
            tally.contributions.append(helpfulness(count))
            tally.open_marks += count
            tally.open_askers += 1
            # An asker with marks in several rings has them outside the helper's, too.
            tally.has_outside_asker |= bool(
                is_in_crowd[helper]
                and has_several_rings[asker]
                and ring[asker] != ring[helper]
            )
        if current >= 0:
            yield current, tally

    @cached_property
    def _circles(self) -> tuple[Sequence[int], bytearray, bytearray]:
        """Return each person's ring number, and two flags per person.

        A component with more than `ring_people` is no ring: each of its people gets a
        number of their own. The flags are 1 if marks connect the person with more than
        `circle_people`, and if they have marks with people of several rings.
        """
        helpers, askers = self._pairs.helpers, self._pairs.askers
        people, circle = len(self._people), self._settings.circle_people
        sizes = Counter(self._component)
        max_size = self._settings.ring_people
        ring = array(
            "l",
            [
                component if sizes[component] <= max_size else people + number
                for number, component in enumerate(self._component)
            ],
        )
        if not circle:
            return ring, bytearray(b"\1" * people), bytearray(b"\1" * people)
        return (
            ring,
            graph.in_large_component(people, helpers, askers, circle),
            graph.in_several_groups(helpers, askers, ring),
        )

    def _marked_in_return(self) -> bytearray:
        """Return a flag per pair: 1 if the helper also marked the asker."""
        people, component = len(self._people), self._component
        # People who marked each other are in the same component; few pairs are.
        inside = {
            helper * people + asker
            for helper, asker in zip(
                self._pairs.helpers, self._pairs.askers, strict=True
            )
            if component[helper] == component[asker]
        }
        return bytearray(
            asker * people + helper in inside
            for helper, asker in zip(
                self._pairs.helpers, self._pairs.askers, strict=True
            )
        )

    def rings(self) -> list[Ring]:
        """Return the members with `ring_percent` or more of their marks from a ring."""
        members: dict[int, list[str]] = {}
        for component, size in Counter(self._component).items():
            if 1 < size <= self._settings.ring_people:
                members[component] = []
        for number, component in enumerate(self._component):
            if component in members:
                members[component].append(self._people[number])
        marks: Counter[int] = Counter()
        from_ring: Counter[int] = Counter()
        for helper, asker, count in zip(
            self._pairs.helpers,
            self._pairs.askers,
            self._pairs.counts(len(self._windows) - 1),
            strict=True,
        ):
            if self._component[helper] in members:
                marks[helper] += count
                if self._component[asker] == self._component[helper]:
                    from_ring[helper] += count
        rings = [
            Ring(
                member=self._people[helper],
                people=tuple(sorted(members[self._component[helper]])),
                marks=count,
                marks_from_ring=from_ring[helper],
            )
            for helper, count in marks.items()
            if count >= self._settings.ring_marks
            and from_ring[helper] * 100 >= self._settings.ring_percent * count
        ]
        return sorted(rings, key=lambda ring: ring.member)
