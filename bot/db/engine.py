"""Engines and sessions for SQLite and PostgreSQL."""

import sqlite3
from contextlib import closing
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event, make_url
from sqlalchemy.dialects.postgresql.psycopg import PGCompiler_psycopg
from sqlalchemy.engine import URL
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.pool import NullPool, QueuePool

from bot.db.outages import outage

# A request must fail before Slack's timeout of three seconds: Slack then repeats it.
REQUEST_TIMEOUT_SECONDS = 2.5
# Locks last for milliseconds. A longer wait means that a transaction hangs; the other
# changes of the batch must go on. The timeout is longer than the second after which
# PostgreSQL looks for a deadlock, so that it can report one.
LOCK_TIMEOUT_SECONDS = 1.25
# For the event batcher, the delivery threads, and other short queries.
AUTOCOMMIT_CONNECTIONS = 4
# For the read sessions, which are short, too.
READ_CONNECTIONS = 4
# One replica's connections to PostgreSQL.
MAX_CONNECTIONS = 16
# The size of SQLite's write-ahead log, in pages of 4 KiB, that starts a checkpoint.
# With four times the default, the log takes 16 MiB, and a commit under load takes a
# quarter less time.
CHECKPOINT_PAGES = 4000


# Overrides LOCK_TIMEOUT_SECONDS for transactions that begin in this context.
lock_timeout_seconds: ContextVar[float | None] = ContextVar(
    "lock_seconds", default=None
)


@dataclass(frozen=True, slots=True)
class Database:
    """A database's session factories and engines.

    `write_session` is for changes; `read_session` reads without blocking writers;
    `autocommit` is for one quick query each, without a session or a transaction.
    """

    engine: Engine
    write_session: sessionmaker[Session]
    read_session: sessionmaker[Session]
    autocommit: Engine
    _read_engine: Engine

    def close(self) -> None:
        for engine in self._engines().values():
            engine.dispose()

    def pools(self) -> dict[str, tuple[int, int]]:
        """Return the connections in use, and the most there may be, by pool."""
        pools = {name: engine.pool for name, engine in self._engines().items()}
        return {
            name: (pool.checkedout(), pool.size())
            for name, pool in pools.items()
            if isinstance(pool, QueuePool)
        }

    def _engines(self) -> dict[str, Engine]:
        return {
            "autocommit": self.autocommit,
            "write": self.engine,
            "read": self._read_engine,
        }


def parse_url(url: str) -> URL:
    """Return the URL with our driver; raises ValueError for another database."""
    parsed = make_url(url)
    if parsed.get_backend_name() in {"postgresql", "postgres"}:
        return parsed.set(drivername="postgresql+psycopg")
    if parsed.get_backend_name() == "sqlite" and parsed.database:
        return parsed.set(drivername="sqlite+pysqlite")
    raise ValueError("neither PostgreSQL nor an SQLite file")


def sqlite_file(url: URL) -> Path | None:
    """Return the path of an SQLite database; None for PostgreSQL."""
    if url.get_backend_name() != "sqlite":
        return None
    return Path(str(url.database)).resolve()


def connect(url: str | URL) -> Database:
    parsed = parse_url(
        url.render_as_string(hide_password=False) if isinstance(url, URL) else url
    )
    if parsed.get_backend_name() == "sqlite":
        return _sqlite(parsed)
    return _postgresql(parsed)


def open_read_only(url: URL) -> Engine:
    """Return a read-only engine, which also creates no missing database.

    It blocks no other connection, and may read a file that another process serves.
    """
    file = sqlite_file(url)
    if file is None:
        return _postgresql_engine(url, pool_size=1, is_read_only=True)
    address = f"{file.as_uri()}?mode=ro"
    return create_engine(
        "sqlite+pysqlite://",
        creator=lambda: sqlite3.connect(
            address, uri=True, timeout=REQUEST_TIMEOUT_SECONDS
        ),
        poolclass=NullPool,
        hide_parameters=True,
    )


def truncate_wal(file: Path) -> bool:
    """Copy an SQLite write-ahead log into its file, and empty the log.

    The log contains deleted data until then. Returns False at once if another
    connection is reading or writing.
    """
    log_file = Path(f"{file}-wal")
    if not log_file.exists() or log_file.stat().st_size == 0:
        return True
    with closing(sqlite3.connect(file, timeout=0, isolation_level=None)) as connection:
        # This copies most pages without blocking writers, and leaves few for the next.
        connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
        is_busy, *_ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    return not is_busy


