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
from bot.config import MentorNumbers
from bot.mentors import rings

DAY = 86_400


class Marks:
    """Marks, in any order, as compact as a million of them ask for."""

    def __init__(self, numbers: dict[str, int] | None = None) -> None:
        """`numbers` gives people theirs; by default in the order of their coming."""
        self._numbers = {} if numbers is None else numbers
        self.helpers = array("l")
        self.askers = array("l")
        self.times = array("d")
        self._is_public_until: int | None = None

    def add(self, helper: str, asker: str, at: float) -> None:
        if helper == asker:
            return
        numbers = self._numbers
        self.helpers.append(numbers.setdefault(helper, len(numbers)))
        self.askers.append(numbers.setdefault(asker, len(numbers)))
        self.times.append(at)

    def __len__(self) -> int:
        return len(self.times)

    def turn_private(self) -> None:
        """What is added from now on is from private channels."""
        self._is_public_until = len(self)

    def public(self) -> "Marks":
        """Those that are not from private channels."""
        if self._is_public_until in {None, len(self)}:
            return self
        some = Marks(self._numbers)
        end = self._is_public_until
        some.helpers, some.askers = self.helpers[:end], self.askers[:end]
        some.times = self.times[:end]
        return some

    @property
    def people(self) -> list[str]:
        """Everybody who helped or asked; their places are their numbers."""
        return list(self._numbers)

    def firsts(
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
class Standing:
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
class Found:
    """Who qualifies, the least expected first, and in which window."""

    window_days: int
    all_messages: int
    standings: Sequence[Standing] = ()
    rings: Sequence[Ring] = ()


WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
# A look that is later than this would be a surprise: the next one comes soon enough.
LATE = timedelta(days=2)


def period(now: datetime, in_zone: ZoneInfo, numbers: MentorNumbers) -> Period | None:
    """The period that has just ended; None where its end is too long ago."""
    today = zones.local_date(now, in_zone)
    weekday = WEEKDAYS.index(numbers.weekday)
    for back in range(8):
        day = today - timedelta(days=back)
        if day.weekday() != weekday:
            continue
        until = zones.resolve(datetime.combine(day, time(numbers.hour)), in_zone)
        if until <= now:
            return Period(day, until) if now - until <= LATE else None
    return None


def period_of(now: datetime, in_zone: ZoneInfo, numbers: MentorNumbers) -> date:
    """The day on which the period ends that an instant is in."""
    day = zones.local_date(now, in_zone)
    while day.weekday() != WEEKDAYS.index(numbers.weekday):
        day += timedelta(days=1)
    until = zones.resolve(datetime.combine(day, time(numbers.hour)), in_zone)
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


def talkative(messages: Mapping[str, int], numbers: MentorNumbers) -> frozenset[str]:
    """Those who write most; of people who write as much, the ids decide."""
    writers = sorted((-count, member) for member, count in messages.items() if count)
    if len(writers) < numbers.small_team:
        share = math.floor(len(writers) * numbers.talkative_share + 1e-9)
        cut = max(numbers.talkative_least, share)
    else:
        percent = math.ceil(len(writers) * numbers.talkative_percent / 100)
        cut = max(numbers.talkative_people, percent)
    return frozenset(member for _, member in writers[:cut])


# Of these people, those who answered enough others since then; with each stands the
# person's ring, which does not count.
Answered = Callable[[Mapping[str, Collection[str]], float], Collection[str]]


def find(
    marks: Marks,
    messages: Mapping[str, int],
    answered: Answered,
    *,
    until: float,
    numbers: MentorNumbers,
    barred: Collection[str] = frozenset(),
) -> Found:
    """Who is an unexpected mentor of the period that ends at `until`.

    `marks` reach back for `ring_days`, `messages` for `visibility_days`; `barred` are
    those who can't be credited at all. The result does not depend on the order of
    anything.
    """
    look = _Look(marks, messages, until, numbers, barred)
    # What is said in private channels is not told to leads, who may not be in them.
    public = marks.public()
    noted = (look if public is marks else _Look(public, {}, until, numbers, ())).rings()
    for window, days in enumerate(numbers.windows_days):
        standings = look.qualified(window, answered)
        if standings:
            return Found(days, look.all_messages, standings, noted)
    return Found(numbers.windows_days[-1], look.all_messages, (), noted)


class _Pairs:
    """The marks of a window, by helper and asker, sorted by them."""

    def __init__(self, marks: Marks, until: float, windows: Sequence[float]) -> None:
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
class _Earned:
    """The marks of a helper in a window. `open_…`: by askers not marked in return.

    `is_seen_outside`: one of those is outside the helper's ring, and has dealt with
    somebody outside the helper's circle.
    """

    parts: list[float] = field(default_factory=list)
    marks: int = 0
    open_marks: int = 0
    open_askers: int = 0
    is_seen_outside: bool = False


class _Look:
    def __init__(
        self,
        marks: Marks,
        messages: Mapping[str, int],
        until: float,
        numbers: MentorNumbers,
        barred: Collection[str],
    ) -> None:
        self._marks, self._messages, self._numbers = marks, messages, numbers
        self._until = until
        self._people = people = marks.people
        self._windows = [
            *(days * DAY for days in numbers.windows_days),
            numbers.ring_days * DAY,
        ]
        self._pairs = pairs = _Pairs(marks, until, self._windows)
        self._component = rings.components(
            len(people), pairs.starts(len(people)), pairs.askers
        )
        self._returned = self._marked_in_return()
        self._out = talkative(messages, numbers).union(barred)
        self.all_messages = sum(messages.values())

    def qualified(self, window: int, answered: Answered) -> list[Standing]:
        """Those who pass the gate, in order, in one of the windows."""
        since = self._until - self._windows[window]
        total: list[float] = []
        passed: dict[int, _Earned] = {}
        nearly: dict[int, _Earned] = {}
        for helper, earned in self._helpers(window):
            total.append(math.fsum(earned.parts))
            if earned.is_seen_outside and self._people[helper] not in self._out:
                (passed if self._has_enough(earned) else nearly)[helper] = earned
        if nearly:
            busy = answered(self._ring_mates(nearly), since)
            passed |= {h: e for h, e in nearly.items() if self._people[h] in busy}
        all_earned = math.fsum(total)
        first = self._marks.firsts(passed, since, self._until) if passed else {}
        return sorted(
            (
                self._standing(helper, earned, all_earned, first[helper])
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

    def _has_enough(self, earned: _Earned) -> bool:
        return (
            earned.open_marks >= self._numbers.least_marks
            and earned.open_askers >= self._numbers.least_askers
        )

    def _standing(
        self, helper: int, earned: _Earned, all_earned: float, first_at: float
    ) -> Standing:
        member = self._people[helper]
        messages = self._messages.get(member, 0)
        share = messages / self.all_messages if self.all_messages else 0.0
        observed, expected = math.fsum(earned.parts), all_earned * share
        return Standing(
            member=member,
            marks=earned.marks,
            askers=len(earned.parts),
            helpfulness=observed,
            expected=expected,
            score=score(observed, expected, self._numbers.caution),
            messages=messages,
            first_at=first_at,
        )

    def _helpers(self, window: int) -> Iterator[tuple[int, _Earned]]:
        """Each helper with what they earned in the window."""
        current, earned = -1, _Earned()
        ring, is_in_crowd, has_dealt = self._circles
        rows = zip(
            self._pairs.helpers,
            self._pairs.askers,
            self._pairs.counts(window),
            self._returned,
            strict=True,
        )
        for helper, asker, count, is_returned in rows:
            if not count:
                continue
            if helper != current:
                if current >= 0:
                    yield current, earned
                current, earned = helper, _Earned()
            earned.marks += count
            if is_returned:
                earned.parts.append(helpfulness(count) / 2)
                continue
            earned.parts.append(helpfulness(count))
            earned.open_marks += count
            earned.open_askers += 1
            # Of those who deal with several rings, one at most is the helper's.
            if is_in_crowd[helper] and has_dealt[asker] and ring[asker] != ring[helper]:
                earned.is_seen_outside = True
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
        people, circle = len(self._people), self._numbers.circle_people
        sizes = Counter(self._component)
        most = self._numbers.ring_people
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
            rings.crowds(people, helpers, askers, circle),
            rings.mixed(helpers, askers, ring),
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
            if 1 < size <= self._numbers.ring_people:
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
            if count >= self._numbers.ring_marks
            and from_ring[helper] * 100 >= self._numbers.ring_percent * count
        ]
        return sorted(found, key=lambda ring: ring.member)
