"""Local days and hours, compared with a clock on the wall."""

import importlib.resources
import os
import subprocess
import sys
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot import timezones
from tests.strategies import offset_changes, zones_that_differ

BERLIN = ZoneInfo("Europe/Berlin")
# Zones that change at midnight, by half an hour, by two hours, with 45 minutes of
# offset, far from UTC on both sides, and never.
_ODD = [
    "Africa/Cairo",
    "America/Asuncion",
    "America/Havana",
    "America/New_York",
    "America/Nuuk",
    "America/Santiago",
    "Antarctica/Troll",
    "Asia/Beirut",
    "Asia/Gaza",
    "Asia/Kathmandu",
    "Atlantic/Azores",
    "Australia/Lord_Howe",
    "Europe/Berlin",
    "Etc/GMT+12",
    "Pacific/Chatham",
    "Pacific/Kiritimati",
    "UTC",
]
ZONES = st.one_of(
    st.sampled_from(_ODD), st.sampled_from(sorted(timezones.known_names()))
).map(ZoneInfo)
FIRST, LAST = date(2024, 1, 1), date(2030, 12, 31)
LOCAL = st.datetimes(
    datetime.combine(FIRST, time()), datetime.combine(LAST, time(23, 59))
)
NOW = LOCAL.map(lambda at: at.replace(tzinfo=UTC))


def _offset(at: datetime, zone: ZoneInfo) -> timedelta:
    offset = at.astimezone(zone).utcoffset()
    assert offset is not None
    return offset


def _shown(at: datetime, zone: ZoneInfo) -> datetime:
    return at.astimezone(zone).replace(tzinfo=None, fold=0)


def _instants_showing(local: datetime, zone: ZoneInfo) -> list[datetime]:
    """Return all instants at which the zone shows `local`, from nearby offsets."""
    around = [
        (local + timedelta(hours=hours)).replace(tzinfo=UTC) for hours in (-30, 0, 30)
    ]
    result = {local.replace(tzinfo=UTC) - _offset(at, zone) for at in around}
    return sorted(at for at in result if _shown(at, zone) == local)


def _check_resolve(local: datetime, zone: ZoneInfo) -> None:
    result = timezones.to_utc(local, zone)
    shown_at = _instants_showing(local, zone)
    if shown_at:
        assert result == shown_at[0]
    else:
        skipped = _offset(result, zone) - _offset(result - timedelta(days=1), zone)
        assert skipped > timedelta(0)
        assert _shown(result, zone) == local + skipped


def _check_day(now: datetime, zone: ZoneInfo) -> None:
    start, end = timezones.day_bounds(now, zone)
    today = timezones.local_date(now, zone)
    tick = timedelta(microseconds=1)
    assert start <= now < end
    assert timezones.local_date(start, zone) == today
    assert timezones.local_date(start - tick, zone) == today - timedelta(days=1)
    assert timezones.local_date(end - tick, zone) == today
    assert timezones.local_date(end, zone) == today + timedelta(days=1)


@given(LOCAL, ZONES)
def test_a_local_time_is_its_first_instant_or_moves_forward(local, zone):
    _check_resolve(local, zone)


@given(NOW, ZONES)
def test_a_local_day_contains_now_and_all_of_its_date(now, zone):
    _check_day(now, zone)


@pytest.mark.deep
@pytest.mark.timeout(600)
def test_around_every_clock_change_of_every_zone():
    for zone in zones_that_differ(FIRST, LAST):
        for change, _ in offset_changes(zone, FIRST, LAST):
            for quarter in range(-4 * 36, 4 * 36):
                at = change + quarter * timedelta(minutes=15)
                _check_day(at, zone)
                _check_resolve(at.replace(tzinfo=None), zone)


def test_a_skipped_time_moves_forward_and_a_repeated_one_is_the_first():
    skipped = datetime(2027, 3, 28, 2, 30)  # noqa: DTZ001
    doubled = datetime(2027, 10, 31, 2, 30)  # noqa: DTZ001
    assert timezones.to_utc(skipped, BERLIN) == datetime(2027, 3, 28, 1, 30, tzinfo=UTC)
    assert timezones.to_utc(doubled, BERLIN) == datetime(
        2027, 10, 31, 0, 30, tzinfo=UTC
    )


def test_fold_does_not_select_the_second_instant():
    doubled = datetime(2027, 10, 31, 2, 30, fold=1)  # noqa: DTZ001
    assert timezones.to_utc(doubled, BERLIN) == datetime(
        2027, 10, 31, 0, 30, tzinfo=UTC
    )


def test_an_aware_time_is_no_local_time():
    with pytest.raises(ValueError, match="with a zone"):
        timezones.to_utc(datetime(2027, 1, 1, tzinfo=UTC), BERLIN)


def test_days_are_shorter_or_longer_at_clock_changes():
    start, end = timezones.day_bounds(datetime(2027, 3, 28, 12, tzinfo=UTC), BERLIN)
    assert end - start == timedelta(hours=23)
    start, end = timezones.day_bounds(datetime(2027, 10, 31, 12, tzinfo=UTC), BERLIN)
    assert end - start == timedelta(hours=25)


