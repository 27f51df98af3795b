"""The doctor's rows about the database."""

import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import make_url, text

from bot.clock import utc_now
from bot.db import engine, schema, versions
from bot.db.engine import Database
from cli.arguments import version
from cli.doctor import database, format_report
from cli.doctor.findings import Finding
from tests.doctor import NOW, by, settings


def of_database(url: str) -> dict[str, Finding]:
    return by(database.examine(settings(database_url=url), None, clock=lambda: NOW))


def test_the_checks_change_nothing(file: Path):
    before = file.read_bytes()
    found = of_database(f"sqlite:///{file}")
    assert found["Database"].level == found["Schema"].level == "ok"
    assert "has no workspace yet" in found["Workspace"].says
    assert file.read_bytes() == before


@pytest.mark.parametrize(
    ("sql", "level", "says"),
    [
        ("UPDATE alembic_version SET version_num = 'of-tomorrow'", "wrong", "newer"),
        ("DROP TABLE alembic_version", "warning", "no tables yet"),
    ],
)
def test_an_unknown_schema(file: Path, sql: str, level: str, says: str):
    with sqlite3.connect(file) as connection:
        connection.execute(sql)
    connection.close()
    found = of_database(f"sqlite:///{file}")["Schema"]
    assert (found.level, says in found.says) == (level, True)


def test_an_outdated_schema(file: Path):
    [first] = ScriptDirectory.from_config(schema._config()).get_bases()
    with sqlite3.connect(file) as connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", [first])
    connection.close()
    assert "older" in of_database(f"sqlite:///{file}")["Schema"].says


@pytest.mark.parametrize(
    ("recorded", "level"), [(version(), "ok"), ("9.9.9", "warning")]
)
def test_the_version_that_wrote_the_database(
    database: Database, recorded: str, level: str
):
    with database.write_session.begin() as session:
        versions.record(session, "0.0.1", now=NOW - timedelta(days=1))
        versions.record(session, recorded, now=NOW)
    found = of_database(database.engine.url.render_as_string(hide_password=False))
    assert found["Version"].level == level
    assert f"Backswing {recorded} wrote the database last" in found["Version"].says
    assert "2026-03-02" in found["Version"].says


def test_a_newer_version_is_named_also_if_its_tables_are_unknown(file: Path):
    opened = engine.connect(f"sqlite:///{file}")
    with opened.write_session.begin() as session:
        versions.record(session, "9.9.9", now=NOW)
    with opened.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'tomorrow'"))
    opened.close()
    found = of_database(f"sqlite:///{file}")
    assert found["Schema"].level == "wrong"
    assert "9.9.9" in found["Version"].says


def test_a_database_from_before_versions_were_recorded_has_no_such_row(file: Path):
    assert "Version" not in of_database(f"sqlite:///{file}")


def test_a_damaged_file(file: Path):
    whole = bytearray(file.read_bytes())
    whole[8192:32768] = b"\x05" * (32768 - 8192)
    file.write_bytes(whole)
    found = of_database(f"sqlite:///{file}")
    assert found["Database"].level == "wrong"


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("mysql://user:s3cret@host/name", "not a valid address"),
        ("postgresql://user:s3cret@127.0.0.1:1/name", "can't be read"),
        ("sqlite:///{folder}/notes.txt", "can't be read"),
    ],
)
def test_an_invalid_database_url(tmp_path: Path, url: str, says: str):
    (tmp_path / "notes.txt").write_text("Some words that are dear to somebody. " * 99)
    found = of_database(url.format(folder=tmp_path))
    assert (found["Database"].level, says in found["Database"].says) == ("wrong", True)
    assert "s3cret" not in format_report(list(found.values()))


@pytest.mark.deep
@pytest.mark.deep_on_postgresql
def test_postgresql_is_checked_as_well(empty_postgresql: Database, postgresql_url: str):
    found = by(
        database.examine(settings(database_url=postgresql_url), None, clock=utc_now)
    )
    assert found["Database"].says.startswith("PostgreSQL ")
    assert found["Database clock"].level == found["Schema"].level == "ok"


def test_a_user_with_read_access_only(empty_postgresql: Database, postgresql_url: str):
    with empty_postgresql.engine.begin() as connection:
        for sql in (
            "CREATE ROLE looker LOGIN",
            "GRANT SELECT ON ALL TABLES IN SCHEMA public TO looker",
        ):
            connection.execute(text(sql))
    try:
        url = make_url(postgresql_url).set(username="looker")
        found = of_database(url.render_as_string(hide_password=False))
        assert "not allowed to change" in found["Database"].says
        # The server's clock is years from the test's.
        assert found["Database clock"].level == "warning"
    finally:
        with empty_postgresql.engine.begin() as connection:
            connection.execute(text("DROP OWNED BY looker"))
            connection.execute(text("DROP ROLE looker"))
