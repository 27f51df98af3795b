"""A Slack in which people act; the bot gets their events in some order, later."""

import itertools
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from slack_sdk.models.blocks import Block

from bot.clock import ts_to_micros
from tests.factories import Clock
from tests.fakes import FakeSlack, PostedMessage
from tests.slack_payloads import message_event, reaction_event

# One channel captures nothing, and its order matters; the other captures everything.
QUIET, OPEN = "C0QUIET", "C0OPEN"
COUNTERS: Counter[str] = Counter()
_READ_METHODS = {"users.info", "conversations.history", "conversations.replies"}


class Crash(BaseException):
    """The process is dead: nothing after it runs, and nothing handles it."""


@dataclass
class UserMessage:
    """A person's message, as it is in Slack."""

    channel: str
    ts: str
    author: str
    text: str
    thread_ts: str | None = None
    is_deleted: bool = False
    edited_ts: str | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """An event that Slack has to deliver to a team; `thread` is its thread."""

    team: str
    number: int
    channel: str
    thread: str
    event: dict[str, Any]


@dataclass
class World(FakeSlack):
    """`said` and `reacted` are the truth; `pending` events are not delivered yet."""

    clock: Clock = field(kw_only=True)
    # The methods of the calls in which something happens, in all worlds of the clock.
    interrupted: list[str] = field(kw_only=True)
    team: str = field(kw_only=True)
    # Each of its people's texts begins with it, and no other world's.
    word: str = field(kw_only=True)
    user_messages: dict[str, UserMessage] = field(default_factory=dict)
    # (channel, message, member, emoji) -> time in microseconds; removed ones are
    # absent.
    active_reactions: dict[tuple[str, str, str, str], int] = field(default_factory=dict)
    pending: list[Event] = field(default_factory=list)
    delivered: list[Event] = field(default_factory=list)
    # A change during the next call, in the world or in another replica.
    interruptions: list[Callable[[], None]] = field(default_factory=list)
    # The same, in a call that takes longer than a lease.
    stalls: list[Callable[[], None]] = field(default_factory=list)
    disturbances: int = 0

    def __post_init__(self) -> None:
        self._numbers = itertools.count(1)
        self._latest = 0
        self.on_call = self._interrupt

    def ts(self) -> str:
        """Return a ts later than any before, even if the bot's clock was set back."""
        now = int(self.clock().timestamp() * 1_000_000)
        self._latest = max(self._latest + 1, now)
        return f"{self._latest // 1_000_000}.{self._latest % 1_000_000:06d}"

    def _interrupt(self, method: str) -> None:
        # A call with an effect takes seconds at most, whatever happens meanwhile; the
        # work before it may take longer than a lease.
        may_stall = {method, *self.interrupted} <= _READ_METHODS
        todo = self.stalls if may_stall and self.stalls else self.interruptions
        if todo:
            self.disturbances += 1
            COUNTERS["interleaved"] += 1
            self.interrupted.append(method)
            try:
                todo.pop()()
            finally:
                self.interrupted.pop()

    def _call(self, method: str, effect: Callable[[], Any]) -> Any:
        self.disturbances += bool(self.fail.get(method) or self.fail_after.get(method))
        return super()._call(method, effect)

    # People's actions

    def say(
        self, member: str, text: str, channel: str, thread_ts: str | None = None
    ) -> UserMessage:
        text = f"{self.word}: {text}"
        message = UserMessage(channel, self.ts(), member, text, thread_ts)
        self.user_messages[message.ts] = message
        self._publish(message, self._to_json(message))
        return message

    def edit(self, posted: UserMessage, text: str) -> None:
        before, posted.text, at = posted.text, f"{self.word}: {text}", self.ts()
        posted.edited_ts = at
        self._publish(
            posted,
            {
                "type": "message",
                "subtype": "message_changed",
                "channel": posted.channel,
                "ts": at,
                "event_ts": at,
                "message": self._to_json(posted),
                "previous_message": {**self._to_json(posted), "text": before},
            },
        )

    def delete_message(self, posted: UserMessage) -> None:
        posted.is_deleted = True
        at = self.ts()
        self._publish(
            posted,
            {
                "type": "message",
                "subtype": "message_deleted",
                "channel": posted.channel,
                "ts": at,
                "event_ts": at,
                "deleted_ts": posted.ts,
                "previous_message": self._to_json(posted),
            },
        )

    def toggle_reaction(
        self, member: str, channel: str, ts: str, thread: str, emoji: str
    ) -> None:
        """React as the member, or remove the same reaction."""
        at, key = self.ts(), (channel, ts, member, emoji)
        added = key not in self.active_reactions
        if added:
            self.active_reactions[key] = ts_to_micros(at)
        else:
            del self.active_reactions[key]
        event = reaction_event(member, ts, emoji, at, added=added, channel=channel)
        if ts in self.user_messages:
            event["item_user"] = self.user_messages[ts].author
        self._add_event(channel, thread, event)

    def _to_json(self, message: UserMessage) -> dict[str, Any]:
        event = message_event(
            message.author,
            message.text,
            message.ts,
            message.thread_ts,
            message.channel,
            team=self.team,
        )
        if message.edited_ts is not None:
            event["edited"] = {"user": message.author, "ts": message.edited_ts}
        return event

    def _publish(self, message: UserMessage, event: dict[str, Any]) -> None:
        thread = message.thread_ts or message.ts
        self._add_event(message.channel, thread, event)

    def _add_event(self, channel: str, thread: str, event: dict[str, Any]) -> None:
        number = next(self._numbers)
        self.pending.append(Event(self.team, number, channel, thread, event))

    # Slack's deliveries

    def deliverable(self) -> list[Event]:
        """Return the events that may be next; the quiet channel keeps their order."""
        first: dict[str, Event] = {}
        for news in self.pending:
            if news.channel == QUIET:
                first.setdefault(news.thread, news)
        return [
            news
            for news in self.pending
            if news.channel == OPEN or first[news.thread] is news
        ]

    def repeatable(self) -> list[Event]:
        """Return the events that may be repeated; the same channel keeps its order."""
        last: dict[str, Event] = {}
        for news in self.delivered:
            if news.channel == QUIET:
                last[news.thread] = news
        return [
            news
            for news in self.delivered
            if news.channel == OPEN or last[news.thread] is news
        ]

    def envelope(self, event: Event) -> dict[str, Any]:
        authorization = {
            "enterprise_id": None,
            "team_id": self.team,
            "user_id": "U0BACKSWING",
            "is_bot": True,
        }
        return {
            "team_id": self.team,
            "api_app_id": "A0",
            "type": "event_callback",
            "event_id": f"Ev{event.number}",
            "event_time": int(self.clock().timestamp()),
            "authorizations": [authorization],
            "event": event.event,
        }

    # Web API calls of the bot

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
            block_json = [block.to_dict() for block in blocks]
            posted = PostedMessage(
                channel, self.ts(), text, block_json, metadata_token, thread_ts
            )
            self.messages.append(posted)
            where = f"D{channel[1:]}" if channel.startswith("U") else channel
            return where, posted.ts

        where: tuple[str, str] = self._call("chat.postMessage", effect)
        return where

    def replies(self, channel: str, ts: str) -> Iterator[dict[str, Any]]:
        def effect() -> list[dict[str, Any]]:
            thread = [
                self._to_json(message)
                for message in self.user_messages.values()
                if message.channel == channel
                and ts in {message.ts, message.thread_ts}
                and not message.is_deleted
            ]
            if ts not in self.user_messages:
                thread.insert(0, {"ts": ts, "bot_id": "B0BACKSWING", "text": ""})
            return [
                one | {"reactions": self._reactions_on(channel, one["ts"])}
                for one in thread
            ]

        return iter(self._call("conversations.replies", effect))

    def reply(self, channel: str, thread_ts: str, ts: str) -> dict[str, Any] | None:
        thread = self.replies(channel, thread_ts)
        return next((each for each in thread if each["ts"] == ts), None)

    def _reactions_on(self, channel: str, ts: str) -> list[dict[str, Any]]:
        people: dict[str, list[str]] = {}
        for where, at, who, emoji in self.active_reactions:
            if (where, at) == (channel, ts):
                people.setdefault(emoji, []).append(who)
        return [{"name": name, "users": users} for name, users in people.items()]