@given(
    NOW,
    ZONES,
    st.times().map(lambda at: at.replace(second=0, microsecond=0)),
    st.times().map(lambda at: at.replace(second=0, microsecond=0)),
    st.booleans(),
)
@settings(max_examples=50)
def test_the_next_daytime_is_daytime_and_there_is_none_before(
    now, zone, start, end, weekends
):
    def is_daytime(at: datetime) -> bool:
        day, clock = _shown(at, zone).date(), _shown(at, zone).time()
        if start < end:
            inside = start <= clock < end
        else:
            inside = clock >= start or clock < end
            if clock < end:
                day -= timedelta(days=1)
        return inside and (weekends or day.weekday() < 5)

    result = timezones.next_open_time(
        now,
        zone,
        start,
        end,
        is_day_off=lambda day: not weekends and timezones.is_weekend(day),
    )
    assert result >= now
    at, step = now, timedelta(minutes=15)
    changing = {
        (now + timedelta(days=days)).astimezone(zone).utcoffset()
        for days in range(-2, 6)
    }
    if len(changing) > 1:
        return  # The window's ends may be skipped or repeated times.
    assert is_daytime(result)
    while at < result:
        assert not is_daytime(at)
        at += step


@pytest.mark.parametrize(
    ("now", "then"),
    [
        ("2026-11-24 10:30", "2026-11-24 10:30"),
        ("2026-11-24 09:00", "2026-11-24 09:00"),
        ("2026-11-24 08:59", "2026-11-24 09:00"),
        ("2026-11-24 17:00", "2026-11-25 09:00"),
        ("2026-11-27 17:00", "2026-11-30 09:00"),
        ("2026-11-28 12:00", "2026-11-30 09:00"),
    ],
)
def test_daytime_is_nine_to_five_on_weekdays(now, then):
    at = timezones.to_utc(datetime.fromisoformat(now), BERLIN)
    assert timezones.next_open_time(at, BERLIN) == timezones.to_utc(
        datetime.fromisoformat(then), BERLIN
    )


def test_hours_past_midnight_belong_to_the_day_that_they_start_on():
    saturday = datetime(2026, 11, 28, 3, tzinfo=UTC)
    night = (time(22), time(6))
    assert timezones.next_open_time(saturday, ZoneInfo("UTC"), *night) == saturday
    monday = datetime(2026, 11, 30, 3, tzinfo=UTC)
    assert timezones.next_open_time(monday, ZoneInfo("UTC"), *night) == datetime(
        2026, 11, 30, 22, tzinfo=UTC
    )


@pytest.mark.parametrize(
    "name",
    [
        None,
        "",
        "Mars/Olympus",
        "../../etc/passwd",
        "/etc/localtime",
        "Europe/Berlin\x00",
        "europe/berlin",
        " Europe/Berlin",
        "right/Europe/Berlin",
        "localtime",
        "Europe",
        "CET-1CEST",
        "A" * 10_000,
        "\ud800",
    ],
)
def test_a_hostile_name_is_no_zone(name):
    assert timezones.get(name) is None


def test_a_zone_is_found_by_its_name():
    assert timezones.get("Europe/Berlin") == BERLIN
    assert timezones.get("UTC") == ZoneInfo("UTC")


def test_the_package_goes_before_an_old_system(tmp_path: Path):
    old = tmp_path / "America" / "Mexico_City"
    old.parent.mkdir(parents=True)
    # A zone with summer time replaces Mexico's, with its rules of before 2022.
    chicago = importlib.resources.files("tzdata.zoneinfo.America") / "Chicago"
    old.write_bytes(chicago.read_bytes())
    # The zone may have been loaded before.
    code = (
        "import zoneinfo; zoneinfo.ZoneInfo('America/Mexico_City');"
        " from datetime import datetime; from bot import timezones;"
        " zone = timezones.get('America/Mexico_City');"
        " print(timezones.to_utc(datetime(2026, 7, 6, 9), zone))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parents[2],
        env=os.environ | {"PYTHONTZPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout.strip() == "2026-07-06 15:00:00+00:00"


def test_every_offset_of_a_zone_names_a_zone_that_has_it():
    days = [datetime(2026, month, 1, tzinfo=UTC) for month in range(1, 13)]
    offsets = {
        _offset(day, ZoneInfo(name)) for name in timezones.known_names() for day in days
    }
    assert len(offsets) > 30
    for offset in offsets:
        name = timezones.name_for_offset(int(offset.total_seconds()))
        assert name is not None
        assert offset in {_offset(day, ZoneInfo(name)) for day in days}


@pytest.mark.parametrize("offset", [None, "3600", True, 3600.0, 10**9, -(10**9), []])
def test_an_invalid_offset_names_no_zone(offset):
    assert timezones.name_for_offset(offset) is None


@pytest.mark.parametrize(
    ("name", "is_fixed"),
    [
        ("EST", True),
        ("MST", True),
        ("HST", True),
        ("GMT", True),
        ("Etc/GMT+5", True),
        ("Etc/GMT-14", True),
        ("Etc/Greenwich", True),
        # These are meant on purpose, are places, or have summer time.
        ("UTC", False),
        ("Etc/UTC", False),
        ("EST5EDT", False),
        ("CET", False),
        ("Asia/Tokyo", False),
        ("Japan", False),
        ("America/New_York", False),
    ],
)
def test_a_zone_without_a_place_is_recognised(name, is_fixed):
    assert name in timezones.known_names()
    assert timezones.is_fixed_offset(name) is is_fixed
