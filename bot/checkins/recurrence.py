"""Recurrence of check-ins: local dates, and their instants in UTC. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import cache
from typing import Literal
from zoneinfo import ZoneInfo

from bot import timezones

Every = Literal["week", "two weeks", "month"]
# The position of a weekday in the month; every month has these.
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
# The search for dates ends here: skips may leave no date at all.
HORIZON = timedelta(days=800)
POST_GRACE = timedelta(hours=6)
# The exclusion reason for a date in `skips`.
MANUAL_SKIP = "left out"

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Recurrence:
    """A rule for local dates, with its exceptions.

    `weekdays` are ISO weekdays, 1 is Monday; `nth` is a key of NTH if `every` is
    "month". "two weeks" counts from the week of the first such weekday on or after
    `starts_on`.
    """

    every: Every
    weekdays: frozenset[int]
    starts_on: date
    nth: int | None = None
    skips: frozenset[date] = field(default_factory=frozenset)
    # An ISO 3166 country or part of one: "DE", "DE-BY".
    holidays_of: str | None = None


@dataclass(frozen=True, slots=True)
class Occurrence:
    """A due local date, and its instant in UTC."""

    day: date
    at: datetime


def due_dates(recurrence: Recurrence, first: date) -> Iterator[date]:
    """Yield the due dates from `first` on, in order, up to the horizon."""
    for day in _candidate_dates(recurrence, first):
        if exclusion_reason(recurrence, day) is None:
            yield day


def exclusions(
    recurrence: Recurrence, first: date, last: date
) -> Iterator[tuple[date, str]]:
    """Yield excluded dates between `first` and `last`, each with the reason."""
    for day in _candidate_dates(recurrence, first):
        if day > last:
            return
        why = exclusion_reason(recurrence, day)
        if why is not None:
            yield day, why


def exclusion_reason(recurrence: Recurrence, day: date) -> str | None:
    """Return the reason why the date is excluded, or None if it is not."""
    if day in recurrence.skips:
        return MANUAL_SKIP
    if recurrence.holidays_of is not None:
        return holidays(recurrence.holidays_of, day.year).get(day)
    return None


def occurrences(
    recurrence: Recurrence, at: time, zone: ZoneInfo, first: date
) -> Iterator[Occurrence]:
    """Yield the occurrences from the local date `first` on, in order."""
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
    """Yield the occurrences after `now`, except on `used_dates` (local dates)."""
    # A time that the clocks skip may fall on the day after its date.
    first = timezones.local_date(now, zone) - _DAY
    for occurrence in occurrences(recurrence, at, zone, first):
        if occurrence.at > now and occurrence.day not in used_dates:
            yield occurrence


def post_deadline(occurrence: Occurrence, zone: ZoneInfo) -> datetime:
    """Return the latest time to post: six hours late, on the same local day."""
    _, midnight = timezones.day_bounds(occurrence.at, zone)
    return min(occurrence.at + POST_GRACE, midnight)


def closing_time(
    occurrence: Occurrence, open_days: int, zone: ZoneInfo, following: Occurrence | None
) -> datetime:
    """Return the end of a round: after `open_days`, at the same local time.

    It ends earlier if `following` is due before that.
    """
    local = occurrence.at.astimezone(zone).replace(tzinfo=None)
    end = timezones.to_utc(local + open_days * _DAY, zone)
    return end if following is None else min(end, following.at)


def _candidate_dates(recurrence: Recurrence, first: date) -> Iterator[date]:
    """Yield the dates of the rule, before exclusions."""
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
    """Return the Monday of the week with the first due weekday."""
    day = recurrence.starts_on
    while day.isoweekday() not in recurrence.weekdays:
        day += _DAY
    return _monday(day)


def _monday(day: date) -> date:
    return day - (day.isoweekday() - 1) * _DAY


@cache
def holidays(region: str, year: int) -> Mapping[date, str]:
    """Return the public holidays of a country or part of one, by date.

    Raises ValueError for an unknown region.
    """
    # The import takes a fifth of a second, and most channels need no holidays.
    import holidays as calendars  # noqa: PLC0415

    country, _, part = region.partition("-")
    try:
        calendar = calendars.country_holidays(
            country, subdiv=part or None, years=year, language="en_US"
        )
    except NotImplementedError as error:
        raise ValueError("no such place") from error
    return dict(calendar.items())


@cache
def countries() -> frozenset[str]:
    """Return the codes of the countries with known holidays."""
    import holidays as calendars  # noqa: PLC0415

    return frozenset(calendars.list_supported_countries(include_aliases=False))


def describe(recurrence: Recurrence, at: time, zone: str) -> str:
    """Describe it in English: "Every second Monday at 09:00, Europe/Berlin"."""
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
