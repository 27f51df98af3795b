"""The budget of unasked messages: how many, and which goes first."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.workspace import budget_rules
from bot.workspace.budget_rules import TURN, WINDOW, Purpose

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def test_requests_go_first_and_news_last():
    assert sorted(Purpose, key=lambda purpose: purpose.rank) == [
        Purpose.REQUEST,
        Purpose.CONSENT,
        Purpose.REMINDER,
        Purpose.QUESTION,
        Purpose.INVITATION,
        Purpose.NEWS,
    ]


@pytest.mark.parametrize(
    ("budget", "purpose", "places"),
    [
        (3, Purpose.CONSENT, 3),
        (3, Purpose.REQUEST, 3),
        (3, Purpose.REMINDER, 2),
        (3, Purpose.NEWS, 2),
        (2, Purpose.NEWS, 1),
        # Nothing would be left to the others.
        (1, Purpose.NEWS, 1),
        (0, Purpose.REQUEST, 0),
        (10, Purpose.INVITATION, 9),
    ],
)
def test_the_last_place_is_kept_for_requests_and_consent(budget, purpose, places):
    assert budget_rules.places(budget, purpose) == places


def test_a_message_waits_until_a_place_is_free():
    monday, tuesday = NOON - timedelta(days=5), NOON - timedelta(days=4)
    assert budget_rules.send_at(NOON, [monday], 0, 2) == NOON
    assert budget_rules.send_at(NOON, [tuesday, monday], 0, 2) == monday + WINDOW
    # Somebody lowered the budget: the first two have to be over.
    assert budget_rules.send_at(NOON, [tuesday, monday], 0, 1) == tuesday + WINDOW


def test_a_message_lets_those_ahead_of_it_go_first():
    assert budget_rules.send_at(NOON, [NOON], 1, 2) == NOON + TURN
    assert budget_rules.send_at(NOON, [NOON], 1, 3) == NOON


def test_requests_may_go_above_the_budget_as_far_as_a_member_takes_them():
    assert budget_rules.request_limit(3, 7) == 7
    assert budget_rules.request_limit(3, 1) == 3
    assert budget_rules.request_limit(0, 7) == 0


def test_without_a_budget_nothing_is_sent():
    assert budget_rules.send_at(NOON, [], 0, 0) > NOON


@given(
    budget=st.integers(1, 10),
    messages=st.lists(
        st.tuples(st.integers(0, 60 * 24 * 30), st.sampled_from(Purpose)), max_size=40
    ),
)
def test_nobody_gets_more_than_the_budget_in_any_seven_days(budget, messages):
    sent: list[datetime] = []
    for minutes, purpose in sorted(messages):
        now = NOON + timedelta(minutes=minutes)
        recent = [at for at in sent if at > now - WINDOW]
        places = budget_rules.places(budget, purpose)
        if (at := budget_rules.send_at(now, recent, 0, places)) == now:
            sent.append(now)
        else:
            # There is a place at that time, unless another message takes it.
            later = [past for past in sent if past > at - WINDOW]
            assert len(later) < places
    assert all(
        sum(start <= at < start + WINDOW for at in sent) <= budget for start in sent
    )
