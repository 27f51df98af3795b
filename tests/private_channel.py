"""A private channel, and the people who leave it."""

from typing import Any

from tests.factories import Story
from tests.slack_payloads import ASKER

DEN, NAME = "C0DEN", "den-of-secrets"
FOR = "for the answer on retries, they saved my week"


def leaves(story: Story, *people: str, is_heard: bool = True) -> None:
    for member in people:
        story.slack.members_by_channel[DEN].remove(member)
        if is_heard:
            leave = {"type": "member_left_channel", "user": member, "channel": DEN}
            assert story.event(leave) == 200
    if not is_heard:
        # Slack's earlier answer about their membership is still trusted.
        story.clock.advance(hours=1, seconds=1)


def asks_there(
    story: Story, member: str = ASKER, text: str = "How do I test it?"
) -> int:
    story.command(member, "/ask", text, channel=DEN)
    story.deliver()
    return story.asks()[-1].id


def form(story: Story, callback_id: str) -> dict[str, Any]:
    matching = [v for _, v in story.slack.views if v.get("callback_id") == callback_id]
    return matching[-1]
