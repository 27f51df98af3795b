"""A program that Dan leads, and a channel without any."""

import pytest

from tests.factories import Story
from tests.programs import make_program
from tests.slack_payloads import CHAMPION


@pytest.fixture
def program(story: Story) -> int:
    return make_program(story, leads=(CHAMPION,))


@pytest.fixture
def known(story: Story) -> Story:
    """The bot knows the channel and the admin."""
    story.set_up_channel()
    return story
