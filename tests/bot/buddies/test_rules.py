"""Rules of buddies: who is new, who can be one, and when they rest."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.buddies import rules
from bot.buddies.rules import Answer, Week
from bot.matching.people import Person

NOW = datetime(2026, 3, 10, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("days", "is_new", "can_be_buddy"),
    [
        (None, True, False),
        (0, True, False),
        (89, True, False),
        (90, False, True),
        (730, False, True),
        (731, False, False),
    ],
)
def test_nobody_is_both_new_and_a_buddy(days, is_new, can_be_buddy):
    came_at = None if days is None else NOW - timedelta(days=days)
    assert rules.is_new(came_at, NOW) is is_new
    assert rules.can_be_buddy(came_at, NOW) is can_be_buddy


@pytest.mark.parametrize(
    ("newcomer", "buddy", "is_possible"),
    [("M", "M", False), ("M", "N", True), ("M", None, True), (None, None, True)],
)
def test_a_buddy_has_another_manager(newcomer, buddy, is_possible):
    people = Person("ana", manager=newcomer), Person("ben", manager=buddy)
    assert rules.may_help(*people) is is_possible


def test_a_buddy_rests_after_each_question_but_a_yes():
    ends_at = NOW + timedelta(days=20)
    rests = {
        answer: (rules.rests_until(answer, NOW, ends_at) - NOW).days
        for answer in (Answer.YES, Answer.NOT_NOW, None)
    }
    assert rests == {Answer.YES: 0, Answer.NOT_NOW: 30, None: 20}
    assert (rules.rests_until(None, NOW, NOW) - NOW).days == 14


def test_there_is_a_subject_for_each_of_four_weeks():
    plan = list(rules.plan(NOW))
    assert [week for week, _ in plan] == list(Week)
    assert [(at - NOW).days for _, at in plan] == [0, 7, 14, 21]
