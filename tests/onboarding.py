"""The bot arrives in a channel."""

from typing import Any

from tests.factories import Story
from tests.people import workspace_program
from tests.slack_payloads import ASKER, BOT, button, conversation_object

NEW = "C0NEW"


def arrive(story: Story, *, inviter: str | None = ASKER, channel: str = NEW) -> None:
    """Invite the bot to a channel."""
    story.slack.channels.setdefault(channel, conversation_object(channel, "new"))
    story.event(
        {
            "type": "member_joined_channel",
            "user": BOT,
            "channel": channel,
            "channel_type": "C",
            "event_ts": story.ts(),
        }
        | ({"inviter": inviter} if inviter else {})
    )
    story.deliver()


def change_peers(story: Story, **texts: Any) -> None:
    """Change texts of the workspace's own program, as a lead does."""
    with story.rt.write(story.rt.workspaces.only) as tx:
        program = workspace_program(tx)
        for name, value in texts.items():
            setattr(program, name, value)


def press(story: Story, member: str, text: str, *, of: str | None = None) -> Any:
    """Press a button of the last message to a person, or to the presser."""
    action_id, value = button(story.slack.messages_to(of or member)[-1], text)
    return story.click(member, action_id, value, channel=f"D{(of or member)[1:]}")
