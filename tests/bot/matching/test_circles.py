from dataclasses import replace
from datetime import time
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.matching import circles
from bot.matching.people import Hours, Person, Way
from bot.matching.tables import Costs
from tests.matching import (
    AT,
    DAY,
    ZONES,
    apart,
    crowd,
    least_cost_of_circles,
    strict_people,
)


def form(people, seed="autumn"):
    return circles.form(people, seed=seed, at=AT)


def members(formed):
    return [person for circle in formed.circles for person in circle]


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        (0, []),
        (3, []),
        (4, [4]),
        (5, [5]),
        (7, [7]),
        (8, [4, 4]),
        (9, [5, 4]),
        (10, [5, 5]),
        (11, [6, 5]),
        (14, [7, 7]),
        (15, [5, 5, 5]),
        (16, [6, 5, 5]),
        (29, [6, 6, 6, 6, 5]),
        (30, [6] * 5),
        (32, [7, 7, 6, 6, 6]),
    ],
)
def test_sizes_are_five_to_seven_and_as_equal_as_can_be(count, expected):
    assert circles.sizes(count) == expected


@given(st.integers(10, 20_000))
def test_sizes_of_any_large_group(count):
    sizes = circles.sizes(count)
    assert sum(sizes) == count
    assert set(sizes) <= {5, 6, 7}
    assert max(sizes) - min(sizes) <= 1


def test_teams_are_spread_and_each_asker_gets_a_helper():
    people = [
        Person(
            f"{team}{n}",
            team=team,
            wants={team: 1} if n == 0 else {},
            knows={other: 1} if n == 1 else {},
        )
        for team, other in zip("abcdef", "bcdefa", strict=True)
        for n in range(2)
    ]
    formed = form(people)
    assert [len(circle) for circle in formed.circles] == [6, 6]
    for circle in formed.circles:
        assert {person[0] for person in circle} == set("abcdef")
        for asker in [person for person in circle if person.endswith("0")]:
            assert "fabcde"["abcdef".index(asker[0])] + "1" in circle


def test_nobody_meets_the_same_people_if_others_are_there():
    people = crowd(36)
    first = form(people)
    mates = {
        person: set(circle) - {person} for circle in first.circles for person in circle
    }
    people = [
        replace(person, met=dict.fromkeys(mates[person.id], 1)) for person in people
    ]
    second = form(people)
    repeats = [
        pair
        for circle in second.circles
        for pair in combinations(circle, 2)
        if pair[1] in mates[pair[0]]
    ]
    assert repeats == []


@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_too_few_people_are_all_left_out(count):
    people = crowd(count)
    formed = form(people)
    assert formed.circles == ()
    assert formed.left_out == tuple(person.id for person in people)


def test_two_who_must_not_be_paired_are_in_different_circles():
    people = apart(crowd(10), "U003", "U007")
    formed = form(people)
    assert formed.left_out == ()
    assert not any({"U003", "U007"} <= set(circle) for circle in formed.circles)


def test_in_a_single_circle_a_newcomer_of_the_two_sits_out():
    people = [Person(f"U{n}", is_newcomer=n == 2) for n in range(6)]
    formed = form(apart(people, "U2", "U4"))
    assert formed.circles == (("U0", "U1", "U3", "U4", "U5"),)
    assert formed.left_out == ("U2",)


def test_who_was_left_out_last_time_is_in_this_time():
    people = [
        Person(f"U{n}", is_newcomer=n == 2, rounds_left_out=int(n == 2))
        for n in range(6)
    ]
    assert form(apart(people, "U2", "U4")).left_out == ("U4",)


def test_a_manager_is_not_with_a_report():
    people = crowd(12)
    people[0] = replace(people[0], manager="U005")
    for seed in range(5):
        formed = form(people, str(seed))
        assert not any({"U000", "U005"} <= set(circle) for circle in formed.circles)


def test_people_who_share_no_hour_form_circles_of_their_own():
    def person(n, zone):
        return Person(f"U{n:02}", zone=zone, hours=Hours(), way=Way.CALLS)

    west, east = ZONES[0], ZONES[3]
    people = [person(n, west if n < 20 else east) for n in range(40)]
    formed = form(people)
    assert formed.left_out == ()
    assert sorted(len(circle) for circle in formed.circles) == [6, 6, 7, 7, 7, 7]
    assert all(
        len({person < "U20" for person in circle}) == 1 for circle in formed.circles
    )


def test_one_person_twelve_hours_away_sits_out():
    hours = Hours(time(9), time(17))
    people = [
        Person(f"U{n:02}", zone=ZONES[4 if n == 7 else 2], hours=hours, way=Way.CALLS)
        for n in range(24)
    ]
    formed = form(people)
    assert formed.left_out == ("U07",)
    assert sorted(len(circle) for circle in formed.circles) == [5, 6, 6, 6]


@pytest.mark.deep
@settings(max_examples=25, deadline=None)
@given(strict_people(16), st.randoms())
def test_what_always_holds_of_circles(people, random):
    formed = form(people)
    together = members(formed)
    assert sorted([*together, *formed.left_out]) == sorted(p.id for p in people)
    costs = Costs(people, AT)
    for circle in formed.circles:
        assert 4 <= len(circle) <= 7
        numbers = [costs.number[person] for person in circle]
        for n, m in combinations(numbers, 2):
            assert costs.is_possible(n, m)
        times = languages = -1
        for n in numbers:
            times &= costs.times[n]
            languages &= costs.languages[n]
        assert times
        assert languages
    shuffled = people.copy()
    random.shuffle(shuffled)
    assert form(shuffled) == formed


@pytest.mark.deep
def test_a_large_group_gives_the_same_circles_in_any_order():
    people = crowd(700)
    formed = form(people)
    assert form(people[::-1]) == formed
    assert len(members(formed)) == 700
    assert {len(circle) for circle in formed.circles} <= {5, 6, 7}
    assert form(people, "winter") != formed


@pytest.mark.deep
def test_bands_save_most_of_what_all_together_save(monkeypatch):
    people = crowd(500, 3)
    all_together = circles.cost(people, form(people).circles, AT)
    monkeypatch.setattr(circles, "_COMPARABLE", 100)
    monkeypatch.setattr(circles, "_COMPARED_IN_BANDS", 0)
    in_bands = circles.cost(people, form(people).circles, AT)
    assert in_bands <= 0.75 * all_together < 0


@settings(max_examples=15, deadline=None)
@given(st.sampled_from([8, 9, 10, 11, 12]), st.integers(0, 10_000))
@pytest.mark.deep
def test_circles_of_a_few_people_cost_least(count, seed):
    people = crowd(count, seed)
    formed = form(people, str(seed))
    assert circles.cost(people, formed.circles, AT) == least_cost_of_circles(people)


@pytest.mark.parametrize(
    ("count", "seed"),
    [(13, 1), (14, 2), (15, 3), (15, 4)],
)
@pytest.mark.deep
def test_circles_of_up_to_fifteen_people_cost_least(count, seed):
    people = crowd(count, seed)
    formed = form(people)
    assert circles.cost(people, formed.circles, AT) == least_cost_of_circles(people)


def test_who_is_free_all_day_is_in_a_circle_with_anybody():
    people = [Person(f"U{n}", zone=ZONES[n % 5], hours=DAY) for n in range(10)]
    assert form(people).left_out == ()
