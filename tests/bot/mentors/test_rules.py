"""Who is an unexpected mentor: each clause, each tie, and the numbers themselves."""

import math
import random
from datetime import UTC, date, datetime
from fractions import Fraction
from statistics import NormalDist
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.config import MentorNumbers
from bot.mentors import rules
from bot.mentors.rules import DAY, Found, Marks

NUMBERS = MentorNumbers()
UNTIL = 1_800_000_000.0
# Who helps here, and many who talk: as many more are the most talkative.
CROWD = {f"U0TALK{n:02}": 1000 - n for n in range(40)}
# A mark: who helped, who asked, how many days ago.
Mark = tuple[str, str, float]
QUIET: list[Mark] = [("U0MIA", "U0ANA", 3), ("U0MIA", "U0BEN", 2)]


def found(
    marks: list[Mark],
    messages: dict[str, int] | None = None,
    *,
    barred: set[str] | None = None,
    **numbers: object,
) -> Found:
    held = Marks()
    for helper, asker, days in marks:
        held.add(helper, asker, UNTIL - days * DAY)
    return rules.find(
        held,
        {**CROWD, "U0MIA": 5, **(messages or {})},
        until=UNTIL,
        numbers=MentorNumbers(**numbers),
        barred=barred or set(),
    )


def names(result: Found) -> list[str]:
    return [standing.member for standing in result.standings]


# The gate, clause by clause


def test_two_marks_from_two_askers_are_enough():
    [mia] = found(QUIET).standings
    assert (mia.member, mia.marks, mia.askers, mia.messages) == ("U0MIA", 2, 2, 5)


def test_one_mark_is_not_enough():
    assert names(found(QUIET[:1])) == []


def test_two_marks_from_one_asker_are_not_enough():
    assert names(found([QUIET[0], ("U0MIA", "U0ANA", 1)])) == []


def test_whom_the_person_marked_too_is_no_asker_for_the_gate():
    assert names(found([*QUIET, ("U0ANA", "U0MIA", 1)])) == []
    third = ("U0MIA", "U0CHI", 1)
    assert names(found([*QUIET, third, ("U0ANA", "U0MIA", 1)])) == ["U0MIA"]


def test_a_mark_in_return_counts_for_as_long_as_the_graph_reaches():
    assert names(found([*QUIET, ("U0ANA", "U0MIA", 89)])) == []
    assert names(found([*QUIET, ("U0ANA", "U0MIA", 91)])) == ["U0MIA"]


def test_a_ring_that_thanks_itself_gets_nothing():
    """Nobody here marked anybody in return, yet each leads to each."""
    people = ["U0MIA", "U0ANA", "U0BEN", "U0CHI", "U0DEA"]
    steps = [(a, b) for n, a in enumerate(people) for b in (n + 1, n + 2)]
    ring = [(a, people[b % 5], 1.0) for a, b in steps]
    assert names(found(ring)) == []
    # One asker from outside, and it is more than the ring.
    assert names(found([*ring, ("U0MIA", "U0OUT", 1)])) == ["U0MIA"]


def test_somebody_outside_who_is_marked_in_return_opens_no_gate():
    ring = [("U0MIA", "U0ANA", 1.0), ("U0ANA", "U0BEN", 1.0), ("U0BEN", "U0MIA", 1.0)]
    more = [("U0MIA", "U0OUT", 1.0), ("U0OUT", "U0MIA", 1.0)]
    assert names(found([*ring, *more, ("U0MIA", "U0BEN", 1)])) == []


def test_own_asks_are_no_marks():
    assert names(found([QUIET[0], ("U0MIA", "U0MIA", 1)])) == []


@pytest.mark.parametrize("barred", [{"U0MIA"}, {"U0MIA", "U0ANA"}])
def test_who_is_barred_is_not_named(barred):
    assert names(found(QUIET, barred=barred)) == []


