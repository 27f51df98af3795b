"""On which local dates a check-in is due, and at which instants. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import cache
from typing import Literal, get_args
from zoneinfo import ZoneInfo

from bot import timezones

Every = Literal["week", "two weeks", "month"]
EVERY: tuple[Every, ...] = get_args(Every)
# Which one of its weekday in the month; every month has these.
NTH = {1: "first", 2: "second", 3: "third", 4: "fourth", -1: "last"}
WEEKDAYS = (
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
POST_GRACE = timedelta(hours=6)
# Why a date is left out that somebody wished to be.
MANUAL_SKIP = "left out"

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Recurrence:
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


def due_dates(recurrence: Recurrence, first: date) -> Iterator[date]:
    """The due dates from `first` on, in order, as far as anybody plans ahead."""
    for day in _candidate_dates(recurrence, first):
        if exclusion_reason(recurrence, day) is None:
            yield day


def exclusions(
    recurrence: Recurrence, first: date, last: date
) -> Iterator[tuple[date, str]]:
    """The dates between that would be due but for a holiday or a skip, and why not."""
    for day in _candidate_dates(recurrence, first):
        if day > last:
            return
        why = exclusion_reason(recurrence, day)
        if why is not None:
            yield day, why


def exclusion_reason(recurrence: Recurrence, day: date) -> str | None:
    """Why the date is left out; None if it is not."""
    if day in recurrence.skips:
        return MANUAL_SKIP
    if recurrence.holidays_of is not None:
        return holidays(recurrence.holidays_of, day.year).get(day)
    return None


def occurrences(
    recurrence: Recurrence, at: time, zone: ZoneInfo, first: date
) -> Iterator[Occurrence]:
    """What is due from the local date `first` on, in order."""
    for day in due_dates(recurrence, first):
        yield Occurrence(day, timezones.to_utc(datetime.combine(day, at), zone))


def upcoming(
    recurrence: Recurrence,
    at: time,
    zone: ZoneInfo,
    *,
    now: datetime,
    used_dates: frozenset[date] = frozenset(),
) -> Iterator[Occurrence]:
    """What is due after `now`, but for the local dates that have had theirs."""
    # A time that the clocks skip may be due on the day after its date.
    first = timezones.local_date(now, zone) - _DAY
    for occurrence in occurrences(recurrence, at, zone, first):
        if occurrence.at > now and occurrence.day not in used_dates:
            yield occurrence


def post_deadline(occurrence: Occurrence, zone: ZoneInfo) -> datetime:
    """Until when it may be late: some hours, on the same local day."""
    _, midnight = timezones.day_bounds(occurrence.at, zone)
    return min(occurrence.at + POST_GRACE, midnight)


def closing_time(
    occurrence: Occurrence, open_days: int, zone: ZoneInfo, following: Occurrence | None
) -> datetime:
    """After so many days, at the same local time; before that where `then` is due."""
    local = occurrence.at.astimezone(zone).replace(tzinfo=None)
    end = timezones.to_utc(local + open_days * _DAY, zone)
    return end if following is None else min(end, following.at)


def _candidate_dates(recurrence: Recurrence, first: date) -> Iterator[date]:
    """Due dates before any is left out."""
    day = max(first, recurrence.starts_on)
    last = day + HORIZON
    start = _first_monday(recurrence)
    while day <= last:
        if day.isoweekday() in recurrence.weekdays and _matches(recurrence, day, start):
            yield day
        day += _DAY


def _matches(recurrence: Recurrence, day: date, first_monday: date) -> bool:
    match recurrence.every:
        case "week":
            return True
        case "two weeks":
            return (_monday(day) - first_monday).days % 14 == 0
        case "month" if recurrence.nth == -1:
            return (day + 7 * _DAY).month != day.month
        case "month":
            return (day.day - 1) // 7 + 1 == recurrence.nth


def _first_monday(recurrence: Recurrence) -> date:
    """The Monday of the week with the first due weekday."""
    day = recurrence.starts_on
    while day.isoweekday() not in recurrence.weekdays:
        day += _DAY
    return _monday(day)


def _monday(day: date) -> date:
    return day - (day.isoweekday() - 1) * _DAY


@cache
def holidays(region: str, year: int) -> Mapping[date, str]:
    """The public holidays of a country, or a part of it, by date.

    Raises ValueError where the place is unknown.
    """
    # It takes a fifth of a second, and most channels need none.
    import holidays as calendars  # noqa: PLC0415

    country, _, part = region.partition("-")
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


def describe(recurrence: Recurrence, at: time, zone: str) -> str:
    """In words: "Every second Monday at 09:00, Europe/Berlin"."""
    days = [WEEKDAYS[number - 1] for number in sorted(recurrence.weekdays)]
    listed = ", ".join(days[:-1]) + f" and {days[-1]}" if len(days) > 1 else days[0]
    match recurrence.every:
        case "week" if len(days) == len(WEEKDAYS):
            when = "Every day"
        case "week":
            when = f"Every {listed}"
        case "two weeks":
            when = f"Every second week on {listed}"
        case "month":
            when = f"The {NTH[recurrence.nth or 1]} {listed} of each month"
    return f"{when} at {at:%H:%M}, {zone}"
