"""The person who gets a suggestion, and when Monday's message is sent."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.worklist.rules import (
    MAX_PER_WEEK,
    WEEK,
    Loads,
    monday_message_at,
)

NOW = datetime(2026, 3, 9, 8, tzinfo=UTC)
HELSINKI = ZoneInfo("Europe/Helsinki")
PEOPLE = ("U1", "U2", "U3")

histories = st.lists(
    st.tuples(
        st.sampled_from(PEOPLE),
        st.integers(0, 40 * 24).map(lambda hours: NOW - timedelta(hours=hours)),
    ),
    max_size=60,
)


@given(histories, st.integers(0, 60))
def test_nobody_gets_a_sixth_in_a_week(history, count):
    loads = Loads(history, now=NOW)
    before = Counter(each for each, at in history if at > NOW - WEEK)
    given_now = Counter(
        chosen
        for chosen in (loads.choose(PEOPLE) for _ in range(count))
        if chosen is not None
    )
    for person in PEOPLE:
        if given_now[person]:
            assert before[person] + given_now[person] <= MAX_PER_WEEK


@given(histories, st.permutations(PEOPLE), st.permutations(PEOPLE))
def test_the_order_of_the_candidates_does_not_matter(history, some, others):
    first, second = Loads(history, now=NOW), Loads(history, now=NOW)
    assert [first.choose(some) for _ in range(20)] == [
        second.choose(others) for _ in range(20)
    ]


@given(histories)
def test_it_is_the_turn_of_whoever_got_the_fewest(history):
    loads = Loads(history, now=NOW)
    recent = Counter(each for each, at in history if at > NOW - timedelta(days=28))
    free = [person for person in PEOPLE if loads.room(person)]
    chosen = loads.choose(PEOPLE)
    assert chosen == min(free, key=lambda each: (recent[each], each), default=None)


def test_with_the_same_number_the_first_by_id_is_next():
    loads = Loads([], now=NOW)
    assert [loads.choose(["U2", "U1"]) for _ in range(3)] == ["U1", "U2", "U1"]


def test_a_week_later_there_is_room_again():
    history = [("U1", NOW)] * 5
    assert Loads(history, now=NOW).choose(["U1"]) is None
    assert Loads(history, now=NOW + WEEK).choose(["U1"]) == "U1"


def test_nobody_is_chosen_from_nobody():
    assert Loads([], now=NOW).choose([]) is None


# Monday 2026-03-09: ten o'clock in Helsinki is 8:00 UTC.


@given(st.text(min_size=1))
def test_messages_are_spread_over_the_hour(person):
    at = monday_message_at(NOW - timedelta(minutes=30), HELSINKI, person)
    assert at is not None
    assert NOW <= at < NOW + timedelta(hours=1)


@pytest.mark.parametrize(
    ("now", "is_sent"),
    [
        ("2026-03-09T06:59", False),
        ("2026-03-09T07:00", True),
        ("2026-03-09T14:59", True),
        ("2026-03-09T15:00", False),
        ("2026-03-08T08:00", False),
        ("2026-03-10T08:00", False),
    ],
)
def test_it_is_sent_on_mondays_from_ten_to_five(now, is_sent):
    at = datetime.fromisoformat(now).replace(tzinfo=UTC)
    assert (monday_message_at(at, HELSINKI, "U1") is not None) is is_sent


def test_it_is_ten_where_the_champion_is():
    kiritimati = ZoneInfo("Pacific/Kiritimati")
    at = monday_message_at(datetime(2026, 3, 8, 19, 30, tzinfo=UTC), kiritimati, "U1")
    assert at is not None
    assert at.astimezone(kiritimati).hour == 10
    assert monday_message_at(NOW, kiritimati, "U1") is None


def test_after_a_late_start_it_is_sent_at_once():
    late = NOW + timedelta(hours=3)
    assert monday_message_at(late, HELSINKI, "U1") == late
