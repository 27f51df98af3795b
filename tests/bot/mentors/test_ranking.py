"""The numbers of unexpected mentors, and their order."""

import math
from fractions import Fraction
from statistics import NormalDist

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.detection import CROWD, QUIET, Mark, detect, names

# The numbers, computed another way


def wilson_hilferty(k: float, quantile: float) -> float:
    return float(k * (1 - 1 / (9 * k) + quantile / (3 * math.sqrt(k))) ** 3)


def by_the_book(marks: list[Mark], messages: dict[str, int]) -> dict[str, tuple]:
    """Return H, L and S of all, from sets and exact fractions, for 28 days."""
    pairs = {(helper, asker) for helper, asker, days in marks if 0 <= days < 366}
    earned: dict[str, Fraction] = {}
    for helper, asker in pairs:
        n = sum(1 for h, a, d in marks if (h, a) == (helper, asker) and 0 <= d < 28)
        worth = sum((Fraction(1, i) for i in range(1, n + 1)), Fraction(0))
        worth /= 2 if (asker, helper) in pairs else 1
        earned[helper] = earned.get(helper, Fraction(0)) + worth
    total, written = sum(earned.values()), sum(messages.values())
    z = NormalDist().inv_cdf(0.1)
    return {
        helper: (
            float(h),
            float(total * messages.get(helper, 0) / written),
            wilson_hilferty(float(h) + 1, z)
            / float(total * messages.get(helper, 0) / written + 1),
        )
        for helper, h in earned.items()
        if h
    }


PEOPLE = [f"U{n}" for n in range(12)]
MARKS = st.lists(
    st.tuples(
        st.sampled_from(PEOPLE),
        st.sampled_from(PEOPLE),
        st.one_of(st.integers(-3, 60), st.integers(360, 370)),
    ).filter(lambda mark: mark[0] != mark[1]),
    max_size=60,
)


@given(MARKS)
@pytest.mark.deep
def test_each_number_follows_the_definition(marks):
    messages = {person: 3 + 2 * n for n, person in enumerate(PEOPLE)}
    result = detect(
        marks,
        {**dict.fromkeys(CROWD, 0), "U0MIA": 0, **messages},
        windows_days=(28,),
        min_marks=1,
        min_askers=1,
        talkative_people=0,
        talkative_percent=0,
        small_team=0,
    )
    book = by_the_book(marks, messages)
    for standing in result.candidates:
        h, expected, s = book[standing.member]
        assert standing.helpfulness == pytest.approx(h, rel=1e-12)
        assert standing.expected == pytest.approx(expected, rel=1e-12)
        assert standing.score == pytest.approx(s, rel=1e-4)


def test_the_numbers_of_one_case_worked_out_by_hand():
    """Mia: 1 + 1/2 by Ana, 1 by Ben, 1/2 by Chi whom she marked: H = 3."""
    marks = [
        ("U0MIA", "U0ANA", 1.0),
        ("U0MIA", "U0ANA", 2.0),
        ("U0MIA", "U0BEN", 3.0),
        ("U0MIA", "U0CHI", 4.0),
        ("U0CHI", "U0MIA", 5.0),
    ]
    messages = {**dict.fromkeys(CROWD, 0), "U0MIA": 10, "U0OTHER": 90}
    [mia] = detect(marks, messages, small_team=0, talkative_people=1).candidates
    assert mia.helpfulness == 3
    # All H: 3, and Chi's 1/2, of which she is a tenth of the messages.
    assert mia.expected == pytest.approx(0.35)
    k = 4
    lower = k * (1 - 1 / 36 - 1.2816 / 6) ** 3
    assert mia.score == pytest.approx(lower / 1.35)
    assert lower == pytest.approx(1.7468, abs=1e-3)  # gamma.ppf(.1, 4) is 1.7448


def test_with_no_messages_nothing_is_expected():
    nobody = dict.fromkeys([*CROWD, "U0MIA"], 0)
    assert detect(QUIET, nobody).candidates[0].expected == 0


# The order, tie by tie


ALIKE: list[Mark] = [
    (helper, asker, days)
    for helper in ("U0MIA", "U0NOA")
    for asker, days in ((f"{helper}A", 3), (f"{helper}B", 2))
]


def test_the_least_expected_comes_first():
    messages = {"U0MIA": 300, "U0NOA": 4}
    assert names(detect(ALIKE, messages)) == ["U0NOA", "U0MIA"]


def test_of_equally_unexpected_members_more_askers_come_first():
    """H = 5/2 either way: one asker three times and two halved, or two and a half."""
    noa = [("U0NOA", "A", 3.0), ("U0NOA", "A", 2.0), ("U0NOA", "B", 1.0)]
    mia = [("U0MIA", "C", 3.0), ("U0MIA", "D", 2.0), ("U0MIA", "E", 1.0)]
    returned = [("E", "U0MIA", 1.0), ("E", "F", 1.0)]
    result = detect([*noa, *mia, *returned], {"U0MIA": 0, "U0NOA": 0})
    first, second = result.candidates
    assert first.score == second.score
    assert (first.member, first.askers) == ("U0MIA", 3)
    assert (second.member, second.askers) == ("U0NOA", 2)


def test_of_equally_many_askers_fewer_messages_come_first():
    """Among so many messages almost nothing is expected of either."""
    messages = {"U0MIA": 2, "U0NOA": 1, "U0TALK00": 10**18}
    first, second = detect(ALIKE, messages).candidates
    assert first.score == second.score
    assert (first.member, second.member) == ("U0NOA", "U0MIA")


def test_of_equally_quiet_members_the_earlier_first_mark_comes_first():
    earlier = [*ALIKE[:2], ("U0NOA", "U0NOAA", 4), ALIKE[3]]
    messages = {"U0MIA": 1, "U0NOA": 1}
    assert names(detect(earlier, messages)) == ["U0NOA", "U0MIA"]


def test_in_the_end_the_id_decides():
    messages = {"U0MIA": 1, "U0NOA": 1}
    assert names(detect(ALIKE, messages)) == ["U0MIA", "U0NOA"]
    assert names(detect(ALIKE[::-1], messages)) == ["U0MIA", "U0NOA"]


@given(MARKS, st.randoms(use_true_random=False))
@pytest.mark.deep
def test_the_order_of_marks_and_people_changes_nothing(marks, shuffle):
    messages = {person: 1 + n % 4 for n, person in enumerate(PEOPLE)}
    before = detect(marks, messages)
    shuffled = shuffle.sample(marks, len(marks))
    backwards = dict(reversed(messages.items()))
    assert detect(shuffled, backwards) == before
