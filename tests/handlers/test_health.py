"""The health endpoints, with every part broken in turn."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import Engine, event, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.orm import sessionmaker
from starlette.applications import Starlette

from bot.db import engine as db_engine
from bot.db.engine import Database
from bot.features import FEATURES
from bot.outbox.worker import OutboxWorker
from bot.runtime import Runtime
from handlers import readiness
from handlers.health import Health
from handlers.metrics import Metrics
from handlers.readiness import Check, Readiness
from jobs.heartbeat import SchedulerHeartbeat
from jobs.scheduler import ScheduledJob, Scheduler
from models import RateLimit
from tests.factories import Story
from tests.slack_payloads import ASKER, BOT


def ask(health: Health, path: str = "/readyz") -> tuple[int, list[str]]:
    async def get() -> httpx.Response:
        through = httpx.ASGITransport(Starlette(routes=health.routes()))
        async with httpx.AsyncClient(
            transport=through, base_url="http://backswing"
        ) as client:
            return await client.get(path)

    answer = asyncio.run(get())
    return answer.status_code, answer.text.splitlines()


def health(*, patience: float = 5, **checks: Check) -> Health:
    looked = Readiness(checks, cache_seconds=0)
    return Health(looked, Metrics(), timeout_seconds=patience)


# /readyz


def test_each_part_is_named_with_its_problem():
    answers: dict[str, str | None] = {"slack": None}
    checked = health(database=lambda: None, slack=lambda: answers["slack"])
    assert ask(checked) == (200, ["ready", "database: ok", "slack: ok"])
    answers["slack"] = "token_revoked"
    assert ask(checked) == (
        503,
        ["not ready", "database: ok", "slack: token_revoked"],
    )
    answers["slack"] = None
    assert ask(checked)[0] == 200


def test_a_check_that_hangs_is_not_ready():
    release = threading.Event()

    def hang() -> None:
        release.wait(10)

    try:
        status, body = ask(health(database=hang, patience=0.05))
    finally:
        release.set()
    assert (status, body[0]) == (503, "not ready")
    assert "no answer" in body[1]


def test_many_requests_cost_one_check():
    looks: list[None] = []
    cached = Readiness({"database": lambda: looks.append(None)})
    threads = [threading.Thread(target=cached.check) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(looks) == 1


def test_a_change_is_logged_once(caplog: pytest.LogCaptureFixture):
    answers: list[str | None] = [None, "gone", "gone", "gone", None, None]
    looked = Readiness({"database": lambda: answers.pop(0)}, cache_seconds=0)
    with caplog.at_level("INFO"):
        for _ in range(6):
            looked.check()
    assert caplog.messages == ["not ready", "ready again"]


def test_the_process_is_healthy_even_if_it_is_not_ready():
    assert ask(health(slack=lambda: "token_revoked"), "/healthz") == (200, ["ok"])


# The database


@pytest.mark.deep_on_postgresql
def test_a_working_database_is_left_as_it_was(rt: Runtime):
    assert readiness.database_responds(rt) is None
    assert readiness.database_writes(rt) is None
    with rt.read_session() as session:
        assert session.query(RateLimit).count() == 0


@contextmanager
def read_only(engine: Engine) -> Iterator[None]:
    """Make the database read-only, as a standby or a remounted disk is.

    A connection is writable again when it returns to the pool, which outlives the test.
    """
    is_sqlite = engine.dialect.name == "sqlite"

    def turn(connection: DBAPIConnection, *, on: bool) -> None:
        setting = (
            "PRAGMA query_only" if is_sqlite else "SET default_transaction_read_only"
        )
        cursor = connection.cursor()
        cursor.execute(f"{setting} = {'on' if on else 'off'}")
        cursor.close()
        connection.commit()

    def forbid(connection: DBAPIConnection, *_: object) -> None:
        turn(connection, on=True)

    def allow(connection: DBAPIConnection, *_: object) -> None:
        turn(connection, on=False)

    event.listen(engine, "checkout", forbid)
    event.listen(engine, "checkin", allow)
    yield
    event.remove(engine, "checkout", forbid)
    event.remove(engine, "checkin", allow)


@pytest.mark.deep_on_postgresql
def test_a_read_only_database_is_not_ready_until_it_is_writable(
    rt: Runtime, database: Database
):
    with read_only(database.engine):
        assert readiness.database_responds(rt) is None
        assert readiness.database_writes(rt) in {"SQLITE_READONLY", "25006"}
    assert readiness.database_writes(rt) is None


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_full_disk_is_not_ready_until_there_is_room(rt: Runtime, database: Database):
    with database.engine.connect() as connection:
        pages = connection.scalar(text("PRAGMA page_count"))
        connection.execute(text(f"PRAGMA max_page_count = {pages}"))
    assert readiness.database_responds(rt) is None
    assert readiness.database_writes(rt) == "SQLITE_FULL"
    with database.engine.connect() as connection:
        connection.execute(text(f"PRAGMA max_page_count = {pages + 1000}"))
    assert readiness.database_writes(rt) is None


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_an_unreachable_database_is_not_ready(rt: Runtime):
    away = db_engine.connect("postgresql://backswing:s3cret@127.0.0.1:1/backswing")
    lost = replace(rt, write_session=away.write_session, autocommit=away.autocommit)
    assert readiness.database_responds(lost) == "OperationalError"
    assert readiness.database_writes(lost) == "OperationalError"
    assert readiness.slack_accepts_token(lost) == "unknown without the database"


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_after_a_cut_connection_was_noticed_it_is_ready_again(
    rt: Runtime, database: Database
):
    assert readiness.database_responds(rt) is None
    with database.engine.connect() as connection:
        others = text(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE pid <> pg_backend_pid() AND application_name = 'backswing'"
        )
        connection.execute(others)
    assert readiness.database_responds(rt) is not None
    assert readiness.database_responds(rt) is None
    assert readiness.database_writes(rt) is None


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_an_exhausted_pool_is_not_ready(rt: Runtime, database: Database):
    narrow = db_engine._sqlite_engine(
        database.engine.url, "BEGIN IMMEDIATE", pool_size=1
    )
    narrow.pool._timeout = 0.05  # type: ignore[attr-defined]
    busy = replace(rt, write_session=sessionmaker(narrow))
    with narrow.connect():
        assert readiness.database_writes(busy) == "no connection became free in time"
    assert readiness.database_writes(busy) is None
    narrow.dispose()


# Slack, and our own threads


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_after_the_token_is_revoked_it_is_not_ready(story: Story):
    assert readiness.slack_accepts_token(story.rt) is None
    story.event({"type": "tokens_revoked", "tokens": {"bot": [BOT]}})
    assert readiness.slack_accepts_token(story.rt) == "token_revoked"


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_the_worker_is_ready_from_its_start_to_its_end(worker: OutboxWorker):
    assert not worker.is_running
    worker.start()
    assert worker.is_running
    worker.stop(5)
    assert not worker.is_running


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_delivery_that_does_not_end_is_noticed(story: Story):
    """Slack's response trickles, one byte a second, and no read times out."""
    minutes = [0.0]
    worker = OutboxWorker(
        story.rt,
        FEATURES.message_types,
        monotonic_clock=lambda: 60 * minutes[0],
    )
    begun, release = threading.Event(), threading.Event()

    def trickle(method: str) -> None:
        if method == "chat.postMessage":
            begun.set()
            release.wait(60)

    story.slack.on_call = trickle
    worker.start(1)
    assert story.command(ASKER, "/ask", "How do I fix x?").body == ""
    worker.wake()
    assert begun.wait(60)
    minutes[0] = 9
    assert worker.stopped_reason() is None
    minutes[0] = 11
    assert worker.stopped_reason() == "a delivery hangs"
    release.set()
    until(lambda: worker.stopped_reason() is None)
    worker.stop(60)
    assert worker.stopped_reason() == "a thread has ended"


def trip() -> None:
    raise LookupError


def test_a_stalled_scheduler_is_noticed():
    ran: list[tuple[str, str]] = []
    pulse = SchedulerHeartbeat(
        lambda job, outcome: ran.append((job, outcome)), timeout_seconds=0.5
    )
    often = timedelta(seconds=0.05)
    ticks = [
        ScheduledJob("tick", lambda: None, often),
        ScheduledJob("trip", trip, often),
    ]
    ticker = Scheduler(ticks, pulse.beat)
    ticker.start()
    until(lambda: {("tick", "done"), ("trip", "failed")} <= set(ran))
    assert pulse.stalled_reason() is None
    ticker.stop(60)
    until(lambda: pulse.stalled_reason() is not None)
    assert "no job has run" in str(pulse.stalled_reason())


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not true():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.02)