def test_an_asker_who_is_barred_counts_all_the_same():
    assert names(found(QUIET, barred={"U0ANA"})) == ["U0MIA"]


def test_the_most_talkative_are_not_named():
    assert names(found(QUIET, {"U0MIA": 995})) == []
    assert names(found(QUIET, {"U0MIA": 1})) == ["U0MIA"]


# Who is talkative


def writers(count: int) -> dict[str, int]:
    return {f"U{n:04}": count - n for n in range(count)}


@pytest.mark.parametrize(
    ("people", "talkative"),
    # A third of few, then ten, then five percent.
    [(0, 0), (1, 0), (2, 0), (3, 1), (9, 3), (29, 9), (30, 10), (200, 10), (201, 11)],
)
def test_how_many_are_talkative(people: int, talkative: int):
    assert rules.talkative(writers(people), NUMBERS) == set(
        list(writers(people))[:talkative]
    )


def test_of_those_who_wrote_as_much_the_ids_decide():
    assert rules.talkative(dict.fromkeys("CABD", 7), NUMBERS) == {"A"}


def test_who_wrote_nothing_is_no_writer():
    assert rules.talkative({"A": 9, "B": 0, "C": 0}, NUMBERS) == set()


# Windows


def test_a_wider_window_counts_where_nobody_qualifies_in_a_narrow_one():
    for days, window in ((27.9, 28), (28, 56), (55.9, 56), (56, 84), (83.9, 84)):
        result = found([QUIET[0], ("U0MIA", "U0BEN", days)])
        assert (names(result), result.window_days) == (["U0MIA"], window)
    assert names(found([QUIET[0], ("U0MIA", "U0BEN", 84)])) == []


def test_what_is_later_than_the_period_does_not_count_yet():
    assert names(found([QUIET[0], ("U0MIA", "U0BEN", -0.1)])) == []
    assert names(found([QUIET[0], ("U0MIA", "U0BEN", 0)])) == ["U0MIA"]


def test_nobody_is_named_where_nobody_helped():
    assert found([]) == Found(84, sum(CROWD.values()) + 5, (), [])


# The numbers, computed another way


def wilson_hilferty(k: float, quantile: float) -> float:
    return float(k * (1 - 1 / (9 * k) + quantile / (3 * math.sqrt(k))) ** 3)


def by_the_book(marks: list[Mark], messages: dict[str, int]) -> dict[str, tuple]:
    """H, L and S of everybody, from sets and exact fractions, window of 28 days."""
    pairs = {(helper, asker) for helper, asker, days in marks if 0 <= days < 90}
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
        st.sampled_from(PEOPLE), st.sampled_from(PEOPLE), st.integers(-3, 95)
    ).filter(lambda mark: mark[0] != mark[1]),
    max_size=60,
)


@given(MARKS)
def test_each_number_is_what_the_definition_says(marks):
    messages = {person: 3 + 2 * n for n, person in enumerate(PEOPLE)}
    result = found(
        marks,
        {**dict.fromkeys(CROWD, 0), "U0MIA": 0, **messages},
        windows_days=(28,),
        least_marks=1,
        least_askers=1,
        talkative_people=0,
        talkative_percent=0,
    )
    book = by_the_book(marks, messages)
    for standing in result.standings:
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
    [mia] = found(marks, messages).standings
    assert mia.helpfulness == 3
    # All H: 3 and Chi's 1/2, of which she is a tenth of the talk.
    assert mia.expected == pytest.approx(0.35)
    k = 4
    lower = k * (1 - 1 / 36 - 1.2816 / 6) ** 3
    assert mia.score == pytest.approx(lower / 1.35)
    assert lower == pytest.approx(1.7468, abs=1e-3)  # gamma.ppf(.1, 4) is 1.7448


def test_nobody_counted_expects_nothing_of_anybody():
    nobody = dict.fromkeys([*CROWD, "U0MIA"], 0)
    assert found(QUIET, nobody).standings[0].expected == 0


