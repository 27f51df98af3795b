"""A workspace that the bot knows."""

import pytest

from tests.factories import Story


@pytest.fixture
def known(story: Story) -> Story:
    """The channel and Ana are known."""
    story.ask()
    return story
