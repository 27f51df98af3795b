"""Unexpected mentors: each condition, each tie, and the numbers."""

import math
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from bot.config.mentors import MentorSettings
from bot.mentors import periods, rules
from bot.mentors.help_matrix import HelpMatrix
from bot.mentors.rules import DAY, DetectionResult
from tests.detection import CROWD, NUMBERS, QUIET, TOWN, UNTIL, detect, make_ring, names

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