# The order, tie by tie

ALIKE: list[Mark] = [
    (helper, asker, days)
    for helper in ("U0MIA", "U0NOA")
    for asker, days in ((f"{helper}A", 3), (f"{helper}B", 2))
]


def test_the_least_expected_comes_first():
    messages = {"U0MIA": 300, "U0NOA": 4}
    assert names(found(ALIKE, messages)) == ["U0NOA", "U0MIA"]


def test_of_as_unexpected_ones_more_askers_come_first():
    """H = 5/2 either way: one asker thrice and two halved, or two and a half."""
    noa = [("U0NOA", "A", 3.0), ("U0NOA", "A", 2.0), ("U0NOA", "B", 1.0)]
    mia = [("U0MIA", "C", 3.0), ("U0MIA", "D", 2.0), ("U0MIA", "E", 1.0)]
    returned = [("E", "U0MIA", 1.0), ("E", "F", 1.0)]
    result = found([*noa, *mia, *returned], {"U0MIA": 0, "U0NOA": 0})
    first, second = result.standings
    assert first.score == second.score
    assert (first.member, first.askers) == ("U0MIA", 3)
    assert (second.member, second.askers) == ("U0NOA", 2)


def test_of_as_many_askers_fewer_messages_come_first():
    """Among so many messages that next to nothing is expected of either."""
    messages = {"U0MIA": 2, "U0NOA": 1, "U0TALK00": 10**18}
    first, second = found(ALIKE, messages).standings
    assert first.score == second.score
    assert (first.member, second.member) == ("U0NOA", "U0MIA")


def test_of_as_quiet_ones_the_earlier_first_mark_comes_first():
    earlier = [*ALIKE[:2], ("U0NOA", "U0NOAA", 4), ALIKE[3]]
    messages = {"U0MIA": 1, "U0NOA": 1}
    assert names(found(earlier, messages)) == ["U0NOA", "U0MIA"]


def test_in_the_end_the_id_decides():
    messages = {"U0MIA": 1, "U0NOA": 1}
    assert names(found(ALIKE, messages)) == ["U0MIA", "U0NOA"]
    assert names(found(ALIKE[::-1], messages)) == ["U0MIA", "U0NOA"]


@given(MARKS, st.randoms(use_true_random=False))
def test_the_order_of_marks_and_people_changes_nothing(marks, shuffle):
    messages = {person: 1 + n % 4 for n, person in enumerate(PEOPLE)}
    before = found(marks, messages)
    shuffled = shuffle.sample(marks, len(marks))
    backwards = dict(reversed(messages.items()))
    assert found(shuffled, backwards) == before


# Rings


def test_who_is_marked_mostly_by_a_ring_is_noted():
    pair = [("U0MIA", "U0ANA", 1.0)] * 3 + [("U0ANA", "U0MIA", 1.0)]
    [ring] = found([*pair, ("U0MIA", "U0BEN", 1)]).rings
    assert (ring.member, ring.people) == ("U0MIA", ("U0ANA", "U0MIA"))
    assert (ring.marks, ring.marks_from_ring) == (4, 3)


def test_a_ring_that_is_the_smaller_part_is_not_noted():
    """Three of five are 60 %, three of six are not."""
    pair = [("U0MIA", "U0ANA", 1.0)] * 3 + [("U0ANA", "U0MIA", 1.0)]
    others = [("U0MIA", f"U0B{n}", 1.0) for n in range(3)]
    assert [r.member for r in found([*pair, *others[:2]]).rings] == ["U0MIA"]
    assert found([*pair, *others]).rings == []


def test_few_marks_say_nothing_about_a_ring():
    assert found([("U0MIA", "U0ANA", 1.0)] * 3 + [("U0ANA", "U0MIA", 1.0)]).rings == []


def test_a_community_is_no_ring():
    people = [f"U{n}" for n in range(9)]
    around = [(a, people[n - 1], 1.0) for n, a in enumerate(people)] * 4
    assert found(around).rings == []
    assert len(found(around, ring_people=9).rings) == 9


