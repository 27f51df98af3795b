"""Engines and sessions, for SQLite and PostgreSQL."""

import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Any, cast

from sqlalchemy import Engine, Table, create_engine, event, make_url
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.pool import ConnectionPoolEntry

# A request must fail, and so be delivered again, before Slack's three seconds end.
WAIT_SECONDS = 2.5
# A connection that was good so lately needs no proof.
TRUSTED_SECONDS = 1
# Each lookup takes less time than threads take to hand Python's lock to each other.
LOOKERS = 2


Work = Callable[[Session], None]


@dataclass(frozen=True, slots=True)
class Database:
    """`sessions` to change something, `reads` to look without holding up writers.

    `lookups` are for one quick question each, without a session or a transaction.
    `write` is for what comes often and is quick.
    """

    engine: Engine
    sessions: sessionmaker[Session]
    write: Callable[[Work], None]
    reads: sessionmaker[Session]
    lookups: Engine
    _reading: Engine

    def close(self) -> None:
        for engine in (self.engine, self._reading, self.lookups):
            engine.dispose()


def table(model: type[Any]) -> Table:
    """For Core, which takes a third of the ORM's time; it flushes nothing first."""
    return cast("Table", model.__table__)


def prepare(
    model: type[Any], build: Callable[[Any], Any] = lambda insert: insert
) -> Callable[[Session], Any]:
    """An INSERT with its ON CONFLICT, built once for each kind of database.

    To build a statement anew takes several times as long as to run it.
    """
    built = {
        "sqlite": build(sqlite.insert(table(model))),
        "postgresql": build(postgresql.insert(table(model))),
    }
    return lambda session: built[session.get_bind().dialect.name]


def parse(url: str) -> URL:
    """The URL with the driver we use; raises ValueError for another database."""
    parsed = make_url(url)
    if parsed.get_backend_name() in {"postgresql", "postgres"}:
        return parsed.set(drivername="postgresql+psycopg")
    if parsed.get_backend_name() == "sqlite" and parsed.database:
        return parsed.set(drivername="sqlite+pysqlite")
    raise ValueError("neither PostgreSQL nor an SQLite file")


def sqlite_file(url: URL) -> Path | None:
    """Where an SQLite database lies; None for PostgreSQL."""
    if url.get_backend_name() != "sqlite":
        return None
    return Path(str(url.database)).resolve()


def connect(url: str | URL) -> Database:
    parsed = parse(
        url.render_as_string(hide_password=False) if isinstance(url, URL) else url
    )
    if parsed.get_backend_name() == "sqlite":
        return _sqlite(parsed)
    return _postgresql(parsed)


def _alone(sessions: sessionmaker[Session], work: Work) -> None:
    with sessions.begin() as session:
        work(session)


@dataclass(eq=False, slots=True)
class _Write:
    work: Work
    is_committed: bool = False


class Together:
    """Does what several threads have to write at the same moment in one transaction.

    They would wait for each other anyway, since SQLite has one writer, and each for
    the disk. Here the first to have its turn writes for all who wait.
    """

    def __init__(self, sessions: sessionmaker[Session]) -> None:
        self._sessions = sessions
        self._turn = threading.Lock()
        # Guards the list: who comes while it is taken belongs to the next one.
        self._coming = threading.Lock()
        self._waiting: list[_Write] = []

    def __call__(self, work: Work) -> None:
        """Return when it is committed, or raise what went wrong with this one."""
        mine = _Write(work)
        with self._coming:
            self._waiting.append(mine)
        with self._turn:
            batch = self._take() if mine in self._waiting else []
            if batch:
                # Whose fault it is shows when each is tried alone.
                with suppress(Exception):
                    self._commit(batch)
            if not mine.is_committed:
                self._commit([mine])

    def _take(self) -> list[_Write]:
        with self._coming:
            taken, self._waiting = self._waiting, []
        return taken

    def _commit(self, batch: list[_Write]) -> None:
        with self._sessions.begin() as session:
            for write in batch:
                write.work(session)
                session.flush()
                # Each reads the rows anew, as in a transaction of its own.
                session.expunge_all()
        for write in batch:
            write.is_committed = True


def _postgresql(url: URL) -> Database:
    engine = _postgresql_engine(url, pool_size=10)
    sessions = sessionmaker(engine)
    lookups = _postgresql_engine(url, pool_size=LOOKERS, isolation_level="AUTOCOMMIT")
    return Database(
        engine, sessions, partial(_alone, sessions), sessions, lookups, engine
    )


def _postgresql_engine(url: URL, **options: Any) -> Engine:
    milliseconds = int(WAIT_SECONDS * 1000)
    settings = (
        f"-c statement_timeout={milliseconds} -c lock_timeout={milliseconds}"
        " -c idle_in_transaction_session_timeout=10000"
    )
    engine = create_engine(
        url,
        hide_parameters=True,
        max_overflow=0,
        pool_timeout=WAIT_SECONDS,
        connect_args={"application_name": "backswing", "options": settings},
        **options,
    )

    @event.listens_for(engine, "checkin")
    def keep(_connection: object, record: ConnectionPoolEntry) -> None:
        record.info["used"] = monotonic()

    # As `pool_pre_ping`, which asks each time and so makes a lookup take twice as long.
    @event.listens_for(engine, "checkout")
    def ask(connection: Any, record: ConnectionPoolEntry, _: object) -> None:
        if monotonic() - record.info.get("used", monotonic()) > TRUSTED_SECONDS:
            try:
                engine.dialect.do_ping(connection)
            except engine.dialect.loaded_dbapi.Error:
                raise DisconnectionError from None

    return engine


def _sqlite(url: URL) -> Database:
    # SQLite has one writer at a time. A pool of one connection is a fair queue for
    # it, where SQLite's own busy handler would poll and starve.
    writing = _sqlite_engine(url, "BEGIN IMMEDIATE", pool_size=1)
    reading = _sqlite_engine(url, "BEGIN", pool_size=4)
    lookups = _sqlite_engine(url, None, pool_size=LOOKERS)
    for engine in (reading, lookups):
        event.listen(engine, "connect", _only_read)
    sessions = sessionmaker(writing)
    return Database(
        writing, sessions, Together(sessions), sessionmaker(reading), lookups, reading
    )


def _only_read(connection: Any, _record: object) -> None:
    connection.execute("PRAGMA query_only = ON")


def _sqlite_engine(url: URL, begin: str | None, *, pool_size: int) -> Engine:
    engine = create_engine(
        url,
        hide_parameters=True,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=WAIT_SECONDS,
    )

    # By default Python's sqlite3 begins late and commits before DDL, which loses
    # updates and half-applies migrations: we begin ourselves.
    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: object) -> None:
        connection.isolation_level = None
        connection.execute(f"PRAGMA busy_timeout = {int(WAIT_SECONDS * 1000)}")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")

    def do_begin(connection: Any) -> None:
        if begin is not None:
            connection.execute(begin)

    # Not by an event: where there is one listener, SQLAlchemy looks for listeners
    # at every statement, which takes a third of its time.
    engine.dialect.do_begin = do_begin  # type: ignore[assignment, method-assign]
    return engine
