"""Working hours, compared with a clock that is looked at every quarter of an hour."""

from datetime import UTC, date, datetime, timedelta
from itertools import count
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.workspace.working_time import WorkingTime

BERLIN = WorkingTime(ZoneInfo("Europe/Berlin"))
QUARTER = timedelta(minutes=15)
# Zones with odd offsets and changes; in some the clocks change at midnight.
ZONES = st.sampled_from(
    [
        "Africa/Cairo",
        "America/Havana",
        "America/New_York",
        "America/Santiago",
        "Antarctica/Troll",
        "Asia/Kathmandu",
        "Asia/Tokyo",
        "Australia/Lord_Howe",
        "Europe/Berlin",
        "Pacific/Kiritimati",
        "UTC",
    ]
).map(ZoneInfo)
STARTS = st.datetimes(
    datetime(2024, 1, 1),  # noqa: DTZ001
    datetime(2030, 12, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)
QUARTERS = st.integers(0, 4 * 40).map(lambda quarters: quarters / 4)
DAYS_OFF = st.sets(st.integers(1, 28), max_size=5)


def without_days(days: set[int], zone: ZoneInfo) -> WorkingTime:
    return WorkingTime(zone, lambda day: day.day in days)


CALENDARS = st.builds(without_days, DAYS_OFF, ZONES)


def berlin(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN.zone)


def is_working(calendar: WorkingTime, at: datetime) -> bool:
    local = at.astimezone(calendar.zone)
    return (
        9 <= local.hour < 17
        and local.isoweekday() <= 5
        and not calendar.is_day_off(local.date())
    )


@pytest.mark.parametrize(
    ("start", "hours", "end"),
    [
        # A Monday.
        ("2026-03-02 10:00", 4, "2026-03-02 14:00"),
        ("2026-03-02 10:30", 0, "2026-03-02 10:30"),
        ("2026-03-02 06:00", 4, "2026-03-02 13:00"),
        ("2026-03-02 15:00", 4, "2026-03-03 11:00"),
        ("2026-03-02 22:00", 4, "2026-03-03 13:00"),
        ("2026-03-02 10:00", 24, "2026-03-05 10:00"),
        ("2026-03-02 10:00", 80, "2026-03-16 10:00"),
        # Nobody is asked when everyone goes home.
        ("2026-03-02 13:00", 4, "2026-03-03 09:00"),
        ("2026-03-02 17:00", 0, "2026-03-03 09:00"),
        # A Friday, and the days after it.
        ("2026-03-06 16:00", 4, "2026-03-09 12:00"),
        ("2026-03-06 13:00", 4, "2026-03-09 09:00"),
        ("2026-03-07 12:00", 4, "2026-03-09 13:00"),
        ("2026-03-08 23:59", 0, "2026-03-09 09:00"),
        # The clocks change on the Sunday.
        ("2026-03-27 16:00", 4, "2026-03-30 12:00"),
        ("2026-10-23 16:00", 4, "2026-10-26 12:00"),
    ],
)
def test_hours_pass_from_9_to_17_on_weekdays(start, hours, end):
    result = BERLIN.add(berlin(start).astimezone(UTC), hours)
    assert result == berlin(end)
    assert result.utcoffset() == timedelta(0)


def test_days_off_are_left_out():
    easter = {date(2026, 4, 3), date(2026, 4, 6)}
    calendar = WorkingTime(BERLIN.zone, easter.__contains__)
    assert calendar.add(berlin("2026-04-02 16:00"), 4) == berlin("2026-04-07 12:00")


@given(CALENDARS, STARTS, QUARTERS)
def test_it_is_the_time_that_a_clock_shows(calendar, start, hours):
    at, left = start, timedelta(hours=hours)
    for _ in count():
        if is_working(calendar, at):
            if not left:
                break
            left -= QUARTER
        at += QUARTER
    # `start` may be between two quarters, of which opening time is one.
    assert abs(calendar.add(start, hours) - at) < QUARTER


@given(CALENDARS, STARTS, QUARTERS)
def test_it_never_ends_outside_working_hours(calendar, start, hours):
    end = calendar.add(start, hours)
    assert end >= start + timedelta(hours=hours)
    assert is_working(calendar, end)


@given(CALENDARS, STARTS, QUARTERS, QUARTERS)
def test_hours_can_be_added_one_after_the_other(calendar, start, first, second):
    assert calendar.add(calendar.add(start, first), second) == calendar.add(
        start, first + second
    )


@given(CALENDARS, STARTS, QUARTERS, st.timedeltas(timedelta(), timedelta(days=9)))
def test_who_starts_later_ends_no_earlier(calendar, start, hours, later):
    assert calendar.add(start + later, hours) >= calendar.add(start, hours)
    assert calendar.add(start, hours + 0.25) > calendar.add(start, hours)
