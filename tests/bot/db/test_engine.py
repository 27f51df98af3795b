"""Batches commit together, or each item alone if one fails."""

import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime

import psycopg.errors
import pytest
from sqlalchemy import delete, event, func, select, text, update
from sqlalchemy.exc import DBAPIError, OperationalError

from bot.db.engine import READ_CONNECTIONS, Database, sqlite_file, truncate_wal
from bot.db.retry import run_batch
from bot.mentors.queries import extend_timeout
from models import Installation

pytestmark = pytest.mark.on_postgresql


def add(team_id: str) -> Installation:
    return Installation(
        team_id=team_id,
        bot_id="B1",
        bot_user_id="U1",
        team_name="Peers",
        team_url="https://peers.slack.com/",
        installed_at=datetime(2026, 3, 2, tzinfo=UTC),
    )


def count(database: Database) -> int:
    with database.read_session() as session:
        return session.scalar(select(func.count()).select_from(Installation)) or 0


def test_a_read_session_refuses_to_write(database: Database):
    with database.read_session() as session:
        session.add(add("T1"))
        with pytest.raises(DBAPIError, match=r"read-?only"):
            session.flush()
    assert count(database) == 0


def test_a_read_session_locks_no_rows(database: Database):
    """A query may be for both: to show a row, and to change it."""
    with database.write_session.begin() as session:
        session.add(add("T1"))
    query = select(Installation).with_for_update()
    with database.write_session.begin() as changing, database.read_session() as session:
        assert changing.scalars(query).one().team_id == "T1"
        assert session.scalars(query).one().team_id == "T1"


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_long_read_has_more_time_than_others(database: Database):
    def timeout() -> str:
        return str(session.scalar(text("SHOW statement_timeout")))

    with database.read_session() as session:
        extend_timeout(session)
        assert timeout() == "2min"
    with database.read_session() as session:
        assert timeout() == "2500ms"


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_reads_are_prepared_once(database: Database):
    """psycopg prepares what a connection runs for the sixth time."""
    for _ in range(6 * READ_CONNECTIONS):
        count(database)
    with database.read_session() as session:
        prepared = session.scalars(text("SELECT statement FROM pg_prepared_statements"))
        assert any("installations" in statement for statement in prepared)


@pytest.mark.deep
def test_a_batch_is_one_transaction(database: Database):
    begun: list[Sequence[str]] = []

    def write(teams: Sequence[str]) -> None:
        begun.append(teams)
        with database.write_session.begin() as session:
            session.add_all([add(team) for team in teams])

    assert run_batch(write, ["T1", "T2", "T3"]) == [None, None, None]
    assert begun == [["T1", "T2", "T3"]]
    assert count(database) == 3


def test_a_failing_item_fails_alone(database: Database):
    def write(teams: Sequence[str]) -> None:
        with database.write_session.begin() as session:
            for team in teams:
                session.add(add(team))
                session.flush()
                if team == "T2":
                    raise ZeroDivisionError

    first, second, third = run_batch(write, ["T1", "T2", "T3"])
    assert (first, third) == (None, None)
    assert isinstance(second, ZeroDivisionError)
    assert count(database) == 2


def test_an_item_that_fails_alone_is_not_retried():
    tried: list[int] = []

    def fail(numbers: Sequence[int]) -> None:
        tried.extend(numbers)
        raise ZeroDivisionError

    [error] = run_batch(fail, [1])
    assert isinstance(error, ZeroDivisionError)
    assert tried == [1]


def test_an_empty_batch_runs_nothing():
    def fail(_: Sequence[int]) -> None:
        raise AssertionError

    assert run_batch(fail, []) == []


@pytest.mark.parametrize(
    "reason", [psycopg.errors.DeadlockDetected, psycopg.errors.SerializationFailure]
)
def test_a_conflict_in_the_database_is_retried(reason: type[Exception]):
    tried: list[int] = []

    def give_up_once(numbers: Sequence[int]) -> None:
        tried.extend(numbers)
        if len(tried) == 1:
            raise OperationalError("UPDATE", {}, reason())

    assert run_batch(give_up_once, [1]) == [None]
    assert tried == [1, 1]


