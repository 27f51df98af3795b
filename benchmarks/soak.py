"""Hours of ordinary work with faults: the bot must neither grow nor fall behind.

`uv run --group dev python -m benchmarks.soak 60` sends 20 events a second for 60
minutes, one in a hundred twice, while one in a hundred calls to Slack fails.
"""

import asyncio
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from benchmarks import servers
from benchmarks.events import EventRequests, add_workspace
from benchmarks.servers import Server
from benchmarks.stub_slack import StubSlack
from bot.clock import utc_now
from bot.db import engine, schema
from bot.db.engine import Database
from models import OutboxItem

EVENTS_A_SECOND = 20
FAULT_RATE = 0.01
SAMPLE_SECONDS = 30
# Events per second: most are reactions, as in a busy workspace.
REACTIONS, CHATTER, REPLIES = 12, 6, 2
# Growth that garbage collection and one more connection explain.
MAX_MEMORY_GROWTH, MAX_MORE_THREADS, MAX_MORE_FILES, MAX_MORE_UNSENT = 0.10, 2, 6, 50
_TIMEOUT_SECONDS = 5
_CUT, _BROKEN, _LATER = "cut", "broken", "later"


class FaultySlack(StubSlack):
    """A stub that sometimes answers nothing, 503, or a rate limit."""

    def __init__(self) -> None:
        super().__init__()
        self.faults = 0
        self._random = random.Random(11)  # noqa: S311 - the same faults each time

    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        if self._random.random() >= FAULT_RATE:
            await super()._serve(reader, writer)
            return
        self.faults += 1
        await reader.readuntil(b"\r\n\r\n")
        match self._random.choice([_CUT, _BROKEN, _LATER]):
            case "broken":
                writer.write(b"HTTP/1.1 503 Busy\r\nContent-Length: 4\r\n\r\nbusy")
            case "later":
                writer.write(
                    b"HTTP/1.1 429 Slower\r\nRetry-After: 1\r\n"
                    b"Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
                )
        writer.close()

    def _answer(self, path: str, args: dict[str, str]) -> dict[str, Any]:
        match path.rpartition("/")[2].partition("?")[0]:
            case "conversations.open":
                return {"channel": {"id": f"D{args['users'][1:]}"}}
            case "conversations.history" | "conversations.replies":
                return {"messages": []}
            case _:
                return super()._answer(path, args)


@dataclass
class Sample:
    minutes: float
    memory: float
    threads: int
    files: int
    # Outbox items that are due and not sent.
    unsent: int


@dataclass
class SoakResult:
    samples: list[Sample] = field(default_factory=list)
    delays: list[float] = field(default_factory=list)
    failed: int = 0


def main() -> None:
    minutes = float(sys.argv[1]) if len(sys.argv) > 1 else 60
    asyncio.run(_soak(minutes))


async def _soak(minutes: float) -> None:
    slack, course = FaultySlack(), SoakResult()
    await slack.start()
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'soak.db'}"
        database = engine.connect(url)
        schema.upgrade(database)
        with database.write_session.begin() as session:
            add_workspace(session)
        async with servers.backswing(Path(folder), url, slack.url) as server:
            until = time.monotonic() + minutes * 60
            await asyncio.gather(
                _send(server, course, until), _sample(server, database, course, until)
            )
        database.close()
    await slack.stop()
    _print_result(course, slack)


async def _send(server: Server, course: SoakResult, until: float) -> None:
    events, chance = EventRequests(), random.Random(13)  # noqa: S311 - as above
    running: set[asyncio.Task[None]] = set()
    while (began := time.monotonic()) < until:
        second = [
            *events.reactions(REACTIONS),
            *events.chatter(CHATTER),
            *events.replies(REPLIES),
        ]
        chance.shuffle(second)
        for number, request in enumerate(second):
            for _ in range(2 if chance.random() < FAULT_RATE else 1):
                task = asyncio.create_task(_post(server.port, request, course))
                running.add(task)
                task.add_done_callback(running.discard)
            await asyncio.sleep(began + (number + 1) / len(second) - time.monotonic())
    await asyncio.gather(*running)


async def _post(port: int, request: bytes, course: SoakResult) -> None:
    began = time.perf_counter()
    try:
        async with asyncio.timeout(_TIMEOUT_SECONDS):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(request)
            status = await reader.readline()
            writer.close()
    except (OSError, TimeoutError):
        status = b""
    if status.startswith(b"HTTP/1.1 200 "):
        course.delays.append(time.perf_counter() - began)
    else:
        course.failed += 1


async def _sample(
    server: Server, database: Database, course: SoakResult, until: float
) -> None:
    print(f"{'minutes':>8}{'MB':>8}{'threads':>9}{'files':>7}{'waiting':>9}")
    began = time.monotonic()
    while time.monotonic() < until:
        await asyncio.sleep(SAMPLE_SECONDS)
        sample = Sample(
            minutes=(time.monotonic() - began) / 60,
            memory=server.memory_megabytes(),
            threads=_count(server, "task"),
            files=_count(server, "fd"),
            unsent=_unsent_count(database),
        )
        course.samples.append(sample)
        print(
            f"{sample.minutes:8.1f}{sample.memory:8.1f}{sample.threads:9}"
            f"{sample.files:7}{sample.unsent:9}",
            flush=True,
        )


def _count(server: Server, resource: str) -> int:
    """Return the number of threads or file handles, from Linux."""
    return len(list(Path(f"/proc/{server.pid}/{resource}").iterdir()))


def _unsent_count(database: Database) -> int:
    with database.read_session() as session:
        unkept = OutboxItem.state.in_(("pending", "sending", "unconfirmed"))
        query = select(func.count()).where(unkept, OutboxItem.due_at <= utc_now())
        return session.scalar(query) or 0


def _print_result(course: SoakResult, slack: FaultySlack) -> None:
    """Compare the second quarter with the last: the first is for warming up."""
    quarter = max(len(course.samples) // 4, 1)
    early, late = course.samples[quarter : 2 * quarter], course.samples[-quarter:]

    def grown(of: Callable[[Sample], float]) -> tuple[float, float]:
        return statistics.median(map(of, early)), statistics.median(map(of, late))

    memory, threads = grown(lambda s: s.memory), grown(lambda s: s.threads)
    files, waiting = grown(lambda s: s.files), grown(lambda s: s.unsent)
    flat = {
        "memory": (*memory, memory[1] <= memory[0] * (1 + MAX_MEMORY_GROWTH)),
        "threads": (*threads, threads[1] <= threads[0] + MAX_MORE_THREADS),
        "files": (*files, files[1] <= files[0] + MAX_MORE_FILES),
        "waiting": (*waiting, waiting[1] <= waiting[0] + MAX_MORE_UNSENT),
    }
    delays = sorted(course.delays)
    print(
        f"\n{len(delays)} events acknowledged, {course.failed} not;"
        f" p50 {delays[len(delays) // 2] * 1000:.0f} ms,"
        f" p99 {delays[len(delays) * 99 // 100] * 1000:.0f} ms,"
        f" slowest {delays[-1] * 1000:.0f} ms;"
        f" {slack.calls} calls to Slack, {slack.faults} of them broken"
    )
    for name, (before, after, is_flat) in flat.items():
        print(
            f"{name:8} {before:8.1f} → {after:8.1f}  {'flat' if is_flat else 'GROWS'}"
        )


if __name__ == "__main__":
    main()
