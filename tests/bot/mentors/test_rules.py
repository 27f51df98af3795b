"""Unexpected mentors: each condition, each tie, and the numbers."""

import math
import random
from datetime import UTC, date, datetime
from fractions import Fraction
from statistics import NormalDist
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks import attacks
from bot.config.mentors import MentorSettings
from bot.mentors import periods, rules
from bot.mentors.help_matrix import HelpMatrix
from bot.mentors.rules import DAY, DetectionResult

NUMBERS = MentorSettings()
UNTIL = 1_800_000_000.0
# The helpers, and many active writers: as many more are the most talkative.
CROWD = {f"U0TALK{n:02}": 1000 - n for n in range(40)}
# A mark: helper, asker, days ago.
Mark = tuple[str, str, float]
QUIET: list[Mark] = [("U0MIA", "U0ANA", 3), ("U0MIA", "U0BEN", 2)]
# One writer helped all other writers, before any window.
TOWN: list[Mark] = [("U0TALK00", talker, 100.0) for talker in list(CROWD)[1:]]


def detect(
    marks: list[Mark],
    messages: dict[str, int] | None = None,
    *,
    barred: set[str] | None = None,
    busy: set[str] | None = None,
    are_known: bool = True,
    **numbers: object,
) -> DetectionResult:
    """Run the detection on the marks; if `are_known`, the askers are members of a town.

    `busy` are members who answered three people.
    """
    askers = sorted({asker for _, asker, _ in marks}) if are_known else []
    town_marks = [("U0TALK00", asker, 100.0) for asker in askers]
    matrix = HelpMatrix()
    for helper, asker, days in [*marks, *TOWN, *town_marks]:
        matrix.add(helper, asker, UNTIL - days * DAY)
    return rules.detect(
        matrix,
        {**CROWD, "U0MIA": 5, **(messages or {})},
        lambda people, _: (busy or set()) & set(people),
        until=UNTIL,
        settings=MentorSettings(**numbers),
        excluded=barred or set(),
    )


def names(result: DetectionResult) -> list[str]:
    return [standing.member for standing in result.candidates]


# The gate, condition by condition


def test_two_marks_from_two_askers_are_enough():
    [mia] = detect(QUIET).candidates
    assert (mia.member, mia.marks, mia.askers, mia.messages) == ("U0MIA", 2, 2, 5)


def test_one_mark_is_not_enough():
    assert names(detect(QUIET[:1])) == []


def test_two_marks_from_one_asker_are_not_enough():
    assert names(detect([QUIET[0], ("U0MIA", "U0ANA", 1)])) == []


def test_an_asker_marked_in_return_does_not_count_for_the_gate():
    assert names(detect([*QUIET, ("U0ANA", "U0MIA", 1)])) == []
    third = ("U0MIA", "U0CHI", 1)
    assert names(detect([*QUIET, third, ("U0ANA", "U0MIA", 1)])) == ["U0MIA"]


def test_a_mark_in_return_counts_for_the_graphs_window():
    assert names(detect([*QUIET, ("U0ANA", "U0MIA", 365)])) == []
    assert names(detect([*QUIET, ("U0ANA", "U0MIA", 367)])) == ["U0MIA"]


def test_a_ring_that_thanks_itself_gets_nothing():
    """Nobody here marked anyone in return, yet each leads to each."""
    people = ["U0MIA", "U0ANA", "U0BEN", "U0CHI", "U0DEA"]
    steps = [(a, b) for n, a in enumerate(people) for b in (n + 1, n + 2)]
    ring = [(a, people[b % 5], 1.0) for a, b in steps]
    assert names(detect(ring)) == []
    # With one asker from outside it is larger than the ring.
    assert names(detect([*ring, ("U0MIA", "U0OUT", 1)])) == ["U0MIA"]


def test_an_outsider_marked_in_return_opens_no_gate():
    ring = [("U0MIA", "U0ANA", 1.0), ("U0ANA", "U0BEN", 1.0), ("U0BEN", "U0MIA", 1.0)]
    more = [("U0MIA", "U0OUT", 1.0), ("U0OUT", "U0MIA", 1.0)]
    assert names(detect([*ring, *more, ("U0MIA", "U0BEN", 1)])) == []


