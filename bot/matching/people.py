"""People, and all that matching knows about them. Pure.

The caller decides what is known: a team that a member hides is not given, nor is an ask
that the other may not see. Ids are opaque.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from enum import IntFlag
from functools import lru_cache
from types import MappingProxyType
from zoneinfo import ZoneInfo

from bot.timezones import DAY_END, DAY_START

# A week in UTC has so many quarters of an hour; some zones differ by quarters.
_QUARTER = timedelta(minutes=15)
_QUARTERS_PER_HOUR = 4
_QUARTERS_PER_DAY = 24 * _QUARTERS_PER_HOUR
_QUARTERS = 7 * _QUARTERS_PER_DAY
_WEEK = (1 << _QUARTERS) - 1
# The bit after the week: people who can meet in writing need no common hour.
_IN_WRITING = 1 << _QUARTERS


AskIds = Mapping[str, tuple[int, ...]]


class Way(IntFlag):
    """The ways in which a person wants to meet."""

    CALLS = 1
    WRITING = 2
    EITHER = 3


@dataclass(frozen=True, slots=True)
class Hours:
    """When a person can meet, by the clock of their own zone.

    `end` is later than `start`, or midnight for the end of the day. `never` has the
    hours that do not work, as (weekday, hour); Monday is 0.
    """

    start: time = DAY_START
    end: time = DAY_END
    weekdays: frozenset[int] = frozenset(range(5))
    never: frozenset[tuple[int, int]] = frozenset()


@dataclass(frozen=True, slots=True)
class Person:
    """A person who wants to be matched.

    Facts about two people (`met`, `helped`, `poor_fits`, `do_not_pair`) count if either
    of them has them. Unknown facts are None or empty, and cost nothing.
    """

    id: str
    # Topics and their weights: asked about or wanted, and helped with or known. A topic
    # without asks below is one that the person named.
    wants: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    knows: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    # The ids of asks by topic: the person's own, the open ones among them, those with
    # which the person's answers helped, and those that they solved.
    asked: AskIds = field(default_factory=lambda: MappingProxyType({}))
    open_asks: AskIds = field(default_factory=lambda: MappingProxyType({}))
    helped_with: AskIds = field(default_factory=lambda: MappingProxyType({}))
    solved: AskIds = field(default_factory=lambda: MappingProxyType({}))
    # The chance, 0 to 1, that the person answers an ask that fits.
    activity: float = 1.0
    team: str | None = None
    level: str | None = None
    manager: str | None = None
    zone: ZoneInfo | None = None
    hours: Hours | None = None
    # The beginnings and ends (UTC) of meetings with others that the person has.
    busy: tuple[tuple[datetime, datetime], ...] = ()
    # The country or part of one whose public holidays the person has: "DE", "DE-BY".
    holidays_of: str | None = None
    languages: frozenset[str] = frozenset()
    way: Way = Way.EITHER
    is_newcomer: bool = False
    may_facilitate: bool = True
    # The rounds in a row in which nobody could be found for the person.
    rounds_left_out: int = 0
    # Ids, with the number of rounds since the last meeting, 1 for the last round.
    met: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    # Ids of those of `met` who count because they are in a circle with the person now.
    circle_mates: frozenset[str] = frozenset()
    # Ids of those who answered the person's asks, or whose asks the person answered.
    helped: frozenset[str] = frozenset()
    poor_fits: frozenset[str] = frozenset()
    do_not_pair: frozenset[str] = frozenset()


def utc_offset(person: Person, at: datetime) -> float | None:
    """Return the hours that the person's clock is ahead of UTC, or None."""
    if person.zone is None:
        return None
    offset = at.astimezone(person.zone).utcoffset()
    return offset / timedelta(hours=1) if offset is not None else None


def meeting_times(person: Person, at: datetime) -> int:
    """Return the times at which an hour of the person's week is free, as bits.

    Bit n stands for the n-th quarter of an hour of the week in UTC, with the offset
    from UTC of `at`. People can meet if their bits have one in common: the start of an
    hour, or the last bit, for people who can meet in writing. A meeting that the person
    has takes its time of every week, by the person's clock.
    """
    taken = _taken_hours(person, at) if person.busy else 0
    if person.zone is None or person.hours is None:
        return _WEEK & ~taken | _IN_WRITING
    offset = at.astimezone(person.zone).utcoffset() or timedelta()
    free = _free_hours(person.hours, round(offset / _QUARTER)) & ~taken
    return free | (_IN_WRITING if person.way & Way.WRITING else 0)


def _taken_hours(person: Person, at: datetime) -> int:
    """Return the starts of hours in which the person has a meeting, as bits."""
    zone = person.zone or UTC
    offset = round((at.astimezone(zone).utcoffset() or timedelta()) / _QUARTER)
    taken = 0
    for start, end in person.busy:
        local = start.astimezone(zone)
        first = local.weekday() * _QUARTERS_PER_DAY + _quarter(local.time()) - offset
        last = first + math.ceil((end - start) / _QUARTER)
        for quarter in range(first - _QUARTERS_PER_HOUR + 1, last):
            taken |= 1 << quarter % _QUARTERS
    return taken


@lru_cache(maxsize=4096)
def _free_hours(hours: Hours, offset: int) -> int:
    first = _quarter(hours.start)
    last = _quarter(hours.end) or _QUARTERS_PER_DAY
    free = 0
    for weekday in hours.weekdays:
        for quarter in range(first, last):
            if (weekday, quarter // _QUARTERS_PER_HOUR) not in hours.never:
                free |= (
                    1 << (weekday * _QUARTERS_PER_DAY + quarter - offset) % _QUARTERS
                )
    starts = free
    for later in range(1, _QUARTERS_PER_HOUR):
        starts &= (free >> later | free << _QUARTERS - later) & _WEEK
    return starts


def _quarter(at: time) -> int:
    return at.hour * _QUARTERS_PER_HOUR + at.minute // 15
