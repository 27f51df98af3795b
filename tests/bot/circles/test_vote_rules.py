"""What the answers of a circle's people decide."""

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.circles.vote_rules import ANSWERS, Answer, Kind, decision, is_missed

PEOPLE = ("U1", "U2", "U3", "U4", "U5")


@pytest.mark.parametrize(
    ("members", "met", "missed"),
    [
        ("abcd", "ab", True),
        ("abcd", "abc", False),
        ("abcde", "abc", False),
        ("abcde", "ab", True),
        ("ab", "ab", False),
        ("abcd", "xyz", True),
        # All who are in the circle came later.
        ("", "xyz", False),
    ],
)
def test_half_who_are_missing_are_enough(members: str, met: str, missed: bool):
    assert is_missed(members, met) is missed


@pytest.mark.parametrize(
    ("kind", "answers", "early", "late"),
    [
        (Kind.BREAK, "yes yes", Answer.YES, Answer.YES),
        (Kind.PLACE, "yes no no yes", Answer.YES, Answer.YES),
        (Kind.PLACE, "no no", None, Answer.YES),
        (Kind.QUIET, "end end", None, Answer.END),
    ],
)
def test_half_of_four_say_yes_or_end_it(
    kind: Kind, answers: str, early: Answer | None, late: Answer
):
    given_by = {
        person: Answer(answer)
        for person, answer in zip(PEOPLE, answers.split(), strict=False)
    }
    assert decision(kind, PEOPLE[:4], given_by, is_over=False) is early
    assert decision(kind, PEOPLE[:4], given_by, is_over=True) is late


@pytest.mark.parametrize(
    ("kind", "answers", "early", "late"),
    [
        (Kind.QUIET, "", None, Answer.BREAK),
        (Kind.QUIET, "continue", None, Answer.CONTINUE),
        # Of as many votes, the milder one counts.
        (Kind.QUIET, "end end time time", None, Answer.TIME),
        # The end of a circle takes half of it, and five are in this one.
        (Kind.QUIET, "end end", None, Answer.BREAK),
        (Kind.QUIET, "end end end", None, Answer.END),
        (Kind.QUIET, "continue end end end join", Answer.END, Answer.END),
        (Kind.BREAK, "yes yes", None, Answer.NO),
        (Kind.BREAK, "yes yes yes", Answer.YES, Answer.YES),
        (Kind.BREAK, "no no no", Answer.NO, Answer.NO),
        (Kind.PLACE, "", None, Answer.YES),
        (Kind.PLACE, "yes no no", None, Answer.YES),
        (Kind.PLACE, "no no no", Answer.NO, Answer.NO),
    ],
)
def test_answers_decide_by_now_or_at_the_end(
    kind: Kind, answers: str, early: Answer | None, late: Answer
):
    given_by = {
        person: Answer(answer)
        for person, answer in zip(PEOPLE, answers.split(), strict=False)
    }
    # Someone who left has no say.
    given_by["U9"] = ANSWERS[kind][-1]
    assert decision(kind, PEOPLE, given_by, is_over=False) is early
    assert decision(kind, PEOPLE, given_by, is_over=True) is late


@given(st.data(), st.sampled_from(Kind))
@pytest.mark.deep
def test_the_order_of_the_answers_does_not_matter(data: st.DataObject, kind: Kind):
    """Whoever answers first, the first decision that is possible is the same."""
    answers = data.draw(
        st.dictionaries(st.sampled_from(PEOPLE), st.sampled_from(ANSWERS[kind]))
    )
    results = set()
    for order in permutations(answers):
        known: dict[str, Answer] = {}
        result = None
        for person in order:
            known[person] = answers[person]
            result = result or decision(kind, PEOPLE, known, is_over=False)
        results.add(result or decision(kind, PEOPLE, known, is_over=True))
    if not answers:
        results.add(decision(kind, PEOPLE, {}, is_over=True))
    assert len(results) == 1
