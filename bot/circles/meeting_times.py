"""The times of a circle's meetings, and of what the bot does about them. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from bot import public_holidays, timezones
from bot.circles.formats import Format

ANNOUNCED_WORKING_DAYS_BEFORE = 2
OFFERED_WORKING_DAYS_BEFORE = 4
_SATURDAY = 5

DEFAULT_MEETINGS = 6
DEFAULT_WEEKS = 2
DEFAULT_MINUTES = 60


@dataclass(frozen=True, slots=True)
class Recurrence:
    """The number of a circle's meetings, their distance, and their length."""

    meetings: int = DEFAULT_MEETINGS
    weeks_between: int = DEFAULT_WEEKS
    minutes: int = DEFAULT_MINUTES
    format: Format = Format.TURNS
    holidays_of: str | None = None


def planned_at(
    starts_at: datetime, zone: ZoneInfo, number: int, weeks_between: int
) -> datetime:
    """Return the time (UTC) of the meeting with this number; the first has 1.

    All are at one time of the day in the circle's zone, whatever the clocks do.
    """
    first = starts_at.astimezone(zone).replace(tzinfo=None)
    later = timedelta(weeks=weeks_between * (number - 1))
    return timezones.to_utc(first + later, zone)


def all_dates(
    starts_at: datetime, zone: ZoneInfo, recurrence: Recurrence
) -> list[datetime]:
    """Return the times (UTC) of a circle's meetings, before it moves any of them."""
    return [
        after_holidays(
            planned_at(starts_at, zone, number, recurrence.weeks_between),
            zone,
            recurrence.holidays_of,
        )
        for number in range(1, recurrence.meetings + 1)
    ]


def as_moved(
    dates: Sequence[datetime],
    *,
    past: Mapping[int, datetime],
    moved: Mapping[datetime, datetime],
) -> list[datetime]:
    """Return the times at which a circle meets instead of these of its rota.

    `past` has the times of meetings that were or are on, by their numbers, and `moved`
    those of moved ones, by the times of the rota.
    """
    return [
        past.get(number) or moved.get(at, at)
        for number, at in enumerate(dates, start=1)
    ]


def first_of(at: datetime, zone: ZoneInfo, number: int, weeks_between: int) -> datetime:
    """Return the time (UTC) of a first meeting whose meeting `number` is at `at`."""
    return planned_at(at, zone, 2 - number, weeks_between)


def holiday(at: datetime, zone: ZoneInfo, region: str | None) -> str | None:
    """Return the name of the region's public holiday on the day of a time, if any."""
    if region is None:
        return None
    day = timezones.local_date(at, zone)
    return public_holidays.holidays(region, day.year).get(day)


def after_holidays(at: datetime, zone: ZoneInfo, region: str | None) -> datetime:
    """Return the time, or the same time of the day after the region's holidays.

    It is then on a working day.
    """
    if holiday(at, zone, region) is None:
        return at
    local = at.astimezone(zone).replace(tzinfo=None) + timedelta(days=1)
    while not is_working_day(local.date()) or holiday(
        timezones.to_utc(local, zone), zone, region
    ):
        local += timedelta(days=1)
    return timezones.to_utc(local, zone)


def announced_at(planned: datetime, zone: ZoneInfo) -> datetime:
    """Return the time two working days before a meeting, at its time of the day."""
    return _working_days_before(planned, zone, ANNOUNCED_WORKING_DAYS_BEFORE)


def offered_at(planned: datetime, zone: ZoneInfo) -> datetime:
    """Return the time to ask a member about their ask: two working days earlier."""
    return _working_days_before(planned, zone, OFFERED_WORKING_DAYS_BEFORE)


def _working_days_before(planned: datetime, zone: ZoneInfo, days: int) -> datetime:
    local = planned.astimezone(zone).replace(tzinfo=None)
    left = days
    while left:
        local -= timedelta(days=1)
        left -= is_working_day(local.date())
    return timezones.to_utc(local, zone)


def is_working_day(day: date) -> bool:
    return day.weekday() < _SATURDAY


def next_working_day(day: date) -> date:
    """Return the day, or the Monday after it if it is in a weekend."""
    while not is_working_day(day):
        day += timedelta(days=1)
    return day
