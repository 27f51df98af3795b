"""Recognize the messages that people write."""

from collections.abc import Mapping
from typing import Any

from bot.runtime import Workspace
from bot.workspace import members

# Subtypes of messages by people; the others are by Slack or by bots.
HUMAN_SUBTYPES = (None, "file_share", "me_message", "thread_broadcast")


def is_by_human(message: Mapping[str, Any], workspace: Workspace) -> bool:
    """Return True if a person wrote the message, as far as the message shows."""
    return (
        message.get("subtype") in HUMAN_SUBTYPES
        and not message.get("bot_id")
        and isinstance(message.get("user"), str)
        and bool(message["user"])
        and message["user"] not in {members.SLACKBOT, workspace.bot_user_id}
    )
