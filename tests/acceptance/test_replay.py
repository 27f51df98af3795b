"""Deliver a whole export as Slack would: any order has the same result."""

import random
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import func, select

import app
from bot.clock import utc_now
from bot.config.settings import Settings
from bot.db.engine import Database
from bot.features import FEATURES
from bot.imports import service as imports
from bot.imports.entries import ExportUser
from bot.imports.export import Export
from bot.knowledge.message_kinds import KNOWLEDGE_NOTICE
from bot.runtime import Transaction
from bot.workspace import channels, sync
from cli.app import Application
from cli.manifest import manifest
from cli.server import create_server
from models import Member, OutboxItem
from sandbox import Sandbox
from sandbox.scenarios import replay
from tests import export_factory, message_counts
from tests.acceptance.conftest import speed_up_jobs
from tests.message_counts import ExportCounts

REAL = (
    Path(app.__file__).parent.parent / "shared" / "data" / "r-contributors-export.zip"
)
REAL_CHANNELS = ["core-dev-help", "core-translation"]
# It has a tenth of the events, and all kinds of them.
SMALL_REAL_CHANNELS = ["core-dev-help"]
# The concurrent requests that Slack is likely to send for one workspace.
AT_ONCE = 8

Body = dict[str, Any]
Order = Callable[[list[Body]], list[Body]]


def shuffled(bodies: list[Body]) -> list[Body]:
    return random.Random(7).sample(bodies, len(bodies))


def doubled(bodies: list[Body]) -> list[Body]:
    return [body for body in bodies for _ in range(2)]


ORDERS: dict[str, Order] = {
    "in order": list,
    "reversed": lambda bodies: bodies[::-1],
    "shuffled": shuffled,
    "doubled": doubled,
    "doubled and shuffled": lambda bodies: shuffled(doubled(bodies)),
}
HARDEST = "doubled and shuffled"


@contextmanager
def serving(slack: Sandbox, database: Database) -> Iterator[Application]:
    """Serve the bot by uvicorn, with all of its threads."""
    settings = Settings(
        _env_file=None,
        slack_bot_token=SecretStr(slack.bot_token),
        slack_signing_secret=SecretStr(slack.signing_secret),
        slack_api_url=slack.api_url,
        port=0,
    )
    backswing = Application(settings, database)
    speed_up_jobs(backswing)
    running = create_server(backswing.asgi(), "127.0.0.1", 0)
    thread = threading.Thread(target=running.run)
    thread.start()
    try:
        while not running.started:
            time.sleep(0.01)
        port = running.servers[0].sockets[0].getsockname()[1]
        slack.connect_http(f"http://127.0.0.1:{port}/slack/events")
        yield backswing
    finally:
        running.should_exit = True
        thread.join()


@pytest.fixture
def slack(closing: ThreadPoolExecutor) -> Iterator[Sandbox]:
    slack = Sandbox(manifest())
    slack.start()
    yield slack
    closing.submit(slack.stop)


def is_external(user: ExportUser, export: Export) -> bool:
    return user.team_id not in {None, export.team_id}


def stage(slack: Sandbox, export: Export, names: list[str]) -> list[Body]:
    """Return a sandbox with the export's people and channels, and its events."""
    for user in export.users:
        slack.add_person(
            user.name or user.id.lower(),
            id=user.id,
            is_bot=bool(user.is_bot),
            is_admin=bool(user.is_admin or user.is_owner),
            deleted=bool(user.deleted),
            is_stranger=is_external(user, export),
        )
    for room in export.select(names):
        slack.add_channel(room.name, id=room.id)
    return [
        slack.envelope(
            {
                "type": "team_join",
                "user": user.model_dump()
                | {
                    "team_id": slack.team_id,
                    "is_stranger": is_external(user, export),
                },
            }
        )
        for user in export.users
    ]


def play(
    path: Path, names: list[str], slack: Sandbox, database: Database, order: Order
) -> tuple[int, float]:
    """Deliver the export's events; return their number and the duration."""
    with Export(path) as export:
        bodies = stage(slack, export, names)
        rooms = [room.id for room in export.select(names)]
        strangers = [user.id for user in export.users if is_external(user, export)]
    bodies += replay.envelopes(
        path,
        names,
        team_id=slack.team_id,
        app_id=slack.app_id,
        bot_user_id=slack.bot_user_id,
    )
    with serving(slack, database) as backswing:
        with database.write_session.begin() as session:
            for room in rooms:
                workspace = backswing.rt.workspaces.only
                channels.get_or_create(
                    Transaction(session, workspace, backswing.rt.clock()), room
                ).capture = "all"
        # The bot fetches unknown users later.
        sync.refresh(backswing.rt, backswing.rt.workspaces.only, users=strangers)
        waiting = order(bodies)
        started = time.perf_counter()
        for body in waiting:
            assert slack.deliver(body) == 200
        return len(waiting), time.perf_counter() - started


