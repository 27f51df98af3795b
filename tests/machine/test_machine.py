"""Random actions, deliveries, crashes and clocks: 300 steps, then all is checked.

Two workspaces have the same ids for people, channels and messages; nothing crosses.
By default few examples are tried, in half a minute. `MACHINE_MINUTES=60 pytest -m
deep tests/machine -n 0 -s` goes on for an hour, half of it on each database, and prints
the examples' statistics.
"""

import os
import shutil
from pathlib import Path
from time import monotonic

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test
from sqlalchemy import delete

from bot.db import engine
from bot.db.engine import Database
from models import Base
from tests import foreign_loads
from tests.conftest import compile_once
from tests.machine.knowledge import AnswerTexts
from tests.machine.kudos import Kudos
from tests.machine.machine import Machine
from tests.machine.world import COUNTERS

STEPS = 300
MINUTES = float(os.environ.get("MACHINE_MINUTES", "0"))
EXAMPLES = 6


class SqliteMachine(AnswerTexts, Kudos):
    """One process on SQLite."""

    template: Path
    folder: Path

    def new_database(self) -> Database:
        file = self.folder / "machine.db"
        for left in self.folder.glob("machine.db*"):
            left.unlink()
        shutil.copy(self.template, file)
        database = engine.connect(f"sqlite:///{file}")
        compile_once(database)
        return database


class PostgresqlMachine(AnswerTexts, Kudos):
    """Two processes on PostgreSQL."""

    replicas_count = 2
    shared_database: Database

    def new_database(self) -> Database:
        with self.shared_database.engine.begin() as connection:
            for table in reversed(Base.metadata.sorted_tables):
                connection.execute(delete(table))
        return self.shared_database

    def end_database(self) -> None:
        """Keep the database: the next example uses it again."""


def run(machine: type[Machine]) -> None:
    """Run some examples, or as many as fit into the given time."""
    until = monotonic() + MINUTES * 60 / 2
    profile = settings(
        max_examples=EXAMPLES,
        stateful_step_count=STEPS,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        print_blob=True,
        report_multiple_bugs=False,
        phases=[Phase.generate],
    )
    while True:
        with foreign_loads.noticed() as machine.foreign_loads:
            run_state_machine_as_test(machine, settings=profile)
        print(machine.__name__, dict(COUNTERS), flush=True)  # noqa: T201 - asked for
        if monotonic() > until:
            break
    COUNTERS.clear()


@pytest.mark.deep
@pytest.mark.timeout(MINUTES * 60 + 900)
def test_one_process_on_sqlite(migrated_file: Path, tmp_path: Path) -> None:
    SqliteMachine.template, SqliteMachine.folder = migrated_file, tmp_path
    run(SqliteMachine)


@pytest.mark.deep
@pytest.mark.timeout(MINUTES * 60 + 900)
def test_two_processes_on_postgresql(migrated_postgresql: Database) -> None:
    PostgresqlMachine.shared_database = migrated_postgresql
    run(PostgresqlMachine)
