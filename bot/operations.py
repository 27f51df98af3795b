"""What the outbox can do in Slack, each as a value that can be sent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View

from bot.slack import Refused, Slack


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
    """Let one of the bot's own reactions stand on a message, or none, and not others.

    Each can be done again without harm.
    """

    channel: str
    ts: str
    emoji: str | None
    others: Sequence[str] = ()

    @property
    def method(self) -> str:
        return "reactions.add" if self.emoji else "reactions.remove"

    def send(self, slack: Slack, _operation: str) -> "Reacted":
        if self.emoji:
            slack.react(self.channel, self.ts, self.emoji)
        for other in self.others:
            slack.unreact(self.channel, self.ts, other)
        return Reacted(self.emoji)


@dataclass(frozen=True, slots=True)
class Reacted:
    """The bot's own reaction that stands now; None where there is none."""

    emoji: str | None


@dataclass(frozen=True, slots=True)
class ReadThread:
    method: ClassVar[str] = "conversations.replies"

    channel: str
    ts: str

    def send(self, slack: Slack, _operation: str) -> list[dict[str, Any]]:
        """Return the thread's messages, each with everybody who reacted to it."""
        messages = list(slack.replies(self.channel, self.ts))
        for message in messages:
            # In a thread Slack counts them all, and names some.
            if any(map(_lacks_people, message.get("reactions") or [])):
                message["reactions"] = slack.reactions_of(self.channel, message["ts"])
        return messages


def _lacks_people(reaction: Mapping[str, Any]) -> bool:
    return len(reaction.get("users") or []) < (reaction.get("count") or 0)


@dataclass(frozen=True, slots=True)
class Upload:
    """A file for one person, in their conversation with the bot."""

    method: ClassVar[str] = "files.completeUploadExternal"

    member: str
    # Without an ending; Slack shows `title`.
    name: str
    title: str
    comment: str
    content: bytes

    def send(self, slack: Slack, operation: str) -> tuple[str, str]:
        """The conversation, and the file's id."""
        return slack.upload(
            self.member,
            # By its name it is found again, where Slack's answer got lost.
            name=f"{self.name}-{operation}.json",
            title=self.title,
            comment=self.comment,
            content=self.content,
        )


@dataclass(frozen=True, slots=True)
class DeleteFile:
    method: ClassVar[str] = "files.delete"

    file: str

    def send(self, slack: Slack, _operation: str) -> None:
        slack.delete_file(self.file)


@dataclass(frozen=True, slots=True)
class Publish:
    """Show somebody's Home tab as it now is."""

    method: ClassVar[str] = "views.publish"

    member: str
    view: View
    # Slack's hash of the view that it was drawn to replace; None where none is known.
    replaces: str | None
    # Whether it may take the place of any other, too.
    is_forced: bool = False

    def send(self, slack: Slack, _operation: str) -> "Published":
        given = None if self.is_forced else self.replaces
        shown = slack.publish_home(self.member, self.view, hash=given)
        return Published(self.replaces, shown)


@dataclass(frozen=True, slots=True)
class Published:
    """Slack's hash of a Home tab that is shown, and of the one it was to replace."""

    replaces: str | None
    shown: str


@dataclass(frozen=True, slots=True)
class ReadChannels:
    """Ask which channels somebody is in."""

    method: ClassVar[str] = "users.conversations"

    member: str

    def send(self, slack: Slack, _operation: str) -> list[str]:
        return list(slack.channels_of(self.member))


@dataclass(frozen=True, slots=True)
class PostIfIn:
    """A message to a person who may have left a channel while the bot heard nothing."""

    method: ClassVar[str] = Post.method

    post: Post
    # Slack's id, of one that the bot is in.
    channel: str

    def send(self, slack: Slack, operation: str) -> tuple[str, str] | None:
        """None where they are not in the channel: then nothing is sent."""
        if self.channel not in slack.channels_of(self.post.channel):
            return None
        return self.post.send(slack, operation)


@dataclass(frozen=True, slots=True)
class PostIfOut:
    """A message to a person, for whom a message in a channel is not notice enough."""

    method: ClassVar[str] = Post.method

    post: Post
    # Slack's id, of the channel with the message that mentions them.
    channel: str

    def send(self, slack: Slack, operation: str) -> tuple[str, str] | None:
        """None where they are in the channel: then nothing is sent."""
        return None if self._is_in(slack) else self.post.send(slack, operation)

    def _is_in(self, slack: Slack) -> bool:
        try:
            return self.channel in slack.channels_of(self.post.channel)
        except Refused:
            # Slack doesn't tell: better twice than never.
            return False


Operation = (
    Upload
    | DeleteFile
    | Post
    | Whisper
    | Update
    | Delete
    | React
    | ReadThread
    | Publish
    | ReadChannels
    | PostIfIn
    | PostIfOut
)


def methods(operation: Operation) -> Sequence[str]:
    """What it calls in Slack."""
    asked = [ReadChannels.method] if isinstance(operation, PostIfIn | PostIfOut) else []
    if isinstance(operation, React) and operation.others:
        asked.append("reactions.remove")
    return [*dict.fromkeys([*asked, operation.method])]


@dataclass(frozen=True, slots=True)
class Later:
    """Not the time to send it: its turn comes again then, and it is drawn anew."""

    until: datetime
