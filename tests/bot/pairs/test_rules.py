"""Rules of pairs, without a database."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.pairs import rules
from bot.pairs.rules import Answer, Answers, Fit, Outcome, Recurrence, State

BERLIN, NEW_YORK = ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York")
AUCKLAND, LONDON = ZoneInfo("Pacific/Auckland"), ZoneInfo("Europe/London")
TUESDAY = date(2026, 3, 10)

CHOICES = [*Answer, *Outcome, *Fit]
Press = tuple[str, Answer | Outcome | Fit, int]
PRESSES = st.lists(
    st.tuples(
        st.sampled_from(["U1", "U2", "U3"]),
        st.sampled_from(CHOICES),
        st.integers(1, 9),
    ),
    max_size=7,
)


def after(presses: Sequence[Press]) -> dict[str, Answers]:
    members = {member: Answers() for member in ("U1", "U2", "U3")}
    for member, choice, micros in presses:
        members[member] = rules.press(members[member], choice, micros)
    return members


@given(PRESSES, st.randoms(use_true_random=False))
def test_any_order_of_presses_gives_one_state(
    presses: list[Press], random: Random
) -> None:
    shuffled = presses.copy()
    random.shuffle(shuffled)
    # Slack also delivers a press twice.
    twice = [*shuffled, *presses[:2]]
    assert after(shuffled) == after(presses) == after(twice)
    assert rules.state(after(shuffled)) == rules.state(after(presses))


def test_a_match_is_open_until_someone_answers() -> None:
    assert rules.state(after([])) is State.OPEN
    assert rules.state(after([("U1", Answer.TIME, 1)])) is State.OPEN
    assert rules.state(after([("U1", Outcome.NOT_YET, 1)])) is State.OPEN


def test_two_of_three_still_meet() -> None:
    members = after([("U2", Answer.CANT, 1)])
    assert rules.state(members) is State.OPEN
    assert rules.staying(members) == ["U1", "U3"]
    members = after([("U2", Answer.CANT, 1), ("U1", Answer.CANT, 2)])
    assert rules.state(members) is State.CANCELLED


def test_someone_who_cannot_come_does_not_take_it_back() -> None:
    members = after([("U1", Answer.CANT, 1), ("U1", Answer.TIME, 2)])
    assert members["U1"].answer == Answer.CANT


def test_the_latest_answer_says_whether_they_met() -> None:
    assert rules.state(after([("U1", Outcome.MET, 1)])) is State.MET
    assert rules.state(after([("U1", Outcome.WONT, 1)])) is State.OVER
    corrected = [("U1", Outcome.MET, 1), ("U1", Outcome.NOT_YET, 2)]
    assert rules.state(after(corrected)) is State.OPEN
    # One of them knows best, if the others say something else.
    both = [("U1", Outcome.MET, 1), ("U2", Outcome.WONT, 2)]
    assert rules.state(after(both)) is State.MET


# Days of rounds


def test_the_first_round_is_on_the_next_such_day() -> None:
    now = datetime(2026, 3, 5, 12, tzinfo=UTC)
    assert Recurrence().next_day(None, now, [BERLIN]) == TUESDAY


def test_a_round_begins_when_its_hour_comes_in_the_first_zone() -> None:
    start = Recurrence().starts_at(TUESDAY, [NEW_YORK, AUCKLAND, BERLIN])
    assert start == datetime(2026, 3, 9, 21, tzinfo=UTC)


def test_rounds_follow_each_other_in_two_weeks() -> None:
    recurrence = Recurrence()
    now = datetime(2026, 3, 10, 12, tzinfo=UTC)
    assert recurrence.next_day(TUESDAY, now, [BERLIN]) == date(2026, 3, 24)


@pytest.mark.parametrize(
    ("weekday", "expected"),
    [(0, 23), (1, 24), (2, 25), (3, 26), (4, 27)],
)
def test_another_weekday_moves_the_next_round_by_days(
    weekday: int, expected: int
) -> None:
    now = datetime(2026, 3, 12, 12, tzinfo=UTC)
    day = Recurrence(weekday=weekday).next_day(TUESDAY, now, [BERLIN])
    assert day == date(2026, 3, expected)


def test_a_missed_round_is_formed_within_a_day_or_left_out() -> None:
    recurrence = Recurrence()
    late = datetime(2026, 3, 25, 8, 59, tzinfo=UTC)
    assert recurrence.next_day(TUESDAY, late, [BERLIN]) == date(2026, 3, 24)
    too_late = datetime(2026, 3, 25, 9, tzinfo=UTC)
    assert recurrence.next_day(TUESDAY, too_late, [BERLIN]) == date(2026, 3, 31)


@pytest.mark.parametrize("zone", [BERLIN, NEW_YORK, AUCKLAND, LONDON])
def test_each_member_gets_it_at_ten_whatever_the_clocks_do(zone: ZoneInfo) -> None:
    recurrence = Recurrence()
    for week in range(60):
        day = TUESDAY + timedelta(weeks=week)
        assert recurrence.local_time(day, zone).astimezone(zone).time() == time(10)


def test_the_clocks_may_change_on_the_day_of_a_round() -> None:
    # No office works on that Sunday, but a skipped hour must not break a round.
    recurrence = Recurrence(weekday=6, hour=2)
    start = recurrence.starts_at(date(2026, 3, 29), [BERLIN])
    assert start == datetime(2026, 3, 29, 1, tzinfo=UTC)


def test_the_reminder_skips_the_weekend() -> None:
    start = datetime(2026, 3, 26, 9, tzinfo=UTC)  # A Thursday, ten in Berlin.
    at = rules.remind_at(start, BERLIN)
    # On Tuesday, after the clocks have changed: ten again.
    assert at == datetime(2026, 3, 31, 8, tzinfo=UTC)


def test_the_reminder_skips_their_holidays() -> None:
    start = datetime(2026, 4, 2, 8, tzinfo=UTC)  # A Thursday, ten in Berlin.
    # Good Friday and Easter Monday are holidays.
    assert rules.remind_at(start, BERLIN, "DE").date() == date(2026, 4, 9)
    assert rules.remind_at(start, BERLIN).date() == date(2026, 4, 7)


@pytest.mark.parametrize(
    ("weeks", "is_too_early"), [(2, False), (3, True), (4, True), (8, True)]
)
def test_a_pace_allows_for_a_changed_weekday(weeks: int, is_too_early: bool) -> None:
    day = TUESDAY + timedelta(weeks=2)
    for moved in range(-3, 4):
        moved_day = day + timedelta(days=moved)
        assert rules.is_too_early(moved_day, TUESDAY, weeks) is is_too_early
