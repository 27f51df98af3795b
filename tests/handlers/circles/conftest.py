"""A program that Dan leads, and a circle in it that has met."""

from datetime import timedelta

import pytest

from tests.factories import Story
from tests.handlers.circles.test_times import chooses_time
from tests.programs import make_program
from tests.quiet import LATE, comes, hours_come, until
from tests.remembered import played_once
from tests.seasons import circle_of, signs_up
from tests.slack_payloads import CHAMPION


@pytest.fixture
def program(story: Story) -> int:
    return make_program(story, leads=(CHAMPION,))


@pytest.fixture
def begun(story: Story, program: int) -> tuple[int, int, list[str]]:
    """A circle of five that has met once, whose season Lee signed up for."""
    return _meet_once(story, program)


@played_once
def _meet_once(story: Story, program: int) -> tuple[int, int, list[str]]:
    season, circle_id, people = circle_of(story, program, 5)
    at = chooses_time(story, people[0], circle_id)
    until(story, at + timedelta(hours=3))
    comes(story, program)
    signs_up(story, LATE, season)
    hours_come(story)
    return season, circle_id, people
