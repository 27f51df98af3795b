"""The hours at which the bot may write to a member unasked."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.workspace.contact_hours import ContactHours
from bot.workspace.member_settings import MemberSettings

# A Wednesday.
EARLY = datetime(2026, 3, 4, 8, 0, tzinfo=UTC)
NOON = EARLY + timedelta(hours=4)
BERLIN = ZoneInfo("Europe/Berlin")


def reach(**more: object) -> ContactHours:
    return ContactHours(**{"zone": BERLIN, "start": time(9), "end": time(17), **more})  # type: ignore[arg-type]


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN).astimezone(UTC)


@pytest.mark.parametrize(
    ("text", "then"),
    [
        # A Wednesday in March, in Berlin's winter time.
        ("2026-03-04 09:00", "2026-03-04 09:00"),
        ("2026-03-04 16:59", "2026-03-04 16:59"),
        ("2026-03-04 17:00", "2026-03-05 09:00"),
        ("2026-03-04 03:00", "2026-03-04 09:00"),
        ("2026-03-06 20:00", "2026-03-09 09:00"),
        ("2026-03-07 10:00", "2026-03-09 09:00"),
        # In the night in which the clocks move forward.
        ("2026-03-28 12:00", "2026-03-30 09:00"),
    ],
)
def test_messages_arrive_in_the_members_own_daytime(text: str, then: str):
    assert reach().next_allowed(local(text)) == local(then)


@pytest.mark.parametrize(
    ("text", "is_welcome"),
    [
        ("2026-03-02T08:59:59", False),
        ("2026-03-02T09:00:00", True),
        ("2026-03-02T16:59:59", True),
        ("2026-03-02T17:00:00", False),
        ("2026-03-06T12:00:00", True),
        ("2026-03-07T12:00:00", False),
        ("2026-03-08T12:00:00", False),
    ],
)
def test_the_default_is_nine_to_five_on_working_days(text: str, is_welcome: bool):
    settings = MemberSettings()
    hours = reach(start=settings.hours_from, end=settings.hours_to)
    assert (hours.next_allowed(local(text)) == local(text)) is is_welcome


def test_chosen_hours_are_used():
    late = reach(start=time(14), end=time(22, 30))
    early, evening = local("2026-03-02T09:30:00"), local("2026-03-02T22:29:00")
    assert late.next_allowed(early) == local("2026-03-02T14:00:00")
    assert late.next_allowed(evening) == evening


@pytest.mark.parametrize(
    ("text", "is_welcome"),
    [
        ("2026-03-02T21:59:00", False),
        ("2026-03-02T22:00:00", True),
        ("2026-03-03T05:59:00", True),
        ("2026-03-03T06:00:00", False),
        # Friday's night reaches into Saturday, and Sunday's into Monday.
        ("2026-03-07T05:00:00", True),
        ("2026-03-07T23:00:00", False),
        ("2026-03-09T05:00:00", False),
    ],
)
def test_hours_past_midnight_belong_to_the_day_that_they_start_on(
    text: str, is_welcome: bool
):
    night = reach(start=time(22), end=time(6))
    assert (night.next_allowed(local(text)) == local(text)) is is_welcome


def test_a_pause_ends_with_its_last_day():
    away = MemberSettings(paused_until=date(2026, 3, 4))
    assert away.is_paused(date(2026, 3, 3))
    assert not away.is_paused(date(2026, 3, 4))


def test_an_absent_member_is_checked_again_another_day():
    assert reach(is_away=True).next_allowed(NOON) == NOON + timedelta(days=1)
    friday_evening = datetime(2026, 3, 6, 19, 0, tzinfo=UTC)
    back = reach(away_until=friday_evening).next_allowed(NOON)
    assert back == datetime(2026, 3, 9, 8, 0, tzinfo=UTC)
    assert reach(away_until=EARLY).next_allowed(NOON) == NOON


@given(
    now=st.datetimes(
        min_value=datetime(2024, 1, 1),  # noqa: DTZ001 - it is given one below.
        max_value=datetime(2030, 1, 1),  # noqa: DTZ001
    ),
    zone=st.sampled_from(["Europe/Berlin", "America/New_York", "Asia/Kathmandu"]),
    is_away=st.booleans(),
)
def test_a_message_is_never_in_the_past_at_night_or_at_a_weekend(now, zone, is_away):
    now = now.replace(tzinfo=UTC)
    at = reach(zone=ZoneInfo(zone), is_away=is_away).next_allowed(now)
    there = at.astimezone(ZoneInfo(zone))
    assert at >= now
    assert time(9) <= there.time() < time(17)
    assert there.isoweekday() <= 5
    assert reach(zone=ZoneInfo(zone)).next_allowed(at) == at
