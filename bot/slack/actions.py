"""What the outbox can do in Slack, each as a value that can be sent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View

from bot.slack.api import Rejected, SlackApi


@dataclass(frozen=True, slots=True)
class PostMessage:
    """A message to a channel, a thread or a person. Sent twice, it is there twice."""

    method: ClassVar[str] = "chat.postMessage"

    channel: str
    text: str
    blocks: Sequence[Block]
    thread_ts: str | None = None

    def send(self, api: SlackApi, metadata_token: str) -> tuple[str, str]:
        return api.post(
            self.channel,
            self.text,
            self.blocks,
            metadata_token=metadata_token,
            thread_ts=self.thread_ts,
        )


@dataclass(frozen=True, slots=True)
class PostEphemeral:
    """A message that one person sees until they reload."""

    method: ClassVar[str] = "chat.postEphemeral"

    channel: str
    member: str
    text: str
    blocks: Sequence[Block]
    thread_ts: str | None = None

    def send(self, api: SlackApi, _metadata_token: str) -> None:
        api.post_ephemeral(
            self.channel, self.member, self.text, self.blocks, thread_ts=self.thread_ts
        )


@dataclass(frozen=True, slots=True)
class UpdateMessage:
    method: ClassVar[str] = "chat.update"

    channel: str
    ts: str
    text: str
    blocks: Sequence[Block]

    def send(self, api: SlackApi, _metadata_token: str) -> None:
        api.update(self.channel, self.ts, self.text, self.blocks)


@dataclass(frozen=True, slots=True)
class DeleteMessage:
    method: ClassVar[str] = "chat.delete"

    channel: str
    ts: str

    def send(self, api: SlackApi, _metadata_token: str) -> None:
        api.delete(self.channel, self.ts)


@dataclass(frozen=True, slots=True)
class SetReaction:
    """Let one of the bot's own reactions stand on a message, or none, and not others.

    Each can be done again without harm.
    """

    channel: str
    ts: str
    emoji: str | None
    removed_emoji: Sequence[str] = ()

    @property
    def method(self) -> str:
        return "reactions.add" if self.emoji else "reactions.remove"

    def send(self, api: SlackApi, _metadata_token: str) -> "SetReactionResult":
        if self.emoji:
            api.add_reaction(self.channel, self.ts, self.emoji)
        for other in self.removed_emoji:
            api.remove_reaction(self.channel, self.ts, other)
        return SetReactionResult(self.emoji)


@dataclass(frozen=True, slots=True)
class SetReactionResult:
    """The bot's own reaction that stands now; None where there is none."""

    emoji: str | None


@dataclass(frozen=True, slots=True)
class FetchReplies:
    method: ClassVar[str] = "conversations.replies"

    channel: str
    ts: str

    def send(self, api: SlackApi, _metadata_token: str) -> list[dict[str, Any]]:
        """Return the thread's messages, each with everybody who reacted to it."""
        messages = list(api.replies(self.channel, self.ts))
        for message in messages:
            # In a thread Slack counts them all, and names some.
            if any(map(_lacks_users, message.get("reactions") or [])):
                message["reactions"] = api.reactions_of(self.channel, message["ts"])
        return messages


def _lacks_users(reaction: Mapping[str, Any]) -> bool:
    return len(reaction.get("users") or []) < (reaction.get("count") or 0)


@dataclass(frozen=True, slots=True)
class UploadFile:
    """A file for one person, in their conversation with the bot."""

    method: ClassVar[str] = "files.completeUploadExternal"

    member: str
    # Without an ending; Slack shows `title`.
    name: str
    title: str
    comment: str
    content: bytes

    def send(self, api: SlackApi, metadata_token: str) -> tuple[str, str]:
        """The conversation, and the file's id."""
        return api.upload_file(
            self.member,
            # By its name it is found again, where Slack's answer got lost.
            name=f"{self.name}-{metadata_token}.json",
            title=self.title,
            comment=self.comment,
            content=self.content,
        )


@dataclass(frozen=True, slots=True)
class DeleteFile:
    method: ClassVar[str] = "files.delete"

    file: str

    def send(self, api: SlackApi, _metadata_token: str) -> None:
        api.delete_file(self.file)


@dataclass(frozen=True, slots=True)
class PublishHome:
    """Show somebody's Home tab as it now is."""

    method: ClassVar[str] = "views.publish"

    member: str
    view: View
    # Slack's hash of the view that it was drawn to replace; None where none is known.
    replaced_hash: str | None
    # Whether it may take the place of any other, too.
    is_forced: bool = False

    def send(self, api: SlackApi, _metadata_token: str) -> "PublishHomeResult":
        given = None if self.is_forced else self.replaced_hash
        shown = api.publish_home(self.member, self.view, hash=given)
        return PublishHomeResult(self.replaced_hash, shown)


@dataclass(frozen=True, slots=True)
class PublishHomeResult:
    """Slack's hash of a Home tab that is shown, and of the one it was to replace."""

    replaced_hash: str | None
    view_hash: str


@dataclass(frozen=True, slots=True)
class FetchMemberships:
    """Ask which channels somebody is in."""

    method: ClassVar[str] = "users.conversations"

    member: str

    def send(self, api: SlackApi, _metadata_token: str) -> list[str]:
        return list(api.conversations_of(self.member))


@dataclass(frozen=True, slots=True)
class PostIfMember:
    """A message to a person who may have left a channel while the bot heard nothing."""

    method: ClassVar[str] = PostMessage.method

    post: PostMessage
    # Slack's id, of one that the bot is in.
    channel: str

    def send(self, api: SlackApi, metadata_token: str) -> tuple[str, str] | None:
        """None where they are not in the channel: then nothing is sent."""
        if self.channel not in api.conversations_of(self.post.channel):
            return None
        return self.post.send(api, metadata_token)


@dataclass(frozen=True, slots=True)
class PostIfNotMember:
    """A message to a person, for whom a message in a channel is not notice enough."""

    method: ClassVar[str] = PostMessage.method

    post: PostMessage
    # Slack's id, of the channel with the message that mentions them.
    channel: str

    def send(self, api: SlackApi, metadata_token: str) -> tuple[str, str] | None:
        """None where they are in the channel: then nothing is sent."""
        return None if self._is_member(api) else self.post.send(api, metadata_token)

    def _is_member(self, api: SlackApi) -> bool:
        try:
            return self.channel in api.conversations_of(self.post.channel)
        except Rejected:
            # Slack doesn't tell: better twice than never.
            return False


SlackAction = (
    UploadFile
    | DeleteFile
    | PostMessage
    | PostEphemeral
    | UpdateMessage
    | DeleteMessage
    | SetReaction
    | FetchReplies
    | PublishHome
    | FetchMemberships
    | PostIfMember
    | PostIfNotMember
)


def api_methods(action: SlackAction) -> Sequence[str]:
    """What it calls in Slack."""
    asked = (
        [FetchMemberships.method]
        if isinstance(action, PostIfMember | PostIfNotMember)
        else []
    )
    if isinstance(action, SetReaction) and action.removed_emoji:
        asked.append("reactions.remove")
    return [*dict.fromkeys([*asked, action.method])]


@dataclass(frozen=True, slots=True)
class Reschedule:
    """Not the time to send it: its turn comes again then, and it is drawn anew."""

    until: datetime
