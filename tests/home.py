"""People's visits of their Home tabs, and what these show."""

import json
from typing import Any

from tests.factories import Story
from tests.slack_payloads import HELP_CHANNEL

PRIVATE = "C0CLOSED"


def joins(story: Story, member: str, channel: str, **more: Any) -> None:
    joined = {"type": "member_joined_channel", "user": member, "channel": channel}
    assert story.event(joined | more) == 200


def leaves(story: Story, member: str, channel: str, **more: Any) -> None:
    leave = {"type": "member_left_channel", "user": member, "channel": channel}
    assert story.event(leave | more) == 200


def opens(story: Story, member: str) -> str:
    """Open the Home tab when everything has been fetched; return it."""
    opened = {"type": "app_home_opened", "user": member, "tab": "home"}
    assert story.event(opened) == 200
    story.deliver()
    return visible_home(story, member)


def visible_home(story: Story, member: str) -> str:
    return json.dumps(story.slack.homes[member], ensure_ascii=False)


def links(story: Story, member: str) -> list[str]:
    """Return the text of each link on the Home tab, from top to bottom."""
    return [
        part["text"]
        for block in story.slack.homes[member]["blocks"]
        if block["type"] == "rich_text"
        for part in block["elements"][0]["elements"]
        if part["type"] == "link"
    ]


def asks_in(story: Story, member: str, text: str, channel: str = HELP_CHANNEL) -> None:
    assert story.command(member, "/ask", text, channel=channel).body == ""
    story.deliver()
