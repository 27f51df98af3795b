"""Stored members and channels, and another workspace."""

from sqlalchemy.orm import Session

from bot.workspace import channels, members
from models import Channel, Installation, Member
from tests.conftest import NOW
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


def add_other_workspace(session: Session) -> Installation:
    other = Installation(
        team_id="T9",
        bot_id="B9",
        bot_user_id="U9BOT",
        team_name="Others",
        team_url="https://others.slack.com/",
        installed_at=NOW,
    )
    session.add(other)
    session.flush()
    return other
