"""The calendar of check-ins, compared with an independent enumeration."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice, pairwise
from typing import Any
from zoneinfo import ZoneInfo

import holidays
import pytest
from dateutil import rrule
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot import public_holidays, timezones
from bot.checkins import rules
from bot.checkins.rules import NTH, Occurrence, Recurrence
from tests.strategies import zones_that_differ

FIRST, LAST = date(2024, 1, 1), date(2030, 12, 31)
_DAYS = (rrule.MO, rrule.TU, rrule.WE, rrule.TH, rrule.FR, rrule.SA, rrule.SU)
_DAY = timedelta(days=1)
BERLIN, NUUK = ZoneInfo("Europe/Berlin"), ZoneInfo("America/Nuuk")

DATES = st.dates(FIRST, LAST)
TIMES = st.times().map(lambda at: at.replace(second=0, microsecond=0))
ZONES = st.sampled_from(sorted(timezones.known_names())).map(ZoneInfo)
EVERY = st.sampled_from(
    [("week", None), ("two weeks", None), *(("month", nth) for nth in NTH)]
)
RHYTHMS = st.builds(
    lambda every, **rest: Recurrence(every=every[0], nth=every[1], **rest),
    EVERY,
    weekdays=st.frozensets(st.integers(1, 7), min_size=1),
    starts_on=DATES,
    skips=st.frozensets(DATES, max_size=5),
    holidays_of=st.sampled_from([None, None, "DE", "US-CA", "JP"]),
)


def _by_rrule(rhythm: Recurrence, until: date) -> list[date]:
    """Return the due dates of RFC 5545 without the skipped dates."""
    days = [_DAYS[number - 1] for number in rhythm.weekdays]
    start = datetime.combine(rhythm.starts_on, time())
    options: dict[str, Any] = {"until": datetime.combine(until, time())}
    if rhythm.every == "month":
        weekdays = [day(rhythm.nth or 0) for day in days]
        rule = rrule.rrule(rrule.MONTHLY, start, byweekday=weekdays, **options)
    else:
        # RFC 5545 counts weeks from the first occurrence.
        first = rrule.rrule(rrule.WEEKLY, start, byweekday=days)[0]
        interval = 2 if rhythm.every == "two weeks" else 1
        rule = rrule.rrule(
            rrule.WEEKLY, first, interval, byweekday=days, wkst=rrule.MO, **options
        )
    dates = [earlier.date() for earlier in rule]
    return [d for d in dates if d not in rhythm.skips and not _is_holiday(rhythm, d)]


def _is_holiday(rhythm: Recurrence, day: date) -> bool:
    if rhythm.holidays_of is None:
        return False
    country, _, part = rhythm.holidays_of.partition("-")
    return day in holidays.country_holidays(
        country, subdiv=part or None, years=day.year
    )


def _one_after_another(rhythm: Recurrence) -> Iterator[date]:
    """Return all due dates of the years, by asking for the next after each."""
    day = FIRST
    while (dates := next(rules.due_dates(rhythm, day), LAST + _DAY)) <= LAST:
        yield dates
        day = dates + _DAY


def _check_instants(days: list[date], at: time, zone: ZoneInfo) -> None:
    """Check that dates have ordered instants that show their local times."""
    dates = [timezones.to_utc(datetime.combine(day, at), zone) for day in days]
    assert all(earlier < other for earlier, other in pairwise(dates))
    for day, instant in zip(days, dates, strict=True):
        meant = datetime.combine(day, at)
        shown = instant.astimezone(zone)
        # A skipped local time does not survive a round trip.
        round_trip = meant.replace(tzinfo=zone).astimezone(UTC).astimezone(zone)
        if round_trip.replace(tzinfo=None) == meant:
            # If two instants show the local time, it is the earlier one.
            assert (shown.replace(tzinfo=None), shown.fold) == (meant, 0)
        else:
            assert timedelta(0) < shown.replace(tzinfo=None) - meant <= _DAY


@given(RHYTHMS)
@settings(max_examples=25)
@pytest.mark.deep
def test_every_schedule_is_due_exactly_on_the_enumerated_dates(rhythm):
    assert list(_one_after_another(rhythm)) == _by_rrule(rhythm, LAST)


@given(RHYTHMS, TIMES, ZONES, DATES)
@example(
    # Two of its Mondays in a year are holidays.
    Recurrence("month", frozenset({1}), FIRST, nth=2, holidays_of="JP"),
    time(9),
    ZoneInfo("Asia/Tokyo"),
    FIRST,
)
@settings(max_examples=25)
@pytest.mark.deep
def test_every_due_date_has_one_occurrence_in_order_in_any_zone(
    rhythm, at, zone, first
):
    dates = list(islice(rules.occurrences(rhythm, at, zone, first), 20))
    # Twenty monthly dates, less holidays, may be more than are planned ahead.
    last = max(first, rhythm.starts_on) + rules.HORIZON
    expected = [d for d in _by_rrule(rhythm, LAST) if first <= d <= last][:20]
    assert [earlier.day for earlier in dates][: len(expected)] == expected
    _check_instants([earlier.day for earlier in dates], at, zone)
    assert [earlier.at for earlier in dates] == sorted(
        {earlier.at for earlier in dates}
    )


@pytest.mark.deep
@pytest.mark.timeout(900)
def test_in_every_zone_each_day_of_the_years_has_one_occurrence_in_order():
    daily = Recurrence("week", frozenset(range(1, 8)), FIRST)
    days = _by_rrule(daily, LAST)
    assert list(_one_after_another(daily)) == days
    assert len(days) == (LAST - FIRST).days + 1
    for zone in zones_that_differ(FIRST, LAST):
        # Times that clocks skip, show twice, and leave alone.
        for at in (time(0, 0), time(2, 30), time(9, 0), time(23, 30)):
            _check_instants(days, at, zone)


@given(RHYTHMS, TIMES, ZONES, DATES, TIMES)
@settings(max_examples=25)
@pytest.mark.deep
def test_the_next_date_is_after_now_and_skips_nothing_between(
    rhythm, at, zone, today, clock
):
    now = datetime.combine(today, clock, UTC)
    upcoming = list(islice(rules.upcoming(rhythm, at, zone, now=now), 3))
    every = [
        Occurrence(day, timezones.to_utc(datetime.combine(day, at), zone))
        for day in _by_rrule(rhythm, today + timedelta(days=600))
    ]
    expected = [earlier for earlier in every if earlier.at > now][:3]
    assert upcoming[: len(expected)] == expected


def _monday(**more: Any) -> Recurrence:
    return Recurrence("week", frozenset({1}), date(2026, 11, 1), **more)


def _next(rhythm: Recurrence, now: str, **more: Any) -> list[str]:
    at = timezones.to_utc(datetime.fromisoformat(now), BERLIN)
    dates = rules.upcoming(rhythm, time(9), BERLIN, now=at, **more)
    return [earlier.day.isoformat() for earlier in islice(dates, 3)]


def test_the_next_date_is_today_until_its_hour():
    assert _next(_monday(), "2026-11-30 08:59")[0] == "2026-11-30"
    assert _next(_monday(), "2026-11-30 09:00")[0] == "2026-12-07"


def test_a_date_with_a_round_gets_no_other():
    dates_with_rounds = frozenset({date(2026, 11, 30)})
    assert (
        _next(_monday(), "2026-11-30 06:00", used_dates=dates_with_rounds)[0]
        == "2026-12-07"
    )


def test_skipped_dates_and_holidays_are_left_out_and_listed():
    rhythm = Recurrence(
        "week",
        frozenset({5}),
        date(2026, 12, 1),
        skips=frozenset({date(2026, 12, 18)}),
        holidays_of="DE",
    )
    assert _next(rhythm, "2026-12-12 12:00")[0] == "2027-01-08"
    assert list(rules.exclusions(rhythm, date(2026, 12, 12), date(2027, 1, 8))) == [
        (date(2026, 12, 18), "left out"),
        (date(2026, 12, 25), "Christmas Day"),
        (date(2027, 1, 1), "New Year's Day"),
    ]


def test_the_preview_ends_at_the_planning_limit():
    never = Recurrence("week", frozenset({1}), date(2040, 1, 1))
    assert 100 < len(list(rules.due_dates(never, date(2026, 1, 1)))) < 120


def _occurrence(local: str, zone: ZoneInfo = BERLIN) -> Occurrence:
    at = datetime.fromisoformat(local)
    return Occurrence(at.date(), timezones.to_utc(at, zone))


@pytest.mark.parametrize(
    ("due", "until"),
    [
        ("2026-11-30 09:00", "2026-11-30 15:00"),
        ("2026-11-30 20:00", "2026-12-01 00:00"),
        # The clocks change meanwhile: six hours are six hours.
        ("2027-03-28 01:00", "2027-03-28 08:00"),
        ("2026-10-25 01:00", "2026-10-25 06:00"),
    ],
)
def test_a_round_may_be_six_hours_late_on_the_same_day(due, until):
    expected = timezones.to_utc(datetime.fromisoformat(until), BERLIN)
    assert rules.post_deadline(_occurrence(due), BERLIN) == expected


def test_a_time_skipped_into_the_next_day_has_its_grace_there():
    due = _occurrence("2026-03-28 23:30", NUUK)
    assert timezones.local_date(due.at, NUUK) == date(2026, 3, 29)
    assert rules.post_deadline(due, NUUK) == due.at + timedelta(hours=6)


def test_a_round_closes_at_the_same_hour_days_later_or_at_the_next_start():
    due = _occurrence("2026-10-23 09:00")
    assert rules.closing_time(due, 4, BERLIN, None) - due.at == timedelta(4, hours=1)
    then = _occurrence("2026-10-26 09:00")
    assert rules.closing_time(due, 4, BERLIN, then) == then.at


@pytest.mark.parametrize(
    ("rhythm", "words"),
    [
        (_monday(), "Every Monday at 09:00, Europe/Berlin"),
        (
            Recurrence("two weeks", frozenset({4, 1, 2}), FIRST),
            "Every second week on Monday, Tuesday and Thursday at 09:00, Europe/Berlin",
        ),
        (
            Recurrence("month", frozenset({5}), FIRST, nth=-1),
            "The last Friday of each month at 09:00, Europe/Berlin",
        ),
        (
            Recurrence("week", frozenset(range(1, 8)), FIRST),
            "Every day at 09:00, Europe/Berlin",
        ),
    ],
)
def test_a_schedule_is_described_in_words(rhythm, words):
    assert rules.describe_recurrence(rhythm, time(9), "Europe/Berlin") == words


def test_an_unknown_place_has_no_holidays():
    with pytest.raises(ValueError, match="no such place"):
        public_holidays.holidays("DE-XX", 2026)
