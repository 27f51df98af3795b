"""The migrations are read from their files, as Alembic would load them."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, text

from bot.db import schema
from bot.db.engine import Database

pytestmark = pytest.mark.on_postgresql

ROOT = Path(__file__).parents[3]


def test_the_migrations_are_those_that_alembic_knows():
    scripts = ScriptDirectory.from_config(schema._config())
    revisions, head = schema.list_revisions()
    assert revisions == {script.revision for script in scripts.walk_revisions()}
    assert head == scripts.get_current_head()


def test_a_migrated_database_is_current(database: Database):
    assert schema.compare_revision(database.engine) == "same"


@pytest.fixture
def labelled(database: Database) -> Iterator[Callable[[str], Engine]]:
    """Make another revision the last to have migrated the database."""

    def label(revision: str) -> Engine:
        with database.write_session.begin() as session:
            session.execute(
                text("UPDATE alembic_version SET version_num = :it"), {"it": revision}
            )
        return database.engine

    yield label
    label(schema.list_revisions()[1])


def test_an_older_database_differs_from_one_of_an_unknown_version(
    labelled: Callable[[str], Engine],
):
    revisions, head = schema.list_revisions()
    older = next(iter(revisions - {head}))
    assert schema.compare_revision(labelled(older)) == "older"
    assert schema.compare_revision(labelled("0ther")) == "unknown"


def test_a_start_without_migrations_does_not_load_alembic():
    loads = "import app, sys; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", loads], cwd=ROOT, check=True, capture_output=True
    )
    assert {"alembic", "mako", "sandbox"}.isdisjoint(loaded.stdout.decode().split())
