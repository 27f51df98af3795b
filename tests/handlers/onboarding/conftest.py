"""A channel that the bot was invited to."""

import pytest

from tests.factories import Story
from tests.onboarding import arrive


@pytest.fixture
def arrived(story: Story) -> Story:
    """Ana has invited the bot to #new, a while ago."""
    arrive(story)
    story.clock.advance(hours=1)
    return story