def test_repeated_conflicts_fail_in_the_end():
    tried: list[int] = []

    def give_up(numbers: Sequence[int]) -> None:
        tried.extend(numbers)
        raise OperationalError("UPDATE", {}, psycopg.errors.DeadlockDetected())

    [error] = run_batch(give_up, [1])
    assert isinstance(error, OperationalError)
    assert tried == [1, 1, 1]


def test_items_are_not_processed_after_slacks_timeout():
    tried: list[Sequence[int]] = []

    def fail(numbers: Sequence[int]) -> None:
        tried.append(numbers)
        raise ZeroDivisionError

    assert len(list(filter(None, run_batch(fail, [1, 2, 3], timeout=-1)))) == 3
    assert tried == [[1, 2, 3]]


def test_a_cut_connection_is_replaced(database: Database):
    if database.engine.dialect.name != "postgresql":
        pytest.skip("nobody else can cut a connection to a file")

    def write_and_be_cut(teams: Sequence[str]) -> None:
        with database.write_session.begin() as session:
            session.add_all([add(team) for team in teams])
            session.flush()
            if not cut:
                cut.append(session.scalar(text("SELECT pg_backend_pid()")))
                with database.autocommit.connect() as other:
                    other.execute(text(f"SELECT pg_terminate_backend({cut[0]}, 2000)"))

    cut: list[int] = []
    assert run_batch(write_and_be_cut, ["T1", "T2"]) == [None, None]
    assert len(cut) == 1
    assert count(database) == 2


def test_connections_cut_while_idle_are_noticed(database: Database):
    if database.engine.dialect.name != "postgresql":
        pytest.skip("nobody else can cut a connection to a file")
    with database.write_session() as session:
        pid = session.scalar(text("SELECT pg_backend_pid()"))
    with database.autocommit.connect() as other:
        other.execute(text(f"SELECT pg_terminate_backend({pid}, 2000)"))
    with database.write_session.begin() as session:
        session.add(add("T1"))
    assert count(database) == 1


# Deleted data


def as_stock(database: Database) -> None:
    """Make each connection start as in an SQLite built without options."""

    def keep_deleted(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute("PRAGMA secure_delete = OFF")

    for engine in database._engines().values():
        event.listen(engine, "connect", keep_deleted, insert=True)
        engine.dispose()


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_each_connection_overwrites_deleted_data(database: Database):
    as_stock(database)
    for name, engine in database._engines().items():
        with engine.connect() as connection:
            assert connection.scalar(text("PRAGMA secure_delete")) == 1, name


def on_disk(database: Database) -> dict[str, bytes]:
    file = sqlite_file(database.engine.url)
    assert file is not None
    return {path.name: path.read_bytes() for path in file.parent.iterdir()}


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_deleted_data_is_nowhere_on_disk_after_the_log_is_truncated(database: Database):
    as_stock(database)
    file = sqlite_file(database.engine.url)
    assert file is not None
    canaries = [f"canary-{n:04d}-" + "x" * (n % 900) for n in range(400)]
    with database.write_session.begin() as session:
        session.add_all([add(canary) for canary in canaries])
    assert truncate_wal(file)
    assert canaries[7].encode() in on_disk(database)[file.name]
    with database.write_session.begin() as session:
        for canary in canaries[:200]:
            session.execute(
                update(Installation)
                .where(Installation.team_id == canary)
                .values(team_id=canary.replace("canary", "forgotten"))
            )
        session.execute(
            delete(Installation).where(Installation.team_id.in_(canaries[200:]))
        )
    assert any(b"canary-" in content for content in on_disk(database).values())
    assert truncate_wal(file)
    assert [name for name, has in on_disk(database).items() if b"canary-" in has] == []


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_reader_keeps_the_log_and_waits_for_nothing(database: Database):
    file = sqlite_file(database.engine.url)
    assert file is not None
    with database.write_session.begin() as session:
        session.add(add("T1"))
    with database.read_session() as reader:
        assert reader.scalar(select(func.count()).select_from(Installation)) == 1
        with database.write_session.begin() as session:
            session.add(add("T2"))
        assert not truncate_wal(file)
        assert reader.scalar(select(func.count()).select_from(Installation)) == 1
    with database.write_session.begin() as session:
        session.add(add("T3"))
        session.flush()
        assert not truncate_wal(file)
    assert truncate_wal(file)
    assert on_disk(database)[f"{file.name}-wal"] == b""
    assert truncate_wal(file), "there is nothing to do"
    assert count(database) == 3
