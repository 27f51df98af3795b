"""A Slack that remembers what it was told, and fails when it is told to."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View

from bot.slack import Refused, SlackError

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
    homes: dict[str, dict[str, Any]] = field(default_factory=dict)
    people: dict[str, dict[str, Any]] = field(default_factory=dict)
    channels: dict[str, dict[str, Any]] = field(default_factory=dict)
    threads: dict[tuple[str, str], list[dict[str, Any]]] = field(default_factory=dict)
    me: dict[str, Any] = field(default_factory=dict)
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
            ts = f"{1772442000 + len(self.messages)}.000100"
            where = f"D{channel[1:]}" if channel.startswith("U") else channel
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
            self.messages = [
                m for m in self.messages if (m.channel, m.ts) != (channel, ts)
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
                if (message.channel, message.operation) == (channel, operation):
                    return channel, message.ts
            return None

        return self._called("conversations.history", effect)

    def replies(self, channel: str, ts: str) -> Iterator[dict[str, Any]]:
        found = self.threads.get((channel, ts), [])
        return iter(self._called("conversations.replies", lambda: list(found)))

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

    def publish_home(self, member: str, view: View) -> None:
        def effect() -> None:
            self.homes[member] = view.to_dict()

        self._called("views.publish", effect)

    def respond(
        self,
        response_url: str,
        text: str,
        blocks: Sequence[Block],
        *,
        replace: bool = False,
    ) -> None:
        self._called(
            "response_url",
            lambda: self.responses.append((response_url, text, _dicts(blocks))),
        )

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

    def identity(self) -> dict[str, Any]:
        return self._called("auth.test", lambda: dict(self.me))

    # To look with.

    def at(self, channel: str, ts: str) -> Posted:
        for message in self.messages:
            if (message.channel, message.ts) == (channel, ts):
                return message
        raise Refused("chat.update", "message_not_found")

    def to(self, recipient: str) -> list[Posted]:
        return [m for m in self.messages if m.channel == recipient]

    def texts(self, recipient: str) -> list[str]:
        return [message.text for message in self.to(recipient)]


def _dicts(blocks: Sequence[Block]) -> list[dict[str, Any]]:
    return [block.to_dict() for block in blocks]