def _postgresql(url: URL) -> Database:
    # A restarted server has closed the pool's connections, so they are tested before
    # use. Lookups are retried instead: without the test they take half the time.
    writing = _postgresql_engine(
        url,
        pool_size=MAX_CONNECTIONS - READ_CONNECTIONS - AUTOCOMMIT_CONNECTIONS,
        pool_pre_ping=True,
    )
    writing.dialect.do_begin = _begin_postgresql  # type: ignore[assignment, method-assign]
    # In autocommit mode: PostgreSQL shows each query of a transaction the newest rows
    # anyway, and at the transaction's rollback psycopg would forget its prepared
    # statements. With them, PostgreSQL takes a third less time for a message.
    reading = _postgresql_engine(
        url,
        pool_size=READ_CONNECTIONS,
        pool_pre_ping=True,
        isolation_level="AUTOCOMMIT",
        is_read_only=True,
    )
    for engine in (writing, reading):
        # After the test.
        event.listen(engine, "checkout", outage.end)
    lookups = _postgresql_engine(
        url, pool_size=AUTOCOMMIT_CONNECTIONS, isolation_level="AUTOCOMMIT"
    )
    return Database(
        writing, sessionmaker(writing), sessionmaker(reading), lookups, reading
    )


def _begin_postgresql(connection: Any) -> None:
    seconds = lock_timeout_seconds.get()
    if seconds is not None:
        connection.execute(f"SET LOCAL lock_timeout = {int(seconds * 1000)}")


class _ReadingCompiler(PGCompiler_psycopg):
    """A read locks no rows, as on SQLite: PostgreSQL refuses it, and it need not wait.

    Some queries are for both: to show a row, and to change it.
    """

    def for_update_clause(self, *_: object, **_kw: object) -> str:
        return ""


def _postgresql_engine(
    url: URL, *, is_read_only: bool = False, **options: Any
) -> Engine:
    settings = (
        f"-c statement_timeout={int(REQUEST_TIMEOUT_SECONDS * 1000)}"
        f" -c lock_timeout={int(LOCK_TIMEOUT_SECONDS * 1000)}"
        " -c idle_in_transaction_session_timeout=10000"
    )
    if is_read_only:
        settings += " -c default_transaction_read_only=on"
    engine = create_engine(
        url,
        hide_parameters=True,
        max_overflow=0,
        pool_timeout=REQUEST_TIMEOUT_SECONDS,
        connect_args={"application_name": "backswing", "options": settings},
        **options,
    )
    if is_read_only:
        engine.dialect.statement_compiler = _ReadingCompiler
    return engine


def _sqlite(url: URL) -> Database:
    # SQLite has one writer at a time. A pool of one connection is a fair queue for it;
    # SQLite's own busy handler would poll and starve.
    writing = _sqlite_engine(url, "BEGIN IMMEDIATE", pool_size=1)
    reading = _sqlite_engine(url, "BEGIN", pool_size=READ_CONNECTIONS)
    lookups = _sqlite_engine(url, None, pool_size=AUTOCOMMIT_CONNECTIONS)
    for engine in (reading, lookups):
        event.listen(engine, "connect", _set_query_only)
    sessions = sessionmaker(writing)
    return Database(writing, sessions, sessionmaker(reading), lookups, reading)


def _set_query_only(connection: Any, _record: object) -> None:
    connection.execute("PRAGMA query_only = ON")


def _sqlite_engine(url: URL, begin: str | None, *, pool_size: int) -> Engine:
    engine = create_engine(
        url,
        hide_parameters=True,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=REQUEST_TIMEOUT_SECONDS,
    )

    # Python's sqlite3 begins late and commits before DDL by default, which loses
    # updates and applies migrations by half. So we begin transactions explicitly.
    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: object) -> None:
        connection.isolation_level = None
        connection.execute(
            f"PRAGMA busy_timeout = {int(REQUEST_TIMEOUT_SECONDS * 1000)}"
        )
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")
        connection.execute("PRAGMA foreign_keys = ON")
        # Overwrite deleted data; few builds of SQLite do so by default.
        connection.execute("PRAGMA secure_delete = ON")

    def do_begin(connection: Any) -> None:
        if begin is not None:
            connection.execute(begin)

    # Not an event listener: with one, SQLAlchemy looks for listeners at every
    # statement, which takes a third of its time.
    engine.dialect.do_begin = do_begin  # type: ignore[assignment, method-assign]
    return engine
