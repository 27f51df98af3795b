"""The version that wrote the database is recorded, and `migrate --check` tells."""

from datetime import timedelta
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import text

import app
from bot.db import engine as db_engine
from bot.db import open as db_open
from bot.db import schema, versions
from bot.db.engine import Database
from cli import migrate
from cli.arguments import version
from models import ProgramVersion
from tests.conftest import NOW


@pytest.fixture(autouse=True)
def _no_file_stays_locked():
    yield
    _no_locks()


def _no_locks() -> None:
    for lock in db_open._LOCKS:
        lock.release()
    db_open._LOCKS.clear()


def url_of(database: Database) -> str:
    return database.engine.url.render_as_string(hide_password=False)


def set_revision(database: Database, revision: str) -> None:
    with database.engine.begin() as connection:
        connection.execute(
            text("UPDATE alembic_version SET version_num = :to"), {"to": revision}
        )


@pytest.fixture
def check(database: Database, monkeypatch: pytest.MonkeyPatch, capsys):
    """Run `migrate --check`; return its code and what it printed."""
    monkeypatch.setattr("bot.logs.set_up", lambda **_: None)

    def run() -> tuple[int, str]:
        monkeypatch.setenv("DATABASE_URL", url_of(database))
        code = app.main(["migrate", "--check"])
        printed = capsys.readouterr()
        return code, printed.out + printed.err

    return run


@pytest.fixture
def revision(database: Database):
    """Set another revision, and restore the right one after the test."""
    _, head = schema.list_revisions()
    yield lambda other: set_revision(database, other)
    set_revision(database, head)


def record(database: Database, name: str, *, days: int) -> None:
    with database.write_session.begin() as session:
        versions.record(session, name, now=NOW + timedelta(days=days))


def test_each_version_is_one_row_with_its_first_and_last_start(database: Database):
    record(database, "0.2.0", days=0)
    record(database, "0.2.0", days=3)
    with database.read_session() as session:
        row = session.get_one(ProgramVersion, "0.2.0")
        assert row.first_used_at == NOW
        assert row.last_used_at == NOW + timedelta(days=3)


def test_the_last_version_is_the_one_that_started_last(database: Database):
    record(database, "0.3.0", days=1)
    record(database, "0.10.0", days=2)
    with database.engine.connect() as connection:
        assert versions.last(connection) == ("0.10.0", NOW + timedelta(days=2))
    # Someone went back.
    record(database, "0.3.0", days=3)
    with database.engine.connect() as connection:
        assert versions.last(connection) == ("0.3.0", NOW + timedelta(days=3))


def test_a_current_database_needs_nothing(check):
    assert check() == (0, "The database is up to date.\n")


def test_migrate_says_what_it_did(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
):
    monkeypatch.setattr("bot.logs.set_up", lambda **_: None)
    url = f"sqlite:///{tmp_path / 'new.db'}"
    monkeypatch.setenv("DATABASE_URL", url)

    def run() -> str:
        assert app.main(["migrate"]) == 0
        _no_locks()
        printed: str = capsys.readouterr().out
        return printed

    assert run() == "The tables were made. The database is up to date.\n"
    assert run() == "The database is up to date.\n"
    database = db_engine.connect(db_engine.parse_url(url))
    with database.engine.begin() as connection:
        command.downgrade(schema._config(connection), "-1")
    database.close()
    assert run() == "The tables were migrated. The database is up to date.\n"


def test_an_older_database_is_named_with_its_version(database, revision, check):
    record(database, "0.2.0", days=0)
    oldest = min(schema.list_revisions()[0] - {schema.list_revisions()[1]})
    revision(oldest)
    assert check() == (
        1,
        "The tables are from version 0.2.0: run `uv run app.py migrate`.\n",
    )


def test_an_older_database_without_versions_is_named_too(revision, check):
    oldest = min(schema.list_revisions()[0] - {schema.list_revisions()[1]})
    revision(oldest)
    code, printed = check()
    assert (code, "from an older version" in printed) == (1, True)


def test_a_newer_database_is_refused_with_its_version(database, revision, check):
    record(database, "9.0.0", days=0)
    revision("unheardof")
    code, printed = check()
    assert code == 2
    assert "a newer version of Backswing, 9.0.0." in printed


@pytest.fixture
def address(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'new.db'}"


@pytest.mark.deep
def test_a_check_changes_nothing_and_a_migration_records_the_version(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
):
    monkeypatch.setattr("bot.logs.set_up", lambda **_: None)
    monkeypatch.setenv("DATABASE_URL", address)
    assert app.main(["migrate", "--check"]) == 1
    assert list(tmp_path.iterdir()) == []
    assert app.main(["migrate"]) == 0
    assert app.main(["migrate", "--check"]) == 0
    opened = db_engine.connect(address)
    with opened.engine.connect() as connection:
        last = versions.last(connection)
    opened.close()
    assert last is not None
    assert last[0] == version()
    printed = capsys.readouterr().out.splitlines()
    assert printed[0] == "There is no database yet: the next start makes it."


def test_an_empty_file_needs_a_migration(address: str, tmp_path: Path, capsys):
    (tmp_path / "new.db").touch()
    assert migrate.check(address) == 1
    assert "no tables yet" in capsys.readouterr().out


@pytest.mark.deep
def test_a_database_from_before_versions_were_recorded_is_migrated(
    address: str, monkeypatch: pytest.MonkeyPatch
):
    """A database of 0.2.0 has no table of versions."""
    monkeypatch.setattr("bot.logs.set_up", lambda **_: None)
    opened = db_engine.connect(address)
    with opened.engine.begin() as connection:
        command.upgrade(schema._config(connection), "e2a7c94f1b60-1")
    with opened.engine.connect() as connection:
        assert versions.last(connection) is None
    opened.close()
    assert migrate.check(address) == 1
    monkeypatch.setenv("DATABASE_URL", address)
    assert app.main(["migrate"]) == 0
    assert migrate.check(address) == 0
