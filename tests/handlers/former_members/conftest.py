"""A private channel that people leave."""

import pytest

from bot.config.mentors import SMALL_WORKSPACE
from bot.feature import Features
from bot.features import load_features
from tests.factories import Story
from tests.handlers.anonymity.keys import KEYS
from tests.private_channel import DEN, NAME
from tests.slack_payloads import (
    ADMIN,
    ASKER,
    BOT,
    CHAMPION,
    HELPER,
    PEER,
    conversation_object,
    form_values,
)


@pytest.fixture
def features() -> Features:
    return load_features(SMALL_WORKSPACE, anonymity_keys=KEYS)


@pytest.fixture
def den(story: Story) -> Story:
    """Make the bot and everyone but Gus a member of a private channel."""
    story.slack.channels[DEN] = conversation_object(DEN, NAME, is_private=True)
    story.slack.members_by_channel[DEN] = [ASKER, HELPER, PEER, CHAMPION, ADMIN]
    came = {"type": "member_joined_channel", "user": BOT, "channel": DEN}
    assert story.event({**came, "inviter": ADMIN}) == 200
    story.command(ADMIN, "/backswing", channel=DEN)
    view = story.slack.views[-1][1]
    changes = {"champions": [CHAMPION], "topics": "den-topic"}
    assert story.submit(ADMIN, view, form_values(view) | changes).body == ""
    story.advance(minutes=10)
    return story
