"""The whole bot, served as in production, against the sandbox's Slack."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, timedelta
from pathlib import Path

import pytest
import uvicorn
import yaml
from apscheduler.triggers.interval import IntervalTrigger
from pydantic import SecretStr
from sqlalchemy import select

import app
from bot.config import A_FEW, MentorNumbers, Settings
from bot.db import Database
from commands.running import Backswing, free_port
from models import Ask
from sandbox import Message, Sandbox
from sandbox.clock import TravelClock
from tests import canaries
from tests.contracts import CHECK, contracts

MANIFEST = Path(app.__file__).parent / "manifest.yml"


@dataclass
class Town:
    """A workspace with people, and the bot in it."""

    slack: Sandbox
    backswing: Backswing
    clock: TravelClock
    here: str
    ana: str
    ben: str
    chi: str
    eva: str

    def until(self, true: Callable[[], bool], seconds: float = 60) -> None:
        """Wait for what the bot does in its own time."""
        end = time.monotonic() + seconds
        while not true():
            assert time.monotonic() < end, "it did not come about"
            time.sleep(0.02)

    def posted(self) -> list[Message]:
        return [m for m in self.slack.messages(self.here) if m.user != self.ana]

    def ask(self, text: str = "How do I fix x?") -> str:
        before = len(self.posted())
        ack = self.slack.command(self.ana, self.here, "/ask", text)
        assert (ack.status, ack.text) == (200, "")
        self.until(lambda: len(self.posted()) > before)
        ts = self.posted()[-1].ts
        # People need a moment to read it, and the bot to learn what Slack called it.
        self.until(lambda: self._is_known(ts))
        return ts

    def _is_known(self, ts: str) -> bool:
        with self.backswing.rt.reads() as session:
            return session.scalar(select(Ask.id).filter_by(ts=ts)) is not None

    def shows(self, ts: str, text: str) -> None:
        self.until(lambda: text in str(self.slack.message(self.here, ts).blocks))

    def told(self, person: str, text: str) -> None:
        self.until(lambda: any(text in m.text for m in self.slack.dm(person)))

    def later(self, **by: float) -> None:
        self.clock.advance(timedelta(**by))


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Each database and each transport by default; all their pairs are deep.

    Of the many ways to lose an answer, one is tried on more than the first pair, unless
    one asks for all.
    """
    for item in items:
        if isinstance(item, pytest.Function) and hasattr(item, "callspec"):
            params = item.callspec.params
            pair = params.get("database"), params.get("transport")
            if pair in {("sqlite", "socket"), ("postgresql", "http")}:
                item.add_marker(pytest.mark.deep)
            is_another = (
                pair != ("postgresql", "socket") or params.get("kind") != "reset"
            )
            if "kind" in params and pair != ("sqlite", "http") and is_another:
                item.add_marker(pytest.mark.exhaustive)


@pytest.fixture(params=["http", "socket"])
def transport(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def town(database: Database, transport: str) -> Iterator[Town]:
    clock = TravelClock()
    slack = pretended(clock)
    people = {
        name: slack.person(name, real_name=name, is_admin=name == "Eva")
        for name in ("Ana", "Ben", "Chi", "Eva")
    }
    here = slack.channel("help", *people.values())
    with serving(slack, database, transport) as backswing:
        ids = {name.lower(): person.id for name, person in people.items()}
        yield Town(slack, backswing, clock, here.id, **ids)


def pretended(clock: TravelClock) -> Sandbox:
    """An empty workspace that follows the clock, and is served."""
    slack = Sandbox(yaml.safe_load(MANIFEST.read_text()), clock=clock)
    slack.start()
    canaries.plant(slack.bot_token, slack.app_token, slack.signing_secret)
    return slack


def make_haste(backswing: Backswing) -> None:
    """Let the clock's jobs come five times as often, so that nobody waits for them."""
    for job in backswing._ticker.scheduler.get_jobs():
        seconds = job.trigger.interval.total_seconds() / 5
        job.reschedule(IntervalTrigger(seconds=seconds, timezone=UTC))


@contextmanager
def serving(
    slack: Sandbox,
    database: Database,
    transport: str = "http",
    *,
    mentors: MentorNumbers = A_FEW,
) -> Iterator[Backswing]:
    """The bot lives in the workspace; in the end both stop."""
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
    )
    backswing = Backswing(settings, database, clock=slack.clock)
    make_haste(backswing)
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
    if CHECK.exists():
        # What the story made the bot say to Slack, by Slack's own contracts.
        check = contracts()
        calls = [{"method": call.method, "args": call.args} for call in slack.calls]
        broken = {str(call): check.check_call(call) for call in calls}
        assert {call: said for call, said in broken.items() if said} == {}
