"""Run the whole bot, served as in production, against the sandbox's Slack."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, timedelta
from pathlib import Path

import pytest
import uvicorn
from apscheduler.triggers.interval import IntervalTrigger
from pydantic import SecretStr
from sqlalchemy import select

from bot.config.mentors import SMALL_WORKSPACE, MentorSettings
from bot.config.settings import Settings
from bot.db.engine import Database
from cli.app import Application
from cli.manifest import manifest
from models import Ask
from sandbox import Message, Sandbox
from sandbox.workspace.clock import TravelClock
from tests import leak_markers
from tests.contracts import CHECK_SCRIPT, load_contracts
from tests.ports import free_port

# For what only the sandbox does, and hardly anyone on PostgreSQL.
sandbox_only = pytest.mark.parametrize(
    "database",
    ["sqlite", pytest.param("postgresql", marks=pytest.mark.exhaustive)],
    indirect=True,
)


@dataclass
class Deployment:
    """A workspace with people, and the bot in it."""

    slack: Sandbox
    backswing: Application
    clock: TravelClock
    channel: str
    ana: str
    ben: str
    chi: str
    eva: str

    def wait_until(self, condition: Callable[[], bool], seconds: float = 60) -> None:
        """Wait for an effect of the bot's own threads."""
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, "it did not come about"
            time.sleep(0.02)

    def channel_posts(self) -> list[Message]:
        return [m for m in self.slack.messages(self.channel) if m.user != self.ana]

    def ask(self, text: str = "How do I fix x?") -> str:
        before = len(self.channel_posts())
        ack = self.slack.command(self.ana, self.channel, "/ask", text)
        assert (ack.status, ack.text) == (200, "")
        self.wait_until(lambda: len(self.channel_posts()) > before)
        ts = self.channel_posts()[-1].ts
        # People need a moment to read a message; the bot needs one to learn its ts.
        self.wait_until(lambda: self._is_known(ts))
        return ts

    def _is_known(self, ts: str) -> bool:
        with self.backswing.rt.read_session() as session:
            return session.scalar(select(Ask.id).filter_by(ts=ts)) is not None

    def wait_for_text(self, ts: str, text: str) -> None:
        self.wait_until(
            lambda: text in str(self.slack.message(self.channel, ts).blocks)
        )

    def wait_for_direct_message(self, person: str, text: str) -> None:
        self.wait_until(lambda: any(text in m.text for m in self.slack.dm(person)))

    def advance(self, **duration: float) -> None:
        self.clock.advance(timedelta(**duration))


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run each database with one transport; the two have nothing to do with each other.

    Tests of lost responses run with the second pair only, unless all are selected.
    """
    params = {
        item: item.callspec.params
        for item in items
        if isinstance(item, pytest.Function) and hasattr(item, "callspec")
    }
    with_sockets = {
        item.function for item in params if params[item].get("transport") == "socket"
    }
    for item, chosen in params.items():
        pair = chosen.get("database"), chosen.get("transport")
        if item.function in with_sockets and pair in {
            ("sqlite", "socket"),
            ("postgresql", "http"),
        }:
            item.add_marker(pytest.mark.deep)
            item.add_marker(pytest.mark.exhaustive)
        if "is_done" in chosen and pair != ("postgresql", "socket"):
            item.add_marker(pytest.mark.exhaustive)


@pytest.fixture(autouse=True)
def _own_search_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the index apart; with PostgreSQL it would be in the current folder."""
    monkeypatch.setenv("SEARCH_FOLDER", str(tmp_path / "search"))


@pytest.fixture(params=["http", "socket"])
def transport(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def deployment(database: Database, transport: str) -> Iterator[Deployment]:
    clock = TravelClock()
    slack = start_sandbox(clock)
    people = {
        name: slack.add_person(name, real_name=name, is_admin=name == "Eva")
        for name in ("Ana", "Ben", "Chi", "Eva")
    }
    here = slack.add_channel("help", *people.values())
    with running_bot(slack, database, transport) as backswing:
        ids = {name.lower(): person.id for name, person in people.items()}
        yield Deployment(slack, backswing, clock, here.id, **ids)


def start_sandbox(clock: TravelClock) -> Sandbox:
    """Start an empty workspace that follows the clock."""
    slack = Sandbox(manifest(), clock=clock)
    slack.start()
    leak_markers.add(slack.bot_token, slack.app_token, slack.signing_secret)
    return slack


def speed_up_jobs(backswing: Application) -> None:
    """Run the clock's jobs five times as often, so that tests wait less."""
    for job in backswing._scheduler.scheduler.get_jobs():
        seconds = job.trigger.interval.total_seconds() / 5
        job.reschedule(IntervalTrigger(seconds=seconds, timezone=UTC))


@contextmanager
def running_bot(
    slack: Sandbox,
    database: Database,
    transport: str = "http",
    *,
    mentors: MentorSettings = SMALL_WORKSPACE,
    anonymity_key: str = "",
) -> Iterator[Application]:
    """Run the bot in the workspace; both stop at the end."""
    settings = Settings(
        _env_file=None,
        slack_bot_token=SecretStr(slack.bot_token),
        slack_app_token=SecretStr(slack.app_token) if transport == "socket" else None,
        slack_signing_secret=SecretStr(slack.signing_secret)
        if transport == "http"
        else None,
        slack_api_url=slack.api_url,
        port=free_port(),
        mentors=mentors,
        anonymity_key=SecretStr(anonymity_key) if anonymity_key else None,
    )
    backswing = Application(settings, database, clock=slack.clock)
    speed_up_jobs(backswing)
    server = uvicorn.Server(
        uvicorn.Config(
            backswing.asgi(), port=settings.port, log_config=None, access_log=False
        )
    )
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    if transport == "http":
        slack.connect_http(f"http://127.0.0.1:{settings.port}/slack/events")
    try:
        yield backswing
    finally:
        server.should_exit = True
        thread.join()
        slack.stop()
    if CHECK_SCRIPT.exists():
        # Slack's published contracts accept every message of the test.
        check = load_contracts()
        calls = [{"method": call.method, "args": call.args} for call in slack.calls]
        broken = {str(call): check.check_call(call) for call in calls}
        assert {call: said for call, said in broken.items() if said} == {}
