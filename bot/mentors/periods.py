"""The weeks for which credits are given, by the local day on which they end. Pure."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot import timezones
from bot.config.mentors import MentorSettings


@dataclass(frozen=True, slots=True)
class Period:
    """A week: the local day on which it ends, and the time of its end (UTC)."""

    day: date
    until: datetime


WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
# A run that is later than this is skipped: its messages would surprise members.
MAX_RUN_DELAY = timedelta(days=2)


def last_period(
    now: datetime, in_zone: ZoneInfo, settings: MentorSettings
) -> Period | None:
    """Return the latest finished period, or None if it ended too long ago."""
    today = timezones.local_date(now, in_zone)
    weekday = WEEKDAYS.index(settings.weekday)
    for back in range(8):
        day = today - timedelta(days=back)
        if day.weekday() != weekday:
            continue
        until = timezones.to_utc(datetime.combine(day, time(settings.hour)), in_zone)
        if until <= now:
            return Period(day, until) if now - until <= MAX_RUN_DELAY else None
    return None


def period_of(now: datetime, in_zone: ZoneInfo, settings: MentorSettings) -> date:
    """Return the last day of the period that contains `now`."""
    day = timezones.local_date(now, in_zone)
    while day.weekday() != WEEKDAYS.index(settings.weekday):
        day += timedelta(days=1)
    until = timezones.to_utc(datetime.combine(day, time(settings.hour)), in_zone)
    return day if now < until else day + timedelta(days=7)
