"""Presses that arrive in any order, or twice, give one state."""

from itertools import permutations

import pytest

from bot.circles import seasons, signups
from bot.clock import datetime_to_micros
from tests.factories import Story
from tests.seasons import circle_of, has_people, opens_season, places_of, press

# The order of events does not depend on the database.
pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def test_the_last_press_decides_whether_a_person_signed_up(story: Story, program: int):
    [member] = has_people(story, program, 1)
    season_id = opens_season(story, program)
    start = datetime_to_micros(story.clock())
    for times in permutations((1, 2, 3)):
        start += 10
        with story.rt.write(story.workspace) as tx:
            season = seasons.get(tx, season_id)
            for at in times:
                # The second press takes it back, the others sign up.
                signups._store(
                    tx,
                    season,
                    member,
                    is_signed_up=at != 2,
                    event_micros=start + at,
                    brings=f"Question {at}",
                )
            row = signups.find(tx, season_id, member)
            assert row is not None, times
            assert row.brings == "Question 3"


@pytest.mark.deep
def test_a_place_is_taken_once_however_often_it_is_pressed(story: Story, program: int):
    _, circle, people = circle_of(story, program)
    [before] = places_of(story, people[0])
    for action in ("take", "decline", "take", "agree", "agree"):
        press(story, people[0], action, circle)
    [after] = places_of(story, people[0])
    assert (after.taken_at, after.left_at) == (before.taken_at, None)
    for _ in range(2):
        press(story, people[0], "leave", circle)
    [gone] = places_of(story, people[0])
    assert gone.left_at is not None
    # They are on the list again, and get the next free place.
    press(story, people[0], "take", circle)
    [offered] = places_of(story, people[0])
    assert (offered.taken_at, offered.left_at) == (None, None)
