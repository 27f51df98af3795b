"""The message and the line of an ask."""

import json

from tests.factories import Story
from tests.fakes import PostedMessage
from tests.slack_payloads import HELP_CHANNEL


def rendered(story: Story) -> str:
    """Return everything in the ask's message, as JSON."""
    return json.dumps(
        story.slack.message_at(HELP_CHANNEL, story.only_ask().ts or "").blocks
    )


def line_below(story: Story, ts: str) -> PostedMessage:
    [line] = [m for m in story.slack.messages_to(HELP_CHANNEL) if m.thread_ts == ts]
    return line
