"""People with a Home tab."""

import pytest

from tests.factories import Story
from tests.home import PRIVATE, joins
from tests.slack_payloads import (
    ASKER,
    BOT,
    GUEST,
    HELP_CHANNEL,
    HELPER,
    PEER,
    conversation_object,
)


@pytest.fixture
def peers(story: Story) -> Story:
    """Make the bot and people members of a public and a private channel."""
    for slack_id, name in (
        (HELP_CHANNEL, "help"),
        (PRIVATE, "closed"),
        ("C0ELSE", "else"),
    ):
        story.slack.channels[slack_id] = conversation_object(
            slack_id, name, is_private=slack_id == PRIVATE
        )
        joins(story, BOT, slack_id)
        story.slack.members_by_channel[slack_id] = []
    story.slack.members_by_channel[HELP_CHANNEL] = [ASKER, HELPER, PEER, GUEST]
    story.slack.members_by_channel[PRIVATE] = [HELPER]
    return story