def database_counts(database: Database) -> ExportCounts:
    with database.read_session() as session:
        return message_counts.from_database(session)


def imported(path: Path, names: list[str], database: Database) -> ExportCounts:
    with Export(path) as export:
        rooms = export.select(names)
        imports.load(
            database.write_session,
            export,
            rooms,
            capture="all",
            features=FEATURES,
            now=utc_now(),
        )
    return database_counts(database)


@pytest.fixture(scope="module")
def synthetic(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("export") / "export.zip"
    return export_factory.write(path, export_factory.export_files(asks=6))


NAMES = ["help", "translation"]


@pytest.mark.parametrize("order", [HARDEST, *(o for o in ORDERS if o != HARDEST)])
@pytest.mark.deep
def test_any_order_of_deliveries_has_the_same_result(synthetic, slack, database, order):
    play(synthetic, NAMES, slack, database, ORDERS[order])
    assert database_counts(database) == message_counts.from_export(synthetic, NAMES)


def test_the_import_has_the_same_result(synthetic, database):
    assert imported(synthetic, NAMES, database) == message_counts.from_export(
        synthetic, NAMES
    )


@pytest.mark.deep
@pytest.mark.on_postgresql
def test_concurrent_deliveries_have_the_same_result(synthetic, slack, database):
    def at_once(bodies: list[Body]) -> list[Body]:
        mixed = shuffled(doubled(bodies))
        with ThreadPoolExecutor(AT_ONCE) as threads:
            # Events that were not acknowledged are delivered again, as by Slack.
            remaining = deque(mixed)
            while remaining:
                tried = list(remaining)
                statuses = list(threads.map(slack.deliver, tried))
                remaining = deque(
                    body
                    for body, status in zip(tried, statuses, strict=True)
                    if status != 200
                )
        return []

    play(synthetic, NAMES, slack, database, at_once)
    assert database_counts(database) == message_counts.from_export(synthetic, NAMES)


def test_the_synthetic_export_covers_all_kinds(synthetic):
    expected = message_counts.from_export(synthetic, NAMES)
    assert all(expected.totals().values())
    assert {state for _, state in expected.asks.values()} == {
        "open",
        "answered",
        "solved",
    }


real = pytest.mark.skipif(
    not REAL.exists(), reason="the real export is not beside the project"
)


# Synthetic conversations are delivered to PostgreSQL, too.
on_sqlite_first = pytest.mark.parametrize(
    "database",
    ["sqlite", pytest.param("postgresql", marks=pytest.mark.exhaustive)],
    indirect=True,
)


@pytest.mark.deep
@pytest.mark.timeout(1800)
@real
@on_sqlite_first
@pytest.mark.parametrize(
    ("names", "order"),
    [
        (SMALL_REAL_CHANNELS, HARDEST),
        pytest.param(SMALL_REAL_CHANNELS, "reversed", marks=pytest.mark.exhaustive),
        pytest.param(REAL_CHANNELS, HARDEST, marks=pytest.mark.exhaustive),
    ],
    ids=["small", "small, reversed", "large"],
)
def test_real_conversations_have_the_same_result(
    slack, database, names, order, record_property
):
    events, seconds = play(REAL, names, slack, database, ORDERS[order])
    expected = message_counts.from_export(REAL, names)
    assert all(expected.totals().values())
    figures = expected.totals() | {"events": events, "seconds": round(seconds, 1)}
    record_property(f"{order}, {database.engine.name}", figures)
    assert database_counts(database) == expected


@pytest.mark.deep
@pytest.mark.timeout(600)
@real
@on_sqlite_first
@pytest.mark.parametrize(
    "names",
    [SMALL_REAL_CHANNELS, pytest.param(None, marks=pytest.mark.exhaustive)],
    ids=["small", "all"],
)
def test_importing_real_conversations_has_the_same_result(database, names):
    expected = message_counts.from_export(REAL, names)
    with Export(REAL) as export:
        names = names or [room.name for room in export.channels]
    assert imported(REAL, names, database) == expected
    with database.read_session() as session:
        # Only authors are told, later, that words of theirs are kept.
        assert set(session.scalars(select(OutboxItem.kind))) == {KNOWLEDGE_NOTICE}
        assert session.scalar(select(func.count()).select_from(Member)) >= 504
