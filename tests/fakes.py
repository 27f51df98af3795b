"""A Slack that records calls, and fails on demand."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View

from bot.slack.api import HashConflict, Rejected, SlackError

T = TypeVar("T")


@dataclass
class PostedMessage:
    channel: str
    ts: str
    text: str
    blocks: list[dict[str, Any]]
    metadata_token: str = ""
    thread_ts: str | None = None
    # The only person who sees it, for an ephemeral message.
    visible_to: str | None = None
    updates: int = 0


@dataclass(frozen=True)
class UploadedFile:
    member: str
    name: str
    title: str
    comment: str
    content: bytes


@dataclass
class FakeSlack:
    """`fail` maps a method to errors that it raises, once each, without any effect.

    The errors in `fail_after` are raised after the effect.
    """

    messages: list[PostedMessage] = field(default_factory=list)
    ephemeral_messages: list[PostedMessage] = field(default_factory=list)
    reactions: set[tuple[str, str, str]] = field(default_factory=set)
    views: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    # The hashes that came with updates. Slack refuses one that a view no longer has.
    update_hashes: list[str | None] = field(default_factory=list)
    responses: list[tuple[str, str, list[dict[str, Any]]]] = field(default_factory=list)
    # Texts that replaced the clicked message.
    replaced_texts: list[str] = field(default_factory=list)
    homes: dict[str, dict[str, Any]] = field(default_factory=dict)
    # Home tabs by member.
    home_hashes: dict[str, str] = field(default_factory=dict)
    people: dict[str, dict[str, Any]] = field(default_factory=dict)
    # The ids of profile fields by label, and the texts in them by member.
    profile_labels: dict[str, str] = field(default_factory=dict)
    profiles: dict[str, dict[str, str]] = field(default_factory=dict)
    channels: dict[str, dict[str, Any]] = field(default_factory=dict)
    # Members by channel, for `conversation_members`.
    members_by_channel: dict[str, list[str]] = field(default_factory=dict)
    # People by group, for `open_group`.
    groups: dict[str, list[str]] = field(default_factory=dict)
    # People whom Slack lets into no channel.
    uninvitable: set[str] = field(default_factory=set)
    files: dict[str, UploadedFile] = field(default_factory=dict)
    thread_messages: dict[tuple[str, str], list[dict[str, Any]]] = field(
        default_factory=dict
    )
    # All reactions to a message, if its thread's response leaves out some people.
    full_reactions: dict[tuple[str, str], list[dict[str, Any]]] = field(
        default_factory=dict
    )
    bot_identity: dict[str, Any] = field(default_factory=dict)
    # The number of all messages, including deleted ones.
    posted_count: int = 0
    deleted_from: list[str] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    fail: dict[str, list[SlackError]] = field(default_factory=dict)
    fail_after: dict[str, list[SlackError]] = field(default_factory=dict)
    on_call: Callable[[str], None] = lambda _: None

    def _call(self, method: str, effect: Callable[[], T]) -> T:
        self.calls.append(method)
        self.on_call(method)
        if self.fail.get(method):
            raise self.fail[method].pop(0)
        result = effect()
        if self.fail_after.get(method):
            raise self.fail_after[method].pop(0)
        return result

    def post(
        self,
        channel: str,
        text: str,
        blocks: Sequence[Block],
        *,
        metadata_token: str,
        thread_ts: str | None = None,
    ) -> tuple[str, str]:
        def effect() -> tuple[str, str]:
            ts = f"{1772442000 + self.posted_count}.000100"
            self.posted_count += 1
            target = _dm_channel(channel)
            self.messages.append(
                PostedMessage(
                    channel, ts, text, _to_json(blocks), metadata_token, thread_ts
                )
            )
            return target, ts

        return self._call("chat.postMessage", effect)

    def update(self, channel: str, ts: str, text: str, blocks: Sequence[Block]) -> None:
        def effect() -> None:
            _refuse_person("chat.update", channel)
            message = self.message_at(channel, ts)
            message.text, message.blocks = text, _to_json(blocks)
            message.updates += 1

        self._call("chat.update", effect)

    def delete(self, channel: str, ts: str) -> None:
        def effect() -> None:
            _refuse_person("chat.delete", channel)
            self.deleted_from.append(channel)
            self.messages = [
                m
                for m in self.messages
                if (_dm_channel(m.channel), m.ts) != (channel, ts)
            ]

        self._call("chat.delete", effect)

    def post_ephemeral(
        self,
        channel: str,
        member: str,
        text: str,
        blocks: Sequence[Block],
        *,
        thread_ts: str | None = None,
    ) -> None:
        shown = PostedMessage(
            channel, "", text, _to_json(blocks), thread_ts=thread_ts, visible_to=member
        )
        self._call("chat.postEphemeral", lambda: self.ephemeral_messages.append(shown))

    def add_reaction(self, channel: str, ts: str, emoji: str) -> None:
        self._call("reactions.add", lambda: self.reactions.add((channel, ts, emoji)))

    def remove_reaction(self, channel: str, ts: str, emoji: str) -> None:
        self._call(
            "reactions.remove", lambda: self.reactions.discard((channel, ts, emoji))
        )

    def find_by_metadata(
        self,
        channel: str,
        metadata_token: str,
        *,
        since: float,
        thread_ts: str | None = None,
    ) -> tuple[str, str] | None:
        def effect() -> tuple[str, str] | None:
            for message in self.messages:
                if (message.channel, message.metadata_token, message.thread_ts) == (
                    channel,
                    metadata_token,
                    thread_ts,
                ):
                    return _dm_channel(channel), message.ts
            for file, sent in self.files.items():
                if sent.member == channel and metadata_token in sent.name:
                    return _dm_channel(channel), file
            return None

        return self._call("conversations.history", effect)

    def replies(self, channel: str, ts: str) -> Iterator[dict[str, Any]]:
        found = self.thread_messages.get((channel, ts), [])
        return iter(self._call("conversations.replies", lambda: list(found)))

    def reply(self, channel: str, thread_ts: str, ts: str) -> dict[str, Any] | None:
        def effect() -> dict[str, Any] | None:
            thread = self.thread_messages.get((channel, thread_ts), [])
            return next((dict(each) for each in thread if each["ts"] == ts), None)

        return self._call("conversations.replies", effect)

    def reactions_of(self, channel: str, ts: str) -> list[dict[str, Any]]:
        return self._call(
            "reactions.get", lambda: list(self.full_reactions[channel, ts])
        )

    def open_view(self, trigger_id: str, view: View) -> None:
        self._call(
            "views.open", lambda: self.views.append((trigger_id, view.to_dict()))
        )

    def push_view(self, trigger_id: str, view: View) -> None:
        self._call(
            "views.push", lambda: self.views.append((trigger_id, view.to_dict()))
        )

    def update_view(self, view_id: str, view: View, *, hash: str | None) -> None:  # noqa: A002
        self.update_hashes.append(hash)
        self._call("views.update", lambda: self.views.append((view_id, view.to_dict())))

    def upload_file(
        self, member: str, *, name: str, title: str, comment: str, content: bytes
    ) -> tuple[str, str]:
        def effect() -> tuple[str, str]:
            file = f"F{len(self.files)}"
            self.files[file] = UploadedFile(member, name, title, comment, content)
            return f"D{member[1:]}", file

        return self._call("files.completeUploadExternal", effect)

    def open_group(self, members: Sequence[str]) -> str:
        def effect() -> str:
            group = f"G{''.join(sorted(members))}"
            self.groups[group] = list(members)
            return group

        return self._call("conversations.open", effect)

    def open_channel(self, name: str, *, creator: str) -> str:
        def effect() -> str:
            for channel, facts in self.channels.items():
                if (facts.get("name"), facts.get("creator")) == (name, creator):
                    return channel
            channel = f"C{name.upper().replace('-', '')}"
            self.channels[channel] = {
                "id": channel,
                "name": name,
                "is_private": True,
                "is_member": True,
                "creator": creator,
            }
            self.members_by_channel[channel] = ["U0BACKSWING"]
            return channel

        return self._call("conversations.create", effect)

    def invite(self, channel: str, members: Sequence[str]) -> Sequence[str]:
        def effect() -> Sequence[str]:
            there = self.members_by_channel[channel]
            taken = [each for each in members if each not in self.uninvitable]
            there += [each for each in taken if each not in there]
            return taken

        return self._call("conversations.invite", effect)

    def remove(self, channel: str, member: str) -> None:
        def effect() -> None:
            members = self.members_by_channel[channel]
            self.members_by_channel[channel] = [m for m in members if m != member]

        self._call("conversations.kick", effect)

    def delete_file(self, file: str) -> None:
        self._call("files.delete", lambda: self.files.pop(file, None))

    def publish_home(self, member: str, view: View, *, hash: str | None) -> str:  # noqa: A002
        def effect() -> str:
            if hash is not None and hash != self.home_hashes.get(member):
                raise HashConflict("views.publish", "hash_conflict")
            self.homes[member] = view.to_dict()
            self.home_hashes[member] = f"hash-{len(self.calls)}"
            return self.home_hashes[member]

        return self._call("views.publish", effect)

    def respond(
        self,
        response_url: str,
        text: str,
        blocks: Sequence[Block],
        *,
        replace: bool = False,
    ) -> None:
        def effect() -> None:
            self.responses.append((response_url, text, _to_json(blocks)))
            if replace:
                self.replaced_texts.append(text)

        self._call("response_url", effect)

    def user_info(self, member: str) -> dict[str, Any]:
        def effect() -> dict[str, Any]:
            if member not in self.people:
                raise Rejected("users.info", "user_not_found")
            return self.people[member]

        return self._call("users.info", effect)

    def profile_fields(self) -> dict[str, str]:
        return self._call("team.profile.get", lambda: dict(self.profile_labels))

    def profile_values(self, member: str) -> dict[str, str]:
        def effect() -> dict[str, str]:
            if member not in self.people:
                raise Rejected("users.profile.get", "user_not_found")
            return dict(self.profiles.get(member, {}))

        return self._call("users.profile.get", effect)

    def conversation_info(self, channel: str) -> dict[str, Any]:
        def effect() -> dict[str, Any]:
            if channel not in self.channels:
                raise Rejected("conversations.info", "channel_not_found")
            return self.channels[channel]

        return self._call("conversations.info", effect)

    def own_conversations(self) -> Iterator[dict[str, Any]]:
        joined = [c for c in self.channels.values() if c.get("is_member")]
        return iter(self._call("users.conversations", lambda: joined))

    def conversations_of(
        self,
        member: str,
        *,
        is_urgent: bool = False,
    ) -> Iterator[str]:
        def effect() -> list[str]:
            return [
                channel
                for channel, users in self.members_by_channel.items()
                if member in users
            ]

        return iter(self._call("users.conversations", effect))

    def private_conversations_of(
        self, member: str, *, is_urgent: bool
    ) -> Iterator[str]:
        return (
            channel
            for channel in self.conversations_of(member)
            if self.channels.get(channel, {}).get("is_private", True)
        )

    def conversation_members(self, channel: str) -> Iterator[str]:
        def effect() -> Iterator[str]:
            return iter(self.members_by_channel.get(channel, []))

        return self._call("conversations.members", effect)

    def auth_test(self) -> dict[str, Any]:
        return self._call("auth.test", lambda: dict(self.bot_identity))

    # For checks

    def message_at(self, channel: str, ts: str) -> PostedMessage:
        for message in self.messages:
            if message.ts == ts and channel in {
                message.channel,
                _dm_channel(message.channel),
            }:
                return message
        raise Rejected("chat.update", "message_not_found")

    def messages_to(self, recipient: str) -> list[PostedMessage]:
        return [m for m in self.messages if m.channel == recipient]

    def texts_to(self, recipient: str) -> list[str]:
        return [message.text for message in self.messages_to(recipient)]


def _dm_channel(recipient: str) -> str:
    """Return the channel of a message to a channel or a person; a DM has its own id."""
    return f"D{recipient[1:]}" if recipient.startswith(("U", "W")) else recipient


def _refuse_person(method: str, channel: str) -> None:
    """Refuse a person's id: Slack takes it for a new message only."""
    if channel.startswith(("U", "W")):
        raise Rejected(method, "channel_not_found")


def _to_json(blocks: Sequence[Block]) -> list[dict[str, Any]]:
    return [block.to_dict() for block in blocks]
