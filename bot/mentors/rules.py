"""Whom nobody expected: the definition. No database, no Slack, no clock.

A mark is one ask, by somebody else, on which a person's reply solved it or helped. It
is dated by the first such reply. Times here are seconds since 1970.
"""

import math
from array import array
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import cache, cached_property
from itertools import accumulate, groupby
from zoneinfo import ZoneInfo

from bot import zones
from bot.config import MentorSettings
from bot.mentors import rings

DAY = 86_400


class HelpMatrix:
    """Marks, in any order, as compact as a million of them ask for."""

    def __init__(self, indexes: dict[str, int] | None = None) -> None:
        """`numbers` gives people theirs; by default in the order of their coming."""
        self._indexes = {} if indexes is None else indexes
        self.helpers = array("l")
        self.askers = array("l")
        self.times = array("d")
        self._is_public_until: int | None = None

    def add(self, helper: str, asker: str, at: float) -> None:
        if helper == asker:
            return
        numbers = self._indexes
        self.helpers.append(numbers.setdefault(helper, len(numbers)))
        self.askers.append(numbers.setdefault(asker, len(numbers)))
        self.times.append(at)

    def __len__(self) -> int:
        return len(self.times)

    def start_private(self) -> None:
        """What is added from now on is from private channels."""
        self._is_public_until = len(self)

    def public(self) -> "HelpMatrix":
        """Those that are not from private channels."""
        if self._is_public_until in {None, len(self)}:
            return self
        some = HelpMatrix(self._indexes)
        end = self._is_public_until
        some.helpers, some.askers = self.helpers[:end], self.askers[:end]
        some.times = self.times[:end]
        return some

    @property
    def people(self) -> list[str]:
        """Everybody who helped or asked; their places are their numbers."""
        return list(self._indexes)

    def first_mark_times(
        self, helpers: Collection[int], since: float, until: float
    ) -> dict[int, float]:
        """When each of these helpers earned their first mark in (since, until]."""
        first: dict[int, float] = {}
        for helper, at in zip(self.helpers, self.times, strict=True):
            if helper in helpers and since < at <= until:
                first[helper] = min(at, first.get(helper, at))
        return first


@dataclass(frozen=True, slots=True)
class Period:
    """A week, by the local day on which it ends, and the instant at which it does."""

    day: date
    until: datetime


@dataclass(frozen=True, slots=True)
class Candidate:
    """What one person did in the window, and how expected it was."""

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
    """Somebody most of whose marks come from people whom their own marks lead to."""

    member: str
    people: tuple[str, ...]
    marks: int
    marks_from_ring: int


@dataclass(frozen=True, slots=True)
class DetectionResult:
    """Who qualifies, the least expected first, and in which window."""

    window_days: int
    all_messages: int
    candidates: Sequence[Candidate] = ()
    rings: Sequence[Ring] = ()


WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
# A look that is later than this would be a surprise: the next one comes soon enough.
MAX_RUN_DELAY = timedelta(days=2)


def last_period(
    now: datetime, in_zone: ZoneInfo, settings: MentorSettings
) -> Period | None:
    """The period that has just ended; None where its end is too long ago."""
    today = zones.local_date(now, in_zone)
    weekday = WEEKDAYS.index(settings.weekday)
    for back in range(8):
        day = today - timedelta(days=back)
        if day.weekday() != weekday:
            continue
        until = zones.to_utc(datetime.combine(day, time(settings.hour)), in_zone)
        if until <= now:
            return Period(day, until) if now - until <= MAX_RUN_DELAY else None
    return None


def period_of(now: datetime, in_zone: ZoneInfo, settings: MentorSettings) -> date:
    """The day on which the period ends that an instant is in."""
    day = zones.local_date(now, in_zone)
    while day.weekday() != WEEKDAYS.index(settings.weekday):
        day += timedelta(days=1)
    until = zones.to_utc(datetime.combine(day, time(settings.hour)), in_zone)
    return day if now < until else day + timedelta(days=7)


@cache
def helpfulness(marks: int) -> float:
    """1 + 1/2 + … + 1/n: each further mark by the same asker counts for less."""
    return math.fsum(1 / n for n in range(1, marks + 1))


def score(observed: float, expected: float, z: float) -> float:
    """The cautious estimate of observed over expected, with one of each added.

    The lower bound of a gamma distribution of k = H + 1, by Wilson and Hilferty.
    """
    k = observed + 1
    return k * (1 - 1 / (9 * k) - z / (3 * math.sqrt(k))) ** 3 / (expected + 1)


def top_talkers(
    messages: Mapping[str, int], settings: MentorSettings
) -> frozenset[str]:
    """Those who write most; of people who write as much, the ids decide."""
    writers = sorted((-count, member) for member, count in messages.items() if count)
    if len(writers) < settings.small_team:
        share = math.floor(len(writers) * settings.talkative_share + 1e-9)
        cut = max(settings.talkative_least, share)
    else:
        percent = math.ceil(len(writers) * settings.talkative_percent / 100)
        cut = max(settings.talkative_people, percent)
    return frozenset(member for _, member in writers[:cut])


# Of these people, those who answered enough others since then; with each stands the
# person's ring, which does not count.
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
    """Who is an unexpected mentor of the period that ends at `until`.

    `marks` reach back for `ring_days`, `messages` for `visibility_days`; `barred` are
    those who can't be credited at all. The result does not depend on the order of
    anything.
    """
    look = _Analysis(marks, messages, until, settings, excluded)
    # What is said in private channels is not told to leads, who may not be in them.
    public = marks.public()
    noted = (
        look if public is marks else _Analysis(public, {}, until, settings, ())
    ).rings()
    for window, days in enumerate(settings.windows_days):
        standings = look.candidates(window, find_answerers)
        if standings:
            return DetectionResult(days, look.all_messages, standings, noted)
    return DetectionResult(settings.windows_days[-1], look.all_messages, (), noted)


