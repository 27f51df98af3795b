"""Stages of a week in writing, at local times whatever the clocks do."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from bot.circles.writing import Stage, begins_at, end_of, stage_at

BERLIN = ZoneInfo("Europe/Berlin")
# The clocks change on Sunday 29 March.
MONDAY = datetime(2026, 3, 23, 8, tzinfo=UTC)


def test_a_week_goes_from_monday_to_monday():
    assert begins_at(date(2026, 3, 19), BERLIN) == MONDAY
    assert begins_at(date(2026, 3, 23), BERLIN) == MONDAY
    ends = [end_of(stage, MONDAY, BERLIN) for stage in Stage]
    assert ends == [
        datetime(2026, 3, 24, 8, tzinfo=UTC),
        datetime(2026, 3, 25, 17, tzinfo=UTC),
        datetime(2026, 3, 27, 11, tzinfo=UTC),
        # Nine o'clock, in summer time.
        datetime(2026, 3, 30, 7, tzinfo=UTC),
    ]


def test_each_stage_is_followed_by_the_next():
    for stage, following in zip(Stage, [*Stage, None][1:], strict=True):
        end = end_of(stage, MONDAY, BERLIN)
        assert stage_at(MONDAY, BERLIN, end - timedelta(seconds=1)) == stage
        assert stage_at(MONDAY, BERLIN, end) == following


@given(
    st.dates(date(2000, 1, 1), date(2100, 1, 1)),
    st.sampled_from(["Europe/Berlin", "America/New_York", "Asia/Kolkata", "UTC"]),
)
def test_a_week_begins_on_a_monday_at_nine_within_a_week(day, name):
    zone = ZoneInfo(name)
    local = begins_at(day, zone).astimezone(zone)
    assert (local.weekday(), local.hour) == (0, 9)
    assert 0 <= (local.date() - day).days < 7
