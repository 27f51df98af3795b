"""Formats of meetings: the minutes of the steps make up the meeting."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.circles.formats import (
    MAX_MINUTES,
    MIN_MINUTES,
    Format,
    StepKind,
    plan,
    turn_count,
)
from tests.keeper import ANA, BEN, CHI, DEV, PEOPLE


def test_the_default_plan_is_an_hour_with_three_turns():
    steps = plan(Format.TURNS, 60, [ANA, BEN, CHI, DEV])
    assert [(step.kind.value, step.minutes, step.member) for step in steps] == [
        ("arrive", 6, None),
        ("last_time", 4, None),
        *(
            (kind, minutes, member)
            for member in (ANA, BEN, CHI)
            for kind, minutes in (
                ("issue", 2),
                ("kind_of_help", 1),
                ("questions", 5),
                ("ideas", 5),
                ("next_action", 2),
            )
        ),
        ("take_away", 4, None),
    ]


def test_with_fewer_people_each_has_more_time():
    minutes = {
        step.kind: step.minutes for step in plan(Format.TURNS, 60, [ANA, BEN])[2:7]
    }
    assert minutes[StepKind.QUESTIONS] == minutes[StepKind.IDEAS] == 9


@pytest.mark.parametrize("meeting_format", [Format.TURNS, Format.CASE_CLINIC])
def test_without_anyone_who_wants_a_turn_it_is_an_open_round(meeting_format):
    steps = plan(meeting_format, 60, [])
    assert [step.kind for step in steps] == [
        StepKind.ARRIVE,
        StepKind.LAST_TIME,
        StepKind.OPEN_ROUND,
        StepKind.TAKE_AWAY,
    ]


def test_a_first_meeting_has_no_last_time():
    kinds = [step.kind for step in plan(Format.TURNS, 60, [ANA], is_first=True)]
    assert StepKind.LAST_TIME not in kinds
    assert kinds[1] == StepKind.HOPES


def test_a_case_clinic_has_one_case():
    steps = plan(Format.CASE_CLINIC, 60, [BEN, ANA])
    assert {step.member for step in steps} == {None, BEN}
    assert [step.minutes for step in steps] == [6, 4, 6, 10, 18, 6, 6, 4]


def test_an_open_discussion_has_goal_scope_and_actions():
    steps = plan(Format.DISCUSSION, 60, [BEN, ANA])
    assert [step.minutes for step in steps] == [6, 4, 4, 4, 10, 20, 8, 4]
    assert {step.member for step in steps} == {None}


@given(
    st.sampled_from(Format),
    st.integers(MIN_MINUTES, MAX_MINUTES),
    st.integers(0, len(PEOPLE)),
)
def test_a_plan_fits_the_time_of_the_meeting(meeting_format, minutes, count):
    steps = plan(meeting_format, minutes, PEOPLE[:count])
    assert sum(step.minutes for step in steps) <= minutes
    assert min(step.minutes for step in steps) >= 1
    people = {step.member for step in steps} - {None}
    assert len(people) == min(count, turn_count(meeting_format, minutes))
    assert steps[-1].kind == StepKind.TAKE_AWAY