class PairCounts:
    """The marks of a window, by helper and asker, sorted by them."""

    def __init__(
        self, marks: HelpMatrix, until: float, windows: Sequence[float]
    ) -> None:
        """`windows` are lengths in seconds, ascending; the last one is the longest."""
        people = len(marks.people)
        self._steps = steps = len(windows)
        # One number says who, by whom, and the shortest window that the mark is in.
        longest = windows[-1]
        keys = [
            (helper * people + asker) * steps + bisect_right(windows, age)
            for helper, asker, at in zip(
                marks.helpers, marks.askers, marks.times, strict=True
            )
            if 0 <= (age := until - at) < longest
        ]
        keys.sort()
        self._keys = array("q", keys)
        pairs = array("q", [pair for pair, _ in groupby(key // steps for key in keys)])
        del keys
        self.helpers = array("l", [pair // people for pair in pairs])
        self.askers = array("l", [pair % people for pair in pairs])

    def __len__(self) -> int:
        return len(self.helpers)

    def counts(self, window: int) -> Sequence[int]:
        """How many marks each pair has within one of the windows."""
        counts = array("l", [0]) * len(self)
        at, previous = -1, -1
        for key in self._keys:
            pair, step = divmod(key, self._steps)
            if pair != previous:
                at, previous = at + 1, pair
            if step <= window:
                counts[at] += 1
        return counts

    def starts(self, people: int) -> Sequence[int]:
        """Where each helper's pairs begin, and where the last one's end."""
        found = array("l", [0]) * (people + 1)
        for helper in self.helpers:
            found[helper + 1] += 1
        return array("l", accumulate(found))


@dataclass(slots=True)
class _Tally:
    """The marks of a helper in a window. `open_…`: by askers not marked in return.

    `is_seen_outside`: one of those is outside the helper's ring, and has dealt with
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
        self._component = rings.strongly_connected_components(
            len(people), pairs.starts(len(people)), pairs.askers
        )
        self._is_returned = self._marked_in_return()
        self._excluded = top_talkers(messages, settings).union(excluded)
        self.all_messages = sum(messages.values())

    def candidates(self, window: int, find_answerers: FindAnswerers) -> list[Candidate]:
        """Those who pass the gate, in order, in one of the windows."""
        since = self._until - self._windows[window]
        total: list[float] = []
        passed: dict[int, _Tally] = {}
        nearly: dict[int, _Tally] = {}
        for helper, earned in self._tallies(window):
            total.append(math.fsum(earned.contributions))
            if earned.has_outside_asker and self._people[helper] not in self._excluded:
                (passed if self._has_enough(earned) else nearly)[helper] = earned
        if nearly:
            busy = find_answerers(self._ring_mates(nearly), since)
            passed |= {h: e for h, e in nearly.items() if self._people[h] in busy}
        all_earned = math.fsum(total)
        first = (
            self._marks.first_mark_times(passed, since, self._until) if passed else {}
        )
        return sorted(
            (
                self._candidate(helper, earned, all_earned, first[helper])
                for helper, earned in passed.items()
            ),
            key=lambda s: (-s.score, -s.askers, s.messages, s.first_at, s.member),
        )

    def _ring_mates(self, helpers: Collection[int]) -> dict[str, set[str]]:
        """Each of the helpers, with those who are in a ring with them."""
        ring, _, _ = self._circles
        mates: dict[int, set[str]] = {ring[helper]: set() for helper in helpers}
        for number, person in enumerate(self._people):
            if ring[number] in mates:
                mates[ring[number]].add(person)
        return {self._people[helper]: mates[ring[helper]] for helper in helpers}

    def _has_enough(self, tally: _Tally) -> bool:
        return (
            tally.open_marks >= self._settings.least_marks
            and tally.open_askers >= self._settings.least_askers
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
            score=score(observed, expected, self._settings.caution),
            messages=messages,
            first_at=first_at,
        )

    def _tallies(self, window: int) -> Iterator[tuple[int, _Tally]]:
        """Each helper with what they earned in the window."""
        current, earned = -1, _Tally()
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
                    yield current, earned
                current, earned = helper, _Tally()
            earned.marks += count
            if is_returned:
                earned.contributions.append(helpfulness(count) / 2)
                continue
            earned.contributions.append(helpfulness(count))
            earned.open_marks += count
            earned.open_askers += 1
            # Of those who deal with several rings, one at most is the helper's.
            if is_in_crowd[helper] and has_dealt[asker] and ring[asker] != ring[helper]:
                earned.has_outside_asker = True
        if current >= 0:
            yield current, earned

    @cached_property
    def _circles(self) -> tuple[Sequence[int], bytearray, bytearray]:
        """For each person the number of their ring, and two facts.

        Whoever leads to nobody and back, or to a whole community, is a ring of one.
        The facts: whether they are joined by marks with more people than a circle has;
        whether they dealt with people of several rings.
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
            rings.in_large_component(people, helpers, askers, circle),
            rings.in_several_groups(helpers, askers, ring),
        )

    def _marked_in_return(self) -> bytearray:
        """For each pair, whether the helper also marked the asker."""
        people, component = len(self._people), self._component
        # Two who marked each other are in the same component, as few are.
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
        """Find people whose marks, of all that are known, come mostly from a ring."""
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
        found = [
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
        return sorted(found, key=lambda ring: ring.member)
