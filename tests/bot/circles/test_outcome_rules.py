"""People have met if there are signs of at least two of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.circles.outcome_rules import Outcome, people_who_met
from tests.keeper import ANA, BEN, CHI, DEV, PEOPLE

ALL, PART, NONE = Outcome
MEMBERS = (ANA, BEN, CHI, DEV)


@pytest.mark.parametrize(
    ("answers", "active", "met"),
    [
        ({}, [], []),
        # One person alone starts and ends a meeting.
        ({}, [ANA], []),
        ({ANA: ALL}, [ANA], []),
        ({}, [ANA, BEN], [ANA, BEN]),
        ({ANA: ALL, BEN: ALL}, [], MEMBERS),
        ({ANA: ALL, BEN: ALL, CHI: PART}, [], [ANA, BEN, CHI]),
        ({ANA: ALL, BEN: ALL, CHI: NONE}, [], [ANA, BEN]),
        ({ANA: PART, BEN: NONE}, [BEN, CHI], [ANA, CHI]),
        ({ANA: NONE, BEN: NONE}, [ANA, BEN], []),
    ],
)
def test_people_met_if_there_are_signs_of_two(answers, active, met):
    assert people_who_met(MEMBERS, answers, active) == frozenset(met)


@given(
    st.dictionaries(st.sampled_from(PEOPLE), st.sampled_from(Outcome)),
    st.sets(st.sampled_from(PEOPLE)),
)
def test_never_one_person_alone_and_nobody_from_elsewhere(answers, active):
    met = people_who_met(MEMBERS, answers, active)
    assert len(met) != 1
    assert met <= set(MEMBERS)
    assert not [each for each in met if answers.get(each) is NONE]
