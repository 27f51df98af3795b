"""A Slack in which people act, and whose news reach the bot in its own way and time."""

import itertools
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from slack_sdk.models.blocks import Block

from bot.clock import micros
from tests.factories import TEAM, Clock, message, reaction
from tests.fakes import FakeSlack, Posted

# Captures nothing, so that Slack's order matters; captures everything, in any order.
QUIET, OPEN = "C0QUIET", "C0OPEN"
COUNTED: Counter[str] = Counter()
_ASKING = {"users.info", "conversations.history", "conversations.replies"}


class Crash(BaseException):
    """The process is gone: nothing after it runs, and nobody handles it."""


@dataclass
class Said:
    """What a person wrote, as it stands in Slack."""

    channel: str
    ts: str
    author: str
    text: str
    thread_ts: str | None = None
    is_deleted: bool = False


@dataclass(frozen=True, slots=True)
class News:
    """An event that Slack has to deliver; `thread` is what it happened in."""

    number: int
    channel: str
    thread: str
    event: dict[str, Any]


@dataclass
class World(FakeSlack):
    """`said` and `reacted` are the truth; `pending` is what the bot was not told."""

    clock: Clock = field(kw_only=True)
    said: dict[str, Said] = field(default_factory=dict)
    # (channel, message, who, emoji): when, in microseconds; absent once taken back.
    reacted: dict[tuple[str, str, str, str], int] = field(default_factory=dict)
    pending: list[News] = field(default_factory=list)
    told: list[News] = field(default_factory=list)
    # What happens in the middle of the next call, in the world or another replica.
    meanwhile: list[Callable[[], None]] = field(default_factory=list)
    # The same, but it takes longer than a lease.
    stalls: list[Callable[[], None]] = field(default_factory=list)
    disturbed: int = 0

    def __post_init__(self) -> None:
        self._numbers = itertools.count(1)
        self._latest = 0
        self.on_call = self._interrupt

    def ts(self) -> str:
        """Later than any before, also when the bot's clock was set back."""
        now = int(self.clock().timestamp() * 1_000_000)
        self._latest = max(self._latest + 1, now)
        return f"{self._latest // 1_000_000}.{self._latest % 1_000_000:06d}"

    def _interrupt(self, method: str) -> None:
        # A call that changes something takes seconds at most; all that leads up to it
        # may take longer than anybody waits.
        is_asking = method in _ASKING
        todo = self.stalls if is_asking and self.stalls else self.meanwhile
        if todo:
            self.disturbed += 1
            COUNTED["interleaved"] += 1
            todo.pop()()

    def _called(self, method: str, effect: Callable[[], Any]) -> Any:
        self.disturbed += bool(self.fail.get(method) or self.fail_after.get(method))
        return super()._called(method, effect)

    # What people do

    def say(
        self, who: str, text: str, channel: str, thread_ts: str | None = None
    ) -> Said:
        said = Said(channel, self.ts(), who, text, thread_ts)
        self.said[said.ts] = said
        self._tell(said, message(who, text, said.ts, thread_ts, channel))
        return said

    def edit(self, said: Said, text: str) -> None:
        before, said.text, at = said.text, text, self.ts()
        self._tell(
            said,
            {
                "type": "message",
                "subtype": "message_changed",
                "channel": said.channel,
                "ts": at,
                "event_ts": at,
                "message": self._as_sent(said),
                "previous_message": {**self._as_sent(said), "text": before},
            },
        )

    def delete_said(self, said: Said) -> None:
        said.is_deleted = True
        at = self.ts()
        self._tell(
            said,
            {
                "type": "message",
                "subtype": "message_deleted",
                "channel": said.channel,
                "ts": at,
                "event_ts": at,
                "deleted_ts": said.ts,
                "previous_message": self._as_sent(said),
            },
        )

    def toggle(self, who: str, channel: str, ts: str, thread: str, emoji: str) -> None:
        """Somebody reacts, or takes the same reaction back."""
        at, key = self.ts(), (channel, ts, who, emoji)
        added = key not in self.reacted
        if added:
            self.reacted[key] = micros(at)
        else:
            del self.reacted[key]
        event = reaction(who, ts, emoji, at, added=added, channel=channel)
        if ts in self.said:
            event["item_user"] = self.said[ts].author
        self.pending.append(News(next(self._numbers), channel, thread, event))

    def _as_sent(self, said: Said) -> dict[str, Any]:
        return message(said.author, said.text, said.ts, said.thread_ts, said.channel)

    def _tell(self, said: Said, event: dict[str, Any]) -> None:
        thread = said.thread_ts or said.ts
        self.pending.append(News(next(self._numbers), said.channel, thread, event))

    # What Slack delivers

    def deliverable(self) -> list[News]:
        """What may come next: in the quiet channel, each thread's news in order."""
        first: dict[str, News] = {}
        for news in self.pending:
            if news.channel == QUIET:
                first.setdefault(news.thread, news)
        return [
            news
            for news in self.pending
            if news.channel == OPEN or first[news.thread] is news
        ]

    def repeatable(self) -> list[News]:
        """What may come again: in the quiet channel, only before what follows it."""
        last: dict[str, News] = {}
        for news in self.told:
            if news.channel == QUIET:
                last[news.thread] = news
        return [
            news
            for news in self.told
            if news.channel == OPEN or last[news.thread] is news
        ]

    def envelope(self, news: News) -> dict[str, Any]:
        authorization = {
            "enterprise_id": None,
            "team_id": TEAM,
            "user_id": "U0BACKSWING",
            "is_bot": True,
        }
        return {
            "team_id": TEAM,
            "api_app_id": "A0",
            "type": "event_callback",
            "event_id": f"Ev{news.number}",
            "event_time": int(self.clock().timestamp()),
            "authorizations": [authorization],
            "event": news.event,
        }

    # What the bot asks of Slack

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
            drawn = [block.to_dict() for block in blocks]
            posted = Posted(channel, self.ts(), text, drawn, operation, thread_ts)
            self.messages.append(posted)
            where = f"D{channel[1:]}" if channel.startswith("U") else channel
            return where, posted.ts

        where: tuple[str, str] = self._called("chat.postMessage", effect)
        return where

    def replies(self, channel: str, ts: str) -> Iterator[dict[str, Any]]:
        def effect() -> list[dict[str, Any]]:
            thread = [
                self._as_sent(said)
                for said in self.said.values()
                if said.channel == channel
                and ts in {said.ts, said.thread_ts}
                and not said.is_deleted
            ]
            if ts not in self.said:
                thread.insert(0, {"ts": ts, "bot_id": "B0BACKSWING", "text": ""})
            return [one | {"reactions": self._on(channel, one["ts"])} for one in thread]

        return iter(self._called("conversations.replies", effect))

    def _on(self, channel: str, ts: str) -> list[dict[str, Any]]:
        people: dict[str, list[str]] = {}
        for where, at, who, emoji in self.reacted:
            if (where, at) == (channel, ts):
                people.setdefault(emoji, []).append(who)
        return [{"name": name, "users": users} for name, users in people.items()]
