"""Actions of the outbox that only read from Slack."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from bot.slack.api import SlackApi


@dataclass(frozen=True, slots=True)
class FetchReplies:
    method: ClassVar[str] = "conversations.replies"

    channel: str
    ts: str

    def send(self, api: SlackApi, _metadata_token: str) -> list[dict[str, Any]]:
        """Return the thread's messages, each with all members who reacted to it."""
        messages = list(api.replies(self.channel, self.ts))
        for message in messages:
            # In a thread, Slack counts all members who reacted, but names only some.
            if any(map(_lacks_users, message.get("reactions") or [])):
                message["reactions"] = api.reactions_of(self.channel, message["ts"])
        return messages


@dataclass(frozen=True, slots=True)
class FetchReply:
    """One message of a thread."""

    method: ClassVar[str] = "conversations.replies"

    channel: str
    thread_ts: str
    ts: str

    def send(self, api: SlackApi, _metadata_token: str) -> dict[str, Any] | None:
        """Return the message; None if Slack no longer shows it."""
        return api.reply(self.channel, self.thread_ts, self.ts)


def _lacks_users(reaction: Mapping[str, Any]) -> bool:
    return len(reaction.get("users") or []) < (reaction.get("count") or 0)


@dataclass(frozen=True, slots=True)
class FetchMemberships:
    """Fetch the channels that a member is in."""

    method: ClassVar[str] = "users.conversations"

    member: str

    def send(self, api: SlackApi, _metadata_token: str) -> list[str]:
        return list(api.conversations_of(self.member))
