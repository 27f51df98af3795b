"""When somebody's choices let the bot write to them by itself."""

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from bot.workspace.member_settings import MemberSettings

ANA = MemberSettings()
HERE = ZoneInfo("Europe/Helsinki")


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=HERE)


@pytest.mark.parametrize(
    ("at", "is_welcome"),
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
def test_from_nine_to_five_on_working_days_unless_somebody_chose_others(at, is_welcome):
    assert ANA.allows_contact_at(local(at)) is is_welcome


def test_whoever_chose_their_hours_is_written_to_in_those():
    late = MemberSettings(hours_from=time(14), hours_to=time(22, 30))
    assert not late.allows_contact_at(local("2026-03-02T09:30:00"))
    assert late.allows_contact_at(local("2026-03-02T22:29:00"))


@pytest.mark.parametrize(
    ("at", "is_welcome"),
    [
        ("2026-03-02T21:59:00", False),
        ("2026-03-02T22:00:00", True),
        ("2026-03-03T05:59:00", True),
        ("2026-03-03T06:00:00", False),
        # The night of Friday goes on into Saturday, and that of Sunday into Monday.
        ("2026-03-07T05:00:00", True),
        ("2026-03-07T23:00:00", False),
        ("2026-03-09T05:00:00", False),
    ],
)
def test_hours_past_midnight_belong_to_the_day_that_they_start_on(at, is_welcome):
    night = MemberSettings(hours_from=time(22), hours_to=time(6))
    assert night.allows_contact_at(local(at)) is is_welcome


def test_a_pause_ends_with_the_day_that_was_named():
    away = MemberSettings(paused_until=date(2026, 3, 4))
    assert not away.allows_contact_at(local("2026-03-03T16:00:00"))
    assert away.allows_contact_at(local("2026-03-04T09:00:00"))
    assert not away.is_paused(date(2026, 3, 4))


def test_never_to_be_asked_is_no_times_a_week():
    assert ANA.accepts_requests
    assert not MemberSettings(max_requests_per_week=0).accepts_requests