def make_ring(size: int, days: float = 100) -> list[Mark]:
    """Return a ring with Mia: each is marked by the next, and nobody in return."""
    people = ["U0MIA", *(f"U0R{n}" for n in range(size - 1))]
    return [(a, people[n - 1], days) for n, a in enumerate(people)]


def test_marks_from_within_a_ring_are_enough_in_a_community():
    for size, credited in ((7, []), (8, ["U0MIA"])):
        inside = [("U0MIA", "U0R1", 2.0), ("U0MIA", "U0R2", 3.0)]
        assert names(detect([*make_ring(size), *inside])) == credited
        old = [*make_ring(size, days=367), *inside]
        assert names(detect(old)) == ["U0MIA"]


def test_one_of_the_askers_must_have_dealt_with_other_people():
    """The asker is in the town, but has dealt with Mia only."""
    met = ("U0MIA", "U0TALK05", 100.0)
    assert names(detect([*QUIET, met], are_known=False)) == []
    helped = ("U0ANA", "U0TALK07", 100.0)
    assert names(detect([*QUIET, met, helped], are_known=False)) == ["U0MIA"]
    # The asker may also have been helped.
    asked_elsewhere = ("U0TALK07", "U0ANA", 100.0)
    assert names(detect([*QUIET, met, asked_elsewhere], are_known=False)) == ["U0MIA"]
    before = ("U0TALK07", "U0ANA", 367.0)
    assert names(detect([*QUIET, met, before], are_known=False)) == []


def test_the_other_person_must_not_be_in_the_members_ring():
    ring = make_ring(4)
    met = ("U0MIA", "U0TALK05", 100.0)
    helped = ("U0R1", "U0ANA", 100.0)
    assert names(detect([*QUIET, *ring, met, helped], are_known=False)) == []
    another = ("U0TALK09", "U0ANA", 100.0)
    assert names(detect([*QUIET, *ring, met, another], are_known=False)) == ["U0MIA"]


def test_up_to_twelve_people_by_themselves_are_one_circle():
    """They are Mia, Ana, Ben, and others whom Ana helped."""
    for others, credited in ((9, []), (10, ["U0MIA"])):
        helped = [("U0ANA", f"U0D{n}", 100.0) for n in range(others)]
        assert names(detect([*QUIET, *helped], are_known=False)) == credited
        more = [("U0ANA", "U0TALK01", 100.0)]
        assert names(detect([*QUIET, *helped, *more], are_known=False)) == ["U0MIA"]


def test_one_mark_is_enough_for_a_member_who_answered_three_people():
    assert names(detect(QUIET[:1], busy={"U0MIA"})) == ["U0MIA"]
    assert names(detect([QUIET[0], ("U0MIA", "U0ANA", 1)], busy={"U0MIA"})) == ["U0MIA"]
    # The mark counts: not in return, not from the ring, not from the circle.
    assert names(detect([], busy={"U0MIA"})) == []
    returned = [QUIET[0], ("U0ANA", "U0MIA", 1)]
    assert names(detect(returned, busy={"U0MIA"})) == []
    assert names(detect([("U0MIA", "U0R1", 1), *make_ring(5)], busy={"U0MIA"})) == []
    assert names(detect(QUIET[:1], busy={"U0MIA"}, are_known=False)) == []
    assert names(detect(QUIET[:1], {"U0MIA": 995}, busy={"U0MIA"})) == []
    assert names(detect(QUIET[:1], busy={"U0MIA"}, barred={"U0MIA"})) == []


def test_answered_people_are_queried_for_the_window_and_members_in_question():
    asked_elsewhere: list[tuple[dict[str, set[str]], float]] = []

    def answered(people, since):
        asked_elsewhere.append((people, (UNTIL - since) / DAY))
        return set()

    marks = HelpMatrix()
    more = [("U0NOA", "U0TALK03", 1.0), ("U0NOA", "U0C", 9.0), ("U0C", "U0NOA", 9.0)]
    for helper, asker, days in [*TOWN, *QUIET, *more]:
        marks.add(helper, asker, UNTIL - days * DAY)
    for asker in ("U0ANA", "U0BEN"):
        marks.add("U0TALK00", asker, UNTIL - 100 * DAY)
    numbers = MentorSettings()
    result = rules.detect(marks, CROWD, answered, until=UNTIL, settings=numbers)
    assert names(result) == ["U0MIA"]
    # Members of the ring do not count either.
    assert asked_elsewhere == [({"U0NOA": {"U0NOA", "U0C"}}, 28)]


