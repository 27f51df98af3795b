"""The log while PostgreSQL is away: few lines, and traces of bugs only."""

import io
import json
import logging
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from bot import logs
from bot.db import engine as db_engine
from bot.db.engine import Database
from bot.db.outages import outage

log = logging.getLogger("bot.worker")


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """Capture the log as in production."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(logs.JSON_FORMATTER)
    handler.addFilter(outage)
    logging.getLogger().addHandler(handler)
    yield written
    logging.getLogger().removeHandler(handler)


@pytest.fixture
def away() -> Iterator[Database]:
    """Yield a database whose server does not run."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        database = db_engine.connect(f"postgresql://me@127.0.0.1:{port}/backswing")
        yield database
        database.close()


def use(database: Database, statement: str = "SELECT 1") -> Exception:
    try:
        with database.write_session() as session:
            session.execute(text(statement))
    except SQLAlchemyError as error:
        return error
    raise AssertionError("it can be used")


def records(written: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in written.getvalue().splitlines()]


@pytest.mark.deep
def test_an_outage_is_logged_once_for_each_part_and_when_it_is_over(
    postgresql_url: str, away: Database, written: io.StringIO
):
    for _ in range(3):
        log.error("delivering failed", exc_info=use(away))
        jobs = ExceptionGroup("several items", [use(away), use(away)])
        log.error('job "%s" failed', "detect", exc_info=jobs)
    begun = records(written)
    assert [each["message"] for each in begun] == [
        "delivering failed",
        'job "detect" failed',
    ]
    for each in begun:
        assert "trace" not in each
        assert "refused" in each["database"]
    here = db_engine.connect(postgresql_url)
    log.error("delivering failed", exc_info=use(here, "SELECT no_column"))
    log.error("a job failed", exc_info=ZeroDivisionError())
    too_many = text(f"SELECT {', '.join(f':p{n}' for n in range(65536))}")
    with here.write_session() as session, pytest.raises(SQLAlchemyError) as refused:
        session.execute(too_many, {f"p{n}": n for n in range(65536)})
    log.error("a query failed", exc_info=refused.value)
    over, bug, other, query = records(written)[2:]
    assert "trace" in query
    assert over["message"] == "the database can be reached again"
    assert "trace" in bug
    assert "trace" in other
    # The server ends the connections, as when it is stopped.
    end = "SELECT pg_terminate_backend(pg_backend_pid())"
    log.error("delivering failed", exc_info=use(here, end))
    assert use(here, "SELECT no_column")
    again, over = records(written)[6:]
    assert again["message"] == "delivering failed"
    assert "terminating" in again["database"]
    assert over["message"] == "the database can be reached again"
    here.close()


def test_errors_of_sqlite_keep_their_traces(tmp_path: Any, written: io.StringIO):
    database = db_engine.connect(f"sqlite:///{tmp_path}/some.db")
    for _ in range(2):
        log.error("delivering failed", exc_info=use(database, "SELECT no_column"))
    assert ["trace" in each for each in records(written)] == [True, True]
    database.close()
