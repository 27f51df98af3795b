"""A Slack that remembers what it was told, and fails when it is told to."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View

from bot.slack import Outdated, Refused, SlackError

T = TypeVar("T")


@dataclass
class Posted:
    channel: str
    ts: str
    text: str
    blocks: list[dict[str, Any]]
    operation: str = ""
    thread_ts: str | None = None
    # Who sees it, for a message to one person in a channel.
    only: str | None = None
    updates: int = 0


@dataclass(frozen=True)
class File:
    member: str
    name: str
    title: str
    comment: str
    content: bytes


@dataclass
class FakeSlack:
    """`fail` maps a method to what it raises, once each, before it has any effect.

    `fail_after` likewise, when the effect has taken place.
    """

    messages: list[Posted] = field(default_factory=list)
    whispers: list[Posted] = field(default_factory=list)
    reactions: set[tuple[str, str, str]] = field(default_factory=set)
    views: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    responses: list[tuple[str, str, list[dict[str, Any]]]] = field(default_factory=list)
    # The texts of those that took the place of what was clicked.
    replaced: list[str] = field(default_factory=list)
    homes: dict[str, dict[str, Any]] = field(default_factory=dict)
    # Of what is shown as each Home tab.
    hashes: dict[str, str] = field(default_factory=dict)
    people: dict[str, dict[str, Any]] = field(default_factory=dict)
    channels: dict[str, dict[str, Any]] = field(default_factory=dict)
    # Who is in a channel, where somebody asks.
    seats: dict[str, list[str]] = field(default_factory=dict)
    files: dict[str, File] = field(default_factory=dict)
    threads: dict[tuple[str, str], list[dict[str, Any]]] = field(default_factory=dict)
    # A message's reactions with everybody, where its thread leaves some people out.
    full: dict[tuple[str, str], list[dict[str, Any]]] = field(default_factory=dict)
    me: dict[str, Any] = field(default_factory=dict)
    # How many messages there have been, those that are gone as well.
    posted: int = 0
    deleted_from: list[str] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    fail: dict[str, list[SlackError]] = field(default_factory=dict)
    fail_after: dict[str, list[SlackError]] = field(default_factory=dict)
    on_call: Callable[[str], None] = lambda _: None

    def _called(self, method: str, effect: Callable[[], T]) -> T:
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
        operation: str,
        thread_ts: str | None = None,
    ) -> tuple[str, str]:
        def effect() -> tuple[str, str]:
            ts = f"{1772442000 + self.posted}.000100"
            self.posted += 1
            where = _im(channel)
            self.messages.append(
                Posted(channel, ts, text, _dicts(blocks), operation, thread_ts)
            )
            return where, ts

        return self._called("chat.postMessage", effect)

    def update(self, channel: str, ts: str, text: str, blocks: Sequence[Block]) -> None:
        def effect() -> None:
            message = self.at(channel, ts)
            message.text, message.blocks = text, _dicts(blocks)
            message.updates += 1

        self._called("chat.update", effect)

    def delete(self, channel: str, ts: str) -> None:
        def effect() -> None:
            self.deleted_from.append(channel)
            self.messages = [
                m for m in self.messages if (_im(m.channel), m.ts) != (channel, ts)
            ]

        self._called("chat.delete", effect)

    def whisper(
        self,
        channel: str,
        member: str,
        text: str,
        blocks: Sequence[Block],
        *,
        thread_ts: str | None = None,
    ) -> None:
        shown = Posted(
            channel, "", text, _dicts(blocks), thread_ts=thread_ts, only=member
        )
        self._called("chat.postEphemeral", lambda: self.whispers.append(shown))

    def react(self, channel: str, ts: str, emoji: str) -> None:
        self._called("reactions.add", lambda: self.reactions.add((channel, ts, emoji)))

    def unreact(self, channel: str, ts: str, emoji: str) -> None:
        self._called(
            "reactions.remove", lambda: self.reactions.discard((channel, ts, emoji))
        )

    def find_posted(
        self,
        channel: str,
        operation: str,
        *,
        since: float,
        thread_ts: str | None = None,
    ) -> tuple[str, str] | None:
        def effect() -> tuple[str, str] | None:
            for message in self.messages:
                if (message.channel, message.operation, message.thread_ts) == (
                    channel,
                    operation,
                    thread_ts,
                ):
                    return channel, message.ts
            for file, sent in self.files.items():
                if sent.member == channel and operation in sent.name:
                    return _im(channel), file
            return None

        return self._called("conversations.history", effect)

    def replies(self, channel: str, ts: str) -> Iterator[dict[str, Any]]:
        found = self.threads.get((channel, ts), [])
        return iter(self._called("conversations.replies", lambda: list(found)))

    def reactions_of(self, channel: str, ts: str) -> list[dict[str, Any]]:
        return self._called("reactions.get", lambda: list(self.full[channel, ts]))

    def open_view(self, trigger_id: str, view: View) -> None:
        self._called(
            "views.open", lambda: self.views.append((trigger_id, view.to_dict()))
        )

    def push_view(self, trigger_id: str, view: View) -> None:
        self._called(
            "views.push", lambda: self.views.append((trigger_id, view.to_dict()))
        )

    def update_view(self, view_id: str, view: View, *, hash: str | None) -> None:  # noqa: A002
        self._called(
            "views.update", lambda: self.views.append((view_id, view.to_dict()))
        )

    def upload(
        self, member: str, *, name: str, title: str, comment: str, content: bytes
    ) -> tuple[str, str]:
        def effect() -> tuple[str, str]:
            file = f"F{len(self.files)}"
            self.files[file] = File(member, name, title, comment, content)
            return f"D{member[1:]}", file

        return self._called("files.completeUploadExternal", effect)

    def delete_file(self, file: str) -> None:
        self._called("files.delete", lambda: self.files.pop(file, None))

    def publish_home(self, member: str, view: View, *, hash: str | None) -> str:  # noqa: A002
        def effect() -> str:
            if hash is not None and hash != self.hashes.get(member):
                raise Outdated("views.publish", "hash_conflict")
            self.homes[member] = view.to_dict()
            self.hashes[member] = f"hash-{len(self.calls)}"
            return self.hashes[member]

        return self._called("views.publish", effect)

    def respond(
        self,
        response_url: str,
        text: str,
        blocks: Sequence[Block],
        *,
        replace: bool = False,
    ) -> None:
        def effect() -> None:
            self.responses.append((response_url, text, _dicts(blocks)))
            if replace:
                self.replaced.append(text)

        self._called("response_url", effect)

    def member(self, member: str) -> dict[str, Any]:
        def effect() -> dict[str, Any]:
            if member not in self.people:
                raise Refused("users.info", "user_not_found")
            return self.people[member]

        return self._called("users.info", effect)

    def channel(self, channel: str) -> dict[str, Any]:
        def effect() -> dict[str, Any]:
            if channel not in self.channels:
                raise Refused("conversations.info", "channel_not_found")
            return self.channels[channel]

        return self._called("conversations.info", effect)

    def joined_channels(self) -> Iterator[dict[str, Any]]:
        joined = [c for c in self.channels.values() if c.get("is_member")]
        return iter(self._called("users.conversations", lambda: joined))

    def channels_of(self, member: str) -> Iterator[str]:
        def effect() -> list[str]:
            return [channel for channel, who in self.seats.items() if member in who]

        return iter(self._called("users.conversations", effect))

    def private_channels_of(self, member: str, *, is_urgent: bool) -> Iterator[str]:
        return (
            channel
            for channel in self.channels_of(member)
            if self.channels.get(channel, {}).get("is_private", True)
        )

    def channel_members(self, channel: str) -> Iterator[str]:
        def effect() -> Iterator[str]:
            return iter(self.seats.get(channel, []))

        return self._called("conversations.members", effect)

    def identity(self) -> dict[str, Any]:
        return self._called("auth.test", lambda: dict(self.me))

    # To look with.

    def at(self, channel: str, ts: str) -> Posted:
        for message in self.messages:
            if message.ts == ts and channel in {message.channel, _im(message.channel)}:
                return message
        raise Refused("chat.update", "message_not_found")

    def to(self, recipient: str) -> list[Posted]:
        return [m for m in self.messages if m.channel == recipient]

    def texts(self, recipient: str) -> list[str]:
        return [message.text for message in self.to(recipient)]


def _im(recipient: str) -> str:
    """Where a message to a channel or a person goes: a DM has an id of its own."""
    return f"D{recipient[1:]}" if recipient.startswith("U") else recipient


def _dicts(blocks: Sequence[Block]) -> list[dict[str, Any]]:
    return [block.to_dict() for block in blocks]
