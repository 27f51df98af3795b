from random import Random

import pytest

from bot.matching import circles
from bot.matching.changes import Merge, merge, place
from bot.matching.people import Person
from tests.matching import AT, apart, crowd

ABC = [Person(f"{circle}{n}") for circle in "abc" for n in range(7)]


def circle(name, count):
    return tuple(f"{name}{n}" for n in range(count))


def test_a_latecomer_takes_the_seat_that_costs_least():
    people = [
        *(Person(f"a{n}", team="data") for n in range(5)),
        *(Person(f"b{n}", team="web") for n in range(6)),
        Person("late", team="data"),
    ]
    assert place(people, [circle("a", 5), circle("b", 6)], "late", AT) == 1


def test_a_full_circle_has_no_seat_and_nobody_is_put_with_people_to_avoid():
    people = [*ABC, Person("late")]
    assert place(people, [circle("a", 7), circle("b", 6)], "late", AT) == 1
    people = apart(people, "b2", "late")
    assert place(people, [circle("a", 7), circle("b", 6)], "late", AT) is None
    assert place(people, [], "late", AT) is None


def test_a_small_circle_joins_one_with_enough_free_seats():
    offer = merge(ABC, [circle("a", 3), circle("b", 5), circle("c", 4)], 0, AT)
    assert offer == Merge(2, (("a0", "a1", "a2", "c0", "c1", "c2", "c3"),))


def test_a_full_circle_gives_up_as_few_people_as_possible():
    offer = merge(ABC, [circle("a", 3), circle("b", 7)], 0, AT)
    assert offer is not None
    small, large = offer.circles
    assert len(small) == 4
    assert set(circle("a", 3)) < set(small)
    assert set(small) | set(large) == {*circle("a", 3), *circle("b", 7)}


def test_who_moves_is_not_put_with_people_to_avoid():
    people = ABC
    for member in circle("b", 6):
        people = apart(people, member, "a0")
    offer = merge(people, [circle("a", 3), circle("b", 7)], 0, AT)
    assert offer is not None
    assert offer.circles[0] == ("a0", "a1", "a2", "b6")
    assert merge(
        apart(people, "b6", "a1"), [circle("a", 3), circle("b", 7)], 0, AT
    ) is (None)


def test_a_circle_that_declined_is_not_offered_again():
    all_circles = [circle("a", 3), circle("b", 5), circle("c", 4)]
    offer = merge(ABC, all_circles, 0, AT, declined={2})
    assert offer is not None
    assert offer.partner == 1
    assert merge(ABC, all_circles, 0, AT, declined={1, 2}) is None
    assert merge(ABC, [circle("a", 3)], 0, AT) is None


def test_a_circle_of_four_joins_only_where_there_is_room():
    assert merge(ABC, [circle("a", 4), circle("b", 4)], 0, AT) is None
    assert merge(ABC, [circle("a", 4), circle("b", 3)], 0, AT) is not None


@pytest.mark.deep
def test_no_circle_stays_below_four_while_forty_of_sixty_leave():
    for draw in map(Random, range(3)):
        people = crowd(60, draw.randrange(1000))
        current = list(circles.form(people, seed="autumn", at=AT).circles)
        for leaver in draw.sample(people, 40):
            people.remove(leaver)
            current = [
                tuple(person for person in each if person != leaver.id)
                for each in current
            ]
            unchanged = set(current)
            small = [n for n, each in enumerate(current) if len(each) < 4]
            for n in small:
                offer = merge(people, current, n, AT)
                assert offer is not None
                unchanged -= {current[n], current[offer.partner]}
                current = [
                    each
                    for i, each in enumerate(current)
                    if i not in {n, offer.partner}
                ] + list(offer.circles)
            assert unchanged <= set(current)
            assert all(4 <= len(each) <= 7 for each in current)
        assert sorted(p for each in current for p in each) == [p.id for p in people]
