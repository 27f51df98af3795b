"""What the outbox can do in Slack, each as a value that can be sent."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from slack_sdk.models.blocks import Block

from bot.slack import Slack


@dataclass(frozen=True, slots=True)
class Post:
    """A message to a channel, a thread or a person. Sent twice, it is there twice."""

    method: ClassVar[str] = "chat.postMessage"

    channel: str
    text: str
    blocks: Sequence[Block]
    thread_ts: str | None = None

    def send(self, slack: Slack, operation: str) -> tuple[str, str]:
        return slack.post(
            self.channel,
            self.text,
            self.blocks,
            operation=operation,
            thread_ts=self.thread_ts,
        )


@dataclass(frozen=True, slots=True)
class Whisper:
    """A message that one person sees until they reload."""

    method: ClassVar[str] = "chat.postEphemeral"

    channel: str
    member: str
    text: str
    blocks: Sequence[Block]
    thread_ts: str | None = None

    def send(self, slack: Slack, _operation: str) -> None:
        slack.whisper(
            self.channel, self.member, self.text, self.blocks, thread_ts=self.thread_ts
        )


@dataclass(frozen=True, slots=True)
class Update:
    method: ClassVar[str] = "chat.update"

    channel: str
    ts: str
    text: str
    blocks: Sequence[Block]

    def send(self, slack: Slack, _operation: str) -> None:
        slack.update(self.channel, self.ts, self.text, self.blocks)


@dataclass(frozen=True, slots=True)
class Delete:
    method: ClassVar[str] = "chat.delete"

    channel: str
    ts: str

    def send(self, slack: Slack, _operation: str) -> None:
        slack.delete(self.channel, self.ts)


@dataclass(frozen=True, slots=True)
class React:
    """Add the bot's own reaction, or take it back."""

    channel: str
    ts: str
    emoji: str
    is_present: bool

    @property
    def method(self) -> str:
        return "reactions.add" if self.is_present else "reactions.remove"

    def send(self, slack: Slack, _operation: str) -> bool:
        if self.is_present:
            slack.react(self.channel, self.ts, self.emoji)
        else:
            slack.unreact(self.channel, self.ts, self.emoji)
        return self.is_present


@dataclass(frozen=True, slots=True)
class ReadThread:
    method: ClassVar[str] = "conversations.replies"

    channel: str
    ts: str

    def send(self, slack: Slack, _operation: str) -> list[dict[str, Any]]:
        return list(slack.replies(self.channel, self.ts))


Operation = Post | Whisper | Update | Delete | React | ReadThread
