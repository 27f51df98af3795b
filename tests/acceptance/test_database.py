"""The database does not respond in time: Slack learns it at once and retries."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from bot.db.engine import REQUEST_TIMEOUT_SECONDS, Database
from tests.acceptance import invariants
from tests.acceptance.conftest import Deployment

pytestmark = pytest.mark.deep

# So long that Slack has made two attempts: longer than it waits once.
TRIES = 2


@pytest.fixture(params=["http"])
def transport(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@contextmanager
def locked(database: Database) -> Iterator[None]:
    """Open a transaction elsewhere that changes the database and does not end."""
    if database.engine.name == "sqlite":
        file = str(database.engine.url.database)
        with closing(sqlite3.connect(file, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            yield
            other.execute("ROLLBACK")
        return
    with database.engine.begin() as connection:
        connection.execute(text("SELECT 1 FROM asks FOR UPDATE"))
        connection.execute(text("LOCK TABLE answers IN EXCLUSIVE MODE"))
        yield


@contextmanager
def exhausted(database: Database) -> Iterator[None]:
    """Take all connections of the pool.

    The timeout is shorter than usual: the rest of Slack's three seconds is for a busy
    machine.
    """
    engines: list[Any] = [database.engine, database._read_engine, database.autocommit]
    with ExitStack() as connections:
        for pool in {engine.pool for engine in engines}:
            for _ in range(pool.size()):
                connections.enter_context(closing(pool.connect()))
            connections.callback(setattr, pool, "_timeout", pool._timeout)
            pool._timeout = REQUEST_TIMEOUT_SECONDS / 4
        yield


@pytest.mark.parametrize("trouble", [locked, exhausted])
def test_an_event_is_refused_in_time_and_counts_on_the_retry(
    deployment: Deployment, trouble: Callable[[Database], Any]
):
    ask = deployment.ask()
    deployment.slack.wait_for_deliveries()
    database = deployment.backswing.database
    delivery_count = len(deployment.slack.deliveries)
    with trouble(database):
        deployment.slack.say(
            deployment.ben, deployment.channel, "So it is done.", thread_ts=ask
        )
        deployment.wait_until(
            lambda: len(deployment.slack.deliveries) >= delivery_count + TRIES
        )
        refused = deployment.slack.deliveries[delivery_count : delivery_count + TRIES]
        # If others wait for the same lock, the response may be late. Slack retries
        # after
        assert {delivery.status for delivery in refused} <= {500, 503, None}
        port = deployment.backswing.settings.port
        assert httpx.get(f"http://127.0.0.1:{port}/healthz").status_code == 200
    deployment.advance(seconds=61)
    deployment.wait_for_text(ask, "Answered")
    deployment.slack.wait_for_deliveries()
    invariants.check(deployment.slack, database)


def test_waiting_for_a_connection_ends_before_slacks_timeout(
    deployment: Deployment,
):
    database = deployment.backswing.database
    pools: list[Any] = [database.engine.pool, database.autocommit.pool]
    assert {pool._timeout for pool in pools} == {REQUEST_TIMEOUT_SECONDS}
    assert deployment.slack.ack_seconds > REQUEST_TIMEOUT_SECONDS


@pytest.mark.parametrize("trouble", [exhausted])
def test_a_command_is_answered_in_time_and_can_be_repeated(
    deployment: Deployment, trouble: Callable[[Database], Any]
):
    deployment.ask()
    with trouble(deployment.backswing.database):
        ack = deployment.slack.command(
            deployment.ana, deployment.channel, "/ask", "How do I fix y?"
        )
        assert ack.status == 200, ack.failed
        assert "Nothing was saved" in ack.text
    ask = deployment.ask("How do I fix y?")
    deployment.wait_for_text(ask, "How do I fix y?")
    invariants.check(deployment.slack, deployment.backswing.database)