def test_own_asks_are_no_marks():
    assert names(detect([QUIET[0], ("U0MIA", "U0MIA", 1)])) == []


@pytest.mark.parametrize("barred", [{"U0MIA"}, {"U0MIA", "U0ANA"}])
def test_an_excluded_member_is_not_named(barred):
    assert names(detect(QUIET, barred=barred)) == []


def test_an_excluded_asker_still_counts():
    assert names(detect(QUIET, barred={"U0ANA"})) == ["U0MIA"]


def test_the_most_talkative_are_not_named():
    assert names(detect(QUIET, {"U0MIA": 995})) == []
    assert names(detect(QUIET, {"U0MIA": 1})) == ["U0MIA"]


# Talkative members


def writers(count: int) -> dict[str, int]:
    return {f"U{n:04}": count - n for n in range(count)}


@pytest.mark.parametrize(
    ("people", "talkative"),
    # At least three, or a fifth; from thirty on ten, or five percent.
    [
        *((0, 0), (2, 2), (3, 3), (9, 3), (19, 3), (20, 4), (29, 5)),
        *((30, 10), (200, 10), (201, 11)),
    ],
)
def test_the_number_of_talkative_members(people: int, talkative: int):
    assert rules.top_talkers(writers(people), NUMBERS) == set(
        list(writers(people))[:talkative]
    )


def test_ties_of_talkative_members_are_decided_by_id():
    assert rules.top_talkers(dict.fromkeys("CABD", 7), NUMBERS) == {"A", "B", "C"}


def test_a_member_without_messages_is_no_writer():
    assert rules.top_talkers({"A": 9, "B": 0, "C": 0}, NUMBERS) == {"A"}


# Windows


def test_a_wider_window_counts_if_nobody_qualifies_in_a_narrow_one():
    for days, window in ((27.9, 28), (28, 56), (55.9, 56), (56, 84), (83.9, 84)):
        result = detect([QUIET[0], ("U0MIA", "U0BEN", days)])
        assert (names(result), result.window_days) == (["U0MIA"], window)
    assert names(detect([QUIET[0], ("U0MIA", "U0BEN", 84)])) == []


def test_events_after_the_period_do_not_count_yet():
    assert names(detect([QUIET[0], ("U0MIA", "U0BEN", -0.1)])) == []
    assert names(detect([QUIET[0], ("U0MIA", "U0BEN", 0)])) == ["U0MIA"]


def test_nobody_is_named_if_nobody_helped():
    assert detect([]) == DetectionResult(84, sum(CROWD.values()) + 5, (), [])


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
def test_the_order_of_marks_and_people_changes_nothing(marks, shuffle):
    messages = {person: 1 + n % 4 for n, person in enumerate(PEOPLE)}
    before = detect(marks, messages)
    shuffled = shuffle.sample(marks, len(marks))
    backwards = dict(reversed(messages.items()))
    assert detect(shuffled, backwards) == before


# Rings


def test_a_member_marked_mostly_by_a_ring_is_reported():
    pair = [("U0MIA", "U0ANA", 1.0)] * 3 + [("U0ANA", "U0MIA", 1.0)]
    [ring] = detect([*pair, ("U0MIA", "U0BEN", 1)]).rings
    assert (ring.member, ring.people) == ("U0MIA", ("U0ANA", "U0MIA"))
    assert (ring.marks, ring.marks_from_ring) == (4, 3)


def test_a_ring_with_the_smaller_part_of_marks_is_not_reported():
    """Three of five are 60 %, three of six are 50 %."""
    pair = [("U0MIA", "U0ANA", 1.0)] * 3 + [("U0ANA", "U0MIA", 1.0)]
    others = [("U0MIA", f"U0B{n}", 1.0) for n in range(3)]
    assert [r.member for r in detect([*pair, *others[:2]]).rings] == ["U0MIA"]
    assert detect([*pair, *others]).rings == []


def test_few_marks_do_not_make_a_ring():
    assert detect([("U0MIA", "U0ANA", 1.0)] * 3 + [("U0ANA", "U0MIA", 1.0)]).rings == []


