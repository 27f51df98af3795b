"""On which local dates a check-in is due, and at which instants. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import cache
from typing import Literal, get_args
from zoneinfo import ZoneInfo

from bot import zones

Every = Literal["week", "two weeks", "month"]
EVERY: tuple[Every, ...] = get_args(Every)
# Which one of its weekday in the month; every month has these.
NTH = {1: "first", 2: "second", 3: "third", 4: "fourth", -1: "last"}
DAYS = (
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
)
# Nobody plans further ahead, and a plan may leave no date at all.
HORIZON = timedelta(days=800)
GRACE = timedelta(hours=6)
# Why a date is left out that somebody wished to be.
SKIPPED = "left out"

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Rhythm:
    """Which local dates are due.

    `weekdays` are ISO's, 1 is Monday; `nth` is a key of NTH where `every` is "month".
    Of every second week, the first is the one with the first such weekday on or
    after `starts_on`.
    """

    every: Every
    weekdays: frozenset[int]
    starts_on: date
    nth: int | None = None
    skips: frozenset[date] = field(default_factory=frozenset)
    # An ISO 3166 country, perhaps with a part of it: "DE", "DE-BY".
    holidays_of: str | None = None


@dataclass(frozen=True, slots=True)
class Occurrence:
    """A local date, and the UTC instant at which it is due."""

    day: date
    at: datetime


def due_days(rhythm: Rhythm, first: date) -> Iterator[date]:
    """The due dates from `first` on, in order, as far as anybody plans ahead."""
    for day in _meant_days(rhythm, first):
        if why_not(rhythm, day) is None:
            yield day


def left_out(rhythm: Rhythm, first: date, last: date) -> Iterator[tuple[date, str]]:
    """The dates between that would be due but for a holiday or a skip, and why not."""
    for day in _meant_days(rhythm, first):
        if day > last:
            return
        why = why_not(rhythm, day)
        if why is not None:
            yield day, why


def why_not(rhythm: Rhythm, day: date) -> str | None:
    """Why the date is left out; None if it is not."""
    if day in rhythm.skips:
        return SKIPPED
    if rhythm.holidays_of is not None:
        return holidays(rhythm.holidays_of, day.year).get(day)
    return None


def occurrences(
    rhythm: Rhythm, at: time, zone: ZoneInfo, first: date
) -> Iterator[Occurrence]:
    """What is due from the local date `first` on, in order."""
    for day in due_days(rhythm, first):
        yield Occurrence(day, zones.resolve(datetime.combine(day, at), zone))


def upcoming(
    rhythm: Rhythm,
    at: time,
    zone: ZoneInfo,
    *,
    now: datetime,
    taken: frozenset[date] = frozenset(),
) -> Iterator[Occurrence]:
    """What is due after `now`, but for the local dates that have had theirs."""
    # A time that the clocks skip may be due on the day after its date.
    first = zones.local_date(now, zone) - _DAY
    for occurrence in occurrences(rhythm, at, zone, first):
        if occurrence.at > now and occurrence.day not in taken:
            yield occurrence


def post_before(occurrence: Occurrence, zone: ZoneInfo) -> datetime:
    """Until when it may be late: some hours, on the same local day."""
    _, midnight = zones.day_bounds(occurrence.at, zone)
    return min(occurrence.at + GRACE, midnight)


def closes_at(
    occurrence: Occurrence, open_days: int, zone: ZoneInfo, then: Occurrence | None
) -> datetime:
    """After so many days, at the same local time; before that where `then` is due."""
    local = occurrence.at.astimezone(zone).replace(tzinfo=None)
    end = zones.resolve(local + open_days * _DAY, zone)
    return end if then is None else min(end, then.at)


def _meant_days(rhythm: Rhythm, first: date) -> Iterator[date]:
    """Due dates before any is left out."""
    day = max(first, rhythm.starts_on)
    last = day + HORIZON
    start = _first_week(rhythm)
    while day <= last:
        if day.isoweekday() in rhythm.weekdays and _is_meant(rhythm, day, start):
            yield day
        day += _DAY


def _is_meant(rhythm: Rhythm, day: date, start: date) -> bool:
    match rhythm.every:
        case "week":
            return True
        case "two weeks":
            return (_monday(day) - start).days % 14 == 0
        case "month" if rhythm.nth == -1:
            return (day + 7 * _DAY).month != day.month
        case "month":
            return (day.day - 1) // 7 + 1 == rhythm.nth


def _first_week(rhythm: Rhythm) -> date:
    """The Monday of the week with the first due weekday."""
    day = rhythm.starts_on
    while day.isoweekday() not in rhythm.weekdays:
        day += _DAY
    return _monday(day)


def _monday(day: date) -> date:
    return day - (day.isoweekday() - 1) * _DAY


@cache
def holidays(place: str, year: int) -> Mapping[date, str]:
    """The public holidays of a country, or a part of it, by date.

    Raises ValueError where the place is unknown.
    """
    # It takes a fifth of a second, and most channels need none.
    import holidays as calendars  # noqa: PLC0415

    country, _, part = place.partition("-")
    try:
        found = calendars.country_holidays(
            country, subdiv=part or None, years=year, language="en_US"
        )
    except NotImplementedError as error:
        raise ValueError("no such place") from error
    return dict(found.items())


@cache
def countries() -> frozenset[str]:
    """The codes of the countries whose holidays we know."""
    import holidays as calendars  # noqa: PLC0415

    return frozenset(calendars.list_supported_countries(include_aliases=False))


def describe(rhythm: Rhythm, at: time, zone: str) -> str:
    """In words: "Every second Monday at 09:00, Europe/Berlin"."""
    days = [DAYS[number - 1] for number in sorted(rhythm.weekdays)]
    listed = ", ".join(days[:-1]) + f" and {days[-1]}" if len(days) > 1 else days[0]
    match rhythm.every:
        case "week" if len(days) == len(DAYS):
            when = "Every day"
        case "week":
            when = f"Every {listed}"
        case "two weeks":
            when = f"Every second week on {listed}"
        case "month":
            when = f"The {NTH[rhythm.nth or 1]} {listed} of each month"
    return f"{when} at {at:%H:%M}, {zone}"
