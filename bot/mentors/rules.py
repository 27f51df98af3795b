"""The definition of an unexpected mentor. No database, Slack or clock.

A mark is one ask, by somebody else, that a member's reply solved or helped with. Its
time is that of the first such reply. Times here are seconds since 1970.
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
    """A member's help in the window, with the amount that was expected of them."""

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
    """A member most of whose marks come from people whom their own marks lead to."""

    member: str
    people: tuple[str, ...]
    marks: int
    marks_from_ring: int


@dataclass(frozen=True, slots=True)
class DetectionResult:
    """The members who qualify, the least expected first, and the window used."""

    window_days: int
    all_messages: int
    candidates: Sequence[Candidate] = ()
    rings: Sequence[Ring] = ()


@cache
def helpfulness(marks: int) -> float:
    """Return 1 + 1/2 + … + 1/n: each further mark by the same asker counts for less."""
    return math.fsum(1 / n for n in range(1, marks + 1))


def score(observed: float, expected: float, z: float) -> float:
    """Return a cautious estimate of observed over expected, with one added to each.

    It is the lower bound of a gamma distribution of k = H + 1, by Wilson and Hilferty;
    `z` is the normal quantile of the bound.
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
        cut = max(settings.talkative_min, share)
    else:
        percent = math.ceil(len(writers) * settings.talkative_percent / 100)
        cut = max(settings.talkative_people, percent)
    return frozenset(member for _, member in writers[:cut])


# Takes members, each with the people of their ring, and a time. Returns those who have
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

    `marks` reach back for `ring_days`, `messages` for `visibility_days`; `excluded`
    members can't be credited at all. The result does not depend on the order of
    anything.
    """
    analysis = _Analysis(marks, messages, until, settings, excluded)
    # Leads may not be in private channels, so their rings are not reported.
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
    """A helper's marks in a window. `open_…`: by askers not marked in return.

    `has_outside_asker`: one of those is outside the helper's ring, and has dealt with
    somebody outside the helper's circle.
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
        """Return those who pass the gate in a window, in order."""
        since = self._until - self._windows[window]
        total: list[float] = []
        passed: dict[int, _Tally] = {}
        nearly: dict[int, _Tally] = {}
        for helper, tally in self._tallies(window):
            total.append(math.fsum(tally.contributions))
            if tally.has_outside_asker and self._people[helper] not in self._excluded:
                (passed if self._has_enough(tally) else nearly)[helper] = tally
        if nearly:
            busy = find_answerers(self._ring_mates(nearly), since)
            passed |= {h: e for h, e in nearly.items() if self._people[h] in busy}
        all_earned = math.fsum(total)
        first_times = (
            self._marks.first_mark_times(passed, since, self._until) if passed else {}
        )
        return sorted(
            (
                self._candidate(helper, tally, all_earned, first_times[helper])
                for helper, tally in passed.items()
            ),
            key=lambda s: (-s.score, -s.askers, s.messages, s.first_at, s.member),
        )

    def _ring_mates(self, helpers: Collection[int]) -> dict[str, set[str]]:
        """Return each helper with the people of their ring."""
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
        self, helper: int, tally: _Tally, all_earned: float, first_at: float
    ) -> Candidate:
        member = self._people[helper]
        messages = self._messages.get(member, 0)
        share = messages / self.all_messages if self.all_messages else 0.0
        observed, expected = math.fsum(tally.contributions), all_earned * share
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
        ring, is_in_crowd, has_dealt = self._circles
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
            # An asker may deal with several rings, of which at most one is the
            # helper's.
            if is_in_crowd[helper] and has_dealt[asker] and ring[asker] != ring[helper]:
                tally.has_outside_asker = True
        if current >= 0:
            yield current, tally

    @cached_property
    def _circles(self) -> tuple[Sequence[int], bytearray, bytearray]:
        """Return each person's ring number, and two flags per person.

        A person outside all rings, or in a whole community, is a ring of one. The
        flags: marks connect them with more people than a circle has; they have dealt
        with people of several rings.
        """
        helpers, askers = self._pairs.helpers, self._pairs.askers
        people, circle = len(self._people), self._settings.circle_people
        sizes = Counter(self._component)
        most = self._settings.ring_people
        ring = array(
            "l",
            [
                component if sizes[component] <= most else people + number
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
        """Return a flag per pair: the helper also marked the asker."""
        people, component = len(self._people), self._component
        # Two who marked each other are in the same component; few pairs are.
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
        """Find members whose known marks come mostly from their ring."""
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