def test_a_community_is_no_ring():
    assert len(detect(make_ring(7) * 4).rings) == 7
    assert detect(make_ring(8) * 4).rings == []
    assert len(detect(make_ring(8) * 4, ring_people=8).rings) == 8


def test_private_channels_count_and_are_not_reported():
    marks = HelpMatrix()
    marks.add("U0MIA", "U0BEN", UNTIL - 1)
    marks.start_private()
    for _ in range(4):
        marks.add("U0MIA", "U0ANA", UNTIL - 1)
        marks.add("U0ANA", "U0MIA", UNTIL - 1)
    marks.add("U0MIA", "U0CHI", UNTIL - 1)
    for town_marks in ("U0BEN", "U0CHI", *CROWD):
        marks.add("U0TALK00", town_marks, UNTIL - 1)
    result = rules.detect(marks, CROWD, nobody, until=UNTIL, settings=NUMBERS)
    assert names(result) == ["U0MIA"]
    assert result.rings == []


def nobody(_people, _since):
    return set()


def everybody(people, _since):
    return set(people)


# Ways in which marks lead back to their origin.
BACK = [name for name in attacks.ATTACKS if "star" not in name and "chain" not in name]


@pytest.mark.parametrize(
    ("name", "are_helped"),
    [*((name, False) for name in attacks.ATTACKS), *((name, True) for name in BACK)],
)
def test_people_who_agree_on_marks_get_nothing_in_two_hundred_weeks(name, are_helped):
    """They are in a community of others, and also answer there without a mark.

    Rings and turns get nothing either if others help their members (`are_helped`).
    """
    shuffle, agreed = random.Random(name), attacks.people(name)
    others = [f"U{n}" for n in range(40)]
    weeks = [UNTIL + (n - 199) * 7 * DAY for n in range(200)]
    start = weeks[0] - 366 * DAY
    attack_marks = list(attacks.marks(name, start, UNTIL))
    assert len(attack_marks) > 60
    for second in range(int(start), int(UNTIL), 7 * DAY // 6):
        helper, asker = shuffle.sample(others, 2)
        attack_marks.append((helper, asker, float(second)))
        if are_helped:
            attack_marks.append((helper, shuffle.choice(agreed), float(second)))
    messages = {other: 30 + n for n, other in enumerate(others)}
    credited: dict[Any, list[list[str]]] = {nobody: [], everybody: []}
    for week in weeks:
        marks = HelpMatrix()
        for helper, asker, at in attack_marks:
            if week - 366 * DAY < at <= week:
                marks.add(helper, asker, at)
        for answered, by_week in credited.items():
            result = rules.detect(
                marks,
                {**messages, **dict.fromkeys(agreed, 2)},
                answered,
                until=week,
                settings=NUMBERS,
            )
            by_week.append(names(result))
    for by_week in credited.values():
        assert not set(agreed) & {member for week in by_week for member in week}
        assert sum(map(bool, by_week)) > 150


def test_a_chain_whose_members_answer_others_still_wins():
    """This is the limit of the definition: such marks look like anyone's."""
    chain = [("U0MIA", "U0R1", 1.0), ("U0MIA", "U0R2", 2.0), ("U0R1", "U0R2", 3.0)]
    assert names(detect(chain, are_known=False)) == []
    strangers = [("U0R1", "U0TALK05", 100.0), ("U0R2", "U0TALK06", 100.0)]
    assert names(detect([*chain, *strangers], are_known=False)) == ["U0MIA"]


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
    period = periods.last_period(at, ZoneInfo("Europe/Helsinki"), NUMBERS)
    if day is None:
        assert period is None
    else:
        assert period == periods.Period(
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
def test_a_manual_credit_belongs_to_the_current_period(now, day):
    at = datetime.fromisoformat(now).replace(tzinfo=UTC)
    assert periods.period_of(at, ZoneInfo("Europe/Helsinki"), NUMBERS) == day


def test_each_further_mark_by_one_asker_counts_for_less():
    worth = [rules.helpfulness(n) for n in range(4)]
    assert worth == [0, 1, 1.5, pytest.approx(11 / 6)]
    assert math.isclose(rules.helpfulness(1000), math.log(1000) + 0.57772, abs_tol=1e-4)
