"""People who mark each other."""

import random
from typing import Any

import pytest

from benchmarks import attacks
from bot.mentors import rules
from bot.mentors.help_matrix import HelpMatrix
from bot.mentors.rules import DAY
from tests.detection import CROWD, NUMBERS, UNTIL, detect, make_ring, names, nobody


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


def everybody(people, _since):
    return set(people)


# Ways in which marks lead back to their origin.
BACK = [name for name in attacks.ATTACKS if "star" not in name and "chain" not in name]
# The others differ in how many people and how often.
SOME = {"fast ring of 3", "monthly turns of 4"}


@pytest.mark.deep
@pytest.mark.parametrize(
    ("name", "are_helped"),
    [
        *((name, False) for name in attacks.ATTACKS),
        *(
            pytest.param(
                name, True, marks=() if name in SOME else pytest.mark.exhaustive
            )
            for name in BACK
        ),
    ],
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
