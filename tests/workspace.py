"""Stored members and channels."""

from bot.workspace import channels, members
from models import Channel, Member
from tests.factories import Story
from tests.slack_payloads import HELP_CHANNEL

MOVE = {
    "type": "channel_id_changed",
    "old_channel_id": HELP_CHANNEL,
    "new_channel_id": "C0NEW",
}


def channel(story: Story, slack_id: str = HELP_CHANNEL) -> Channel:
    with story.rt.read(story.rt.workspaces.only) as tx:
        found = channels.find(tx, slack_id)
    assert found is not None
    return found


def member(story: Story, slack_id: str) -> Member:
    with story.rt.read(story.rt.workspaces.only) as tx:
        found = members.find(tx, slack_id)
    assert found is not None
    return found
