"""When the bot may write to somebody by itself."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.workspace.contact_hours import ContactHours

# A Wednesday.
EARLY = datetime(2026, 3, 4, 8, 0, tzinfo=UTC)
NOON = EARLY + timedelta(hours=4)
BERLIN = ZoneInfo("Europe/Berlin")


def reach(**more: object) -> ContactHours:
    return ContactHours(**{"zone": BERLIN, "start": time(9), "end": time(17), **more})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("local", "then"),
    [
        # A Wednesday in March, in Berlin's winter time.
        ("2026-03-04 09:00", "2026-03-04 09:00"),
        ("2026-03-04 16:59", "2026-03-04 16:59"),
        ("2026-03-04 17:00", "2026-03-05 09:00"),
        ("2026-03-04 03:00", "2026-03-04 09:00"),
        ("2026-03-06 20:00", "2026-03-09 09:00"),
        ("2026-03-07 10:00", "2026-03-09 09:00"),
        # Over the night in which the clocks go forward.
        ("2026-03-28 12:00", "2026-03-30 09:00"),
    ],
)
def test_messages_come_in_somebodys_own_daytime(local: str, then: str):
    def at(text: str) -> datetime:
        return datetime.fromisoformat(text).replace(tzinfo=BERLIN).astimezone(UTC)

    assert reach().next_allowed(at(local)) == at(then)


def test_who_is_away_is_looked_at_again_another_day():
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
def test_a_message_is_never_before_now_at_night_or_at_a_weekend(now, zone, is_away):
    now = now.replace(tzinfo=UTC)
    at = reach(zone=ZoneInfo(zone), is_away=is_away).next_allowed(now)
    local = at.astimezone(ZoneInfo(zone))
    assert at >= now
    assert time(9) <= local.time() < time(17)
    assert local.isoweekday() <= 5
    assert reach(zone=ZoneInfo(zone)).next_allowed(at) == at