def test_private_channels_are_weighed_and_make_no_note():
    marks = Marks()
    marks.add("U0MIA", "U0BEN", UNTIL - 1)
    marks.turn_private()
    for _ in range(4):
        marks.add("U0MIA", "U0ANA", UNTIL - 1)
        marks.add("U0ANA", "U0MIA", UNTIL - 1)
    marks.add("U0MIA", "U0CHI", UNTIL - 1)
    result = rules.find(marks, CROWD, until=UNTIL, numbers=NUMBERS)
    assert names(result) == ["U0MIA"]
    assert result.rings == []


@pytest.mark.parametrize("size", [2, 3, 4, 5, 6])
@pytest.mark.parametrize("times", [4, 8])
def test_injected_rings_get_nothing_in_two_hundred_weeks(size: int, times: int):
    """People who mark each other so often in 28 days, in a community of others."""
    shuffle = random.Random(size * times)
    ring = [f"U0RING{n}" for n in range(size)]
    others = [f"U{n}" for n in range(40)]
    marks = Marks()
    for week in range(212):
        start = UNTIL + (week - 211) * 7 * DAY
        for _ in range(12):
            helper, asker = shuffle.sample(others, 2)
            marks.add(helper, asker, start - shuffle.random() * 7 * DAY)
        if week % 4 == 0:
            for helper in ring:
                for _ in range(times):
                    asker = shuffle.choice([one for one in ring if one != helper])
                    marks.add(helper, asker, start - shuffle.random() * 28 * DAY)
    messages = {other: 30 + n for n, other in enumerate(others)}
    credited = [
        names(
            rules.find(
                marks,
                {**messages, **dict.fromkeys(ring, 2)},
                until=UNTIL - week * 7 * DAY,
                numbers=NUMBERS,
            )
        )
        for week in range(200)
    ]
    assert not set(ring) & {name for week in credited for name in week}
    assert sum(map(bool, credited)) > 100


# The period


@pytest.mark.parametrize(
    ("now", "day", "until"),
    [
        # Friday at ten in Helsinki is eight in UTC, and seven in summer.
        ("2026-03-06T08:00", date(2026, 3, 6), "2026-03-06T08:00"),
        ("2026-03-07T09:00", date(2026, 3, 6), "2026-03-06T08:00"),
        ("2026-07-03T07:00", date(2026, 7, 3), "2026-07-03T07:00"),
        # A minute before is a week after, and Monday is too late.
        ("2026-03-06T07:59", None, None),
        ("2026-03-08T08:01", None, None),
    ],
)
def test_a_period_ends_on_friday_at_ten(now, day, until):
    at = datetime.fromisoformat(now).replace(tzinfo=UTC)
    period = rules.period(at, ZoneInfo("Europe/Helsinki"), NUMBERS)
    if day is None:
        assert period is None
    else:
        assert period == rules.Period(
            day, datetime.fromisoformat(until).replace(tzinfo=UTC)
        )


@pytest.mark.parametrize(
    ("now", "day"),
    [
        ("2026-03-06T07:59", date(2026, 3, 6)),
        ("2026-03-06T08:00", date(2026, 3, 13)),
        ("2026-03-09T08:00", date(2026, 3, 13)),
    ],
)
def test_a_credit_by_hand_is_of_the_period_that_runs(now, day):
    at = datetime.fromisoformat(now).replace(tzinfo=UTC)
    assert rules.period_of(at, ZoneInfo("Europe/Helsinki"), NUMBERS) == day


def test_each_further_mark_by_one_asker_counts_for_less():
    worth = [rules.helpfulness(n) for n in range(4)]
    assert worth == [0, 1, 1.5, pytest.approx(11 / 6)]
    assert math.isclose(rules.helpfulness(1000), math.log(1000) + 0.57772, abs_tol=1e-4)
