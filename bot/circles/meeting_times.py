"""The times of a circle's meetings, and of what the bot does about them. Pure."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from bot import public_holidays, timezones

ANNOUNCED_WORKING_DAYS_BEFORE = 2
OFFERED_WORKING_DAYS_BEFORE = 4
_SATURDAY = 5


def planned_at(
    starts_at: datetime, zone: ZoneInfo, number: int, weeks_between: int
) -> datetime:
    """Return the time (UTC) of the meeting with this number; the first has 1.

    All are at one time of the day in the circle's zone, whatever the clocks do.
    """
    first = starts_at.astimezone(zone).replace(tzinfo=None)
    later = timedelta(weeks=weeks_between * (number - 1))
    return timezones.to_utc(first + later, zone)


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
