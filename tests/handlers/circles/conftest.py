"""A program that Dan leads."""

import pytest

from tests.factories import Story
from tests.programs import make_program
from tests.slack_payloads import CHAMPION


@pytest.fixture
def program(story: Story) -> int:
    return make_program(story, leads=(CHAMPION,))
