"""Actions of the outbox in Slack, as values with a `send` method."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Literal

from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View

from bot.slack.api import THREAD_NOT_FOUND, Rejected, SlackApi
from bot.slack.channel_actions import OpenChannel, OpenGroup, SetChannelMembers
from bot.slack.fetches import FetchMemberships, FetchReplies, FetchReply


@dataclass(frozen=True, slots=True)
class PostMessage:
    """A message to a channel, thread or person. Sending it twice posts it twice."""

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
class PostUntraced:
    """A message to a person of which no one records the place in Slack."""

    method: ClassVar[str] = "chat.postMessage"

    member: str
    text: str
    blocks: Sequence[Block]

    def send(self, api: SlackApi, metadata_token: str) -> None:
        api.post(self.member, self.text, self.blocks, metadata_token=metadata_token)


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

    def send(self, api: SlackApi, _metadata_token: str) -> Literal["deleted"]:
        api.delete(self.channel, self.ts)
        return "deleted"


@dataclass(frozen=True, slots=True)
class DeleteUnansweredMessage:
    """Delete a message of the bot unless someone has replied or reacted to it."""

    method: ClassVar[str] = "chat.delete"

    channel: str
    ts: str

    def send(self, api: SlackApi, _metadata_token: str) -> bool:
        """Return False if the message stays."""
        if any(map(self._is_answer, self._thread(api))):
            return False
        api.delete(self.channel, self.ts)
        return True

    def _thread(self, api: SlackApi) -> list[dict[str, Any]]:
        try:
            return list(api.replies(self.channel, self.ts))
        except Rejected as error:
            if error.code != THREAD_NOT_FOUND:
                raise
            return []

    def _is_answer(self, message: Mapping[str, Any]) -> bool:
        is_reply = message["ts"] != self.ts and "bot_id" not in message
        return is_reply or bool(message.get("reactions"))


@dataclass(frozen=True, slots=True)
class SetReaction:
    """Set the bot's own reaction on a message, and remove its others.

    Each call can be repeated without harm.
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
    """The bot's own reaction that is set now; None if there is none."""

    emoji: str | None


@dataclass(frozen=True, slots=True)
class UploadFile:
    """A file for one member, in their direct messages with the bot."""

    method: ClassVar[str] = "files.completeUploadExternal"

    member: str
    # The file's name without a suffix; Slack shows the title instead.
    name: str
    title: str
    comment: str
    content: bytes
    suffix: str = "json"

    def send(self, api: SlackApi, metadata_token: str) -> tuple[str, str]:
        """Return the conversation's and the file's id."""
        return api.upload_file(
            self.member,
            # The name identifies the file if Slack's response was lost.
            name=f"{self.name}-{metadata_token}.{self.suffix}",
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
    """Publish a member's Home tab."""

    method: ClassVar[str] = "views.publish"

    member: str
    view: View
    # Slack's hash of the view to replace; None if unknown.
    replaced_hash: str | None
    # True to replace any view.
    is_forced: bool = False

    def send(self, api: SlackApi, _metadata_token: str) -> "PublishHomeResult":
        required_hash = None if self.is_forced else self.replaced_hash
        view_hash = api.publish_home(self.member, self.view, hash=required_hash)
        return PublishHomeResult(self.replaced_hash, view_hash)


@dataclass(frozen=True, slots=True)
class PublishHomeResult:
    """Slack's hashes of the published Home tab and of the view that it replaced."""

    replaced_hash: str | None
    view_hash: str


@dataclass(frozen=True, slots=True)
class PostIfMember:
    """A message to a member, sent only if they are still in a channel.

    They may have left it while the bot was not running.
    """

    method: ClassVar[str] = PostMessage.method

    post: PostMessage
    # Slack's id of a channel that the bot is in.
    channel: str

    def send(self, api: SlackApi, metadata_token: str) -> tuple[str, str] | None:
        """Send the message, or return None if they are not in the channel."""
        if self.channel not in api.conversations_of(self.post.channel):
            return None
        return self.post.send(api, metadata_token)


@dataclass(frozen=True, slots=True)
class PostIfNotMember:
    """A message to a member, sent only if they are not in a channel.

    In the channel, the message there notifies them.
    """

    method: ClassVar[str] = PostMessage.method

    post: PostMessage
    # Slack's id of the channel whose message mentions them.
    channel: str

    def send(self, api: SlackApi, metadata_token: str) -> tuple[str, str] | None:
        """Send the message, or return None if they are in the channel."""
        return None if self._is_member(api) else self.post.send(api, metadata_token)

    def _is_member(self, api: SlackApi) -> bool:
        try:
            return self.channel in api.conversations_of(self.post.channel)
        except Rejected:
            # Slack does not say. Two notifications are better than none.
            return False


SlackAction = (
    UploadFile
    | OpenGroup
    | OpenChannel
    | SetChannelMembers
    | DeleteFile
    | PostMessage
    | PostUntraced
    | PostEphemeral
    | UpdateMessage
    | DeleteMessage
    | DeleteUnansweredMessage
    | SetReaction
    | FetchReplies
    | FetchReply
    | PublishHome
    | FetchMemberships
    | PostIfMember
    | PostIfNotMember
)


def api_methods(action: SlackAction) -> Sequence[str]:
    """Return the Slack methods that the action calls; each may be rate-limited."""
    methods = (
        [FetchMemberships.method]
        if isinstance(action, PostIfMember | PostIfNotMember)
        else []
    )
    if isinstance(action, SetReaction) and action.removed_emoji:
        methods.append("reactions.remove")
    if isinstance(action, DeleteUnansweredMessage):
        methods.append(FetchReplies.method)
    if isinstance(action, OpenChannel):
        methods.append("conversations.invite")
    if isinstance(action, SetChannelMembers) and (action.removed or action.erased):
        methods.append("conversations.kick")
    return [*dict.fromkeys([*methods, action.method])]


@dataclass(frozen=True, slots=True)
class Reschedule:
    """Postpone the item: it is rendered and sent again at `until`."""

    until: datetime
