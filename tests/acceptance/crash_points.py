"""Run the whole bot as a process of its own, which dies at a chosen point."""

import ctypes
import os
import re
import signal
import sys
import threading
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from apscheduler.triggers.interval import IntervalTrigger
from pydantic import SecretStr
from sqlalchemy import event
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot import logs
from bot.clock import utc_now
from bot.config.mentors import SMALL_WORKSPACE
from bot.config.settings import Settings
from bot.db.engine import Database
from bot.db.open import open_database
from cli.app import Application
from cli.server import create_server

# Only the client knows that it has read the 200: there the parent kills the process.
AFTER_THE_200 = "after the 200"
# The points, in the order in which a request passes them.
REQUEST_POINTS = (
    "request arrived",
    "request read",
    "request verified",
    "before its transaction",
    "before its COMMIT",
    "after its COMMIT",
    "before the 200",
    AFTER_THE_200,
)
JOB_POINTS = ("before the job's COMMIT", "after the job's COMMIT")
DELIVERY_POINTS = (
    "before the claim's COMMIT",
    "promise claimed",
    "before the call",
    "Slack has accepted",
    "before the ts is stored",
    "ts stored",
)
# The effect that a Web API call leaves in Slack.
WRITE_METHODS = {
    "chat.delete",
    "chat.postEphemeral",
    "chat.postMessage",
    "chat.update",
    "files.completeUploadExternal",
    "files.delete",
    "reactions.add",
    "reactions.remove",
}
_CHANGED_TABLE = re.compile(r"(?:INSERT INTO|UPDATE|DELETE FROM) (\w+)")
# Jobs that run every few seconds run at once here, so that tests wait less.
_FAST_INTERVAL = IntervalTrigger(seconds=0.25, timezone=UTC)
_HURRIED_INTERVAL = IntervalTrigger(seconds=1, timezone=UTC)
_PATH = "/slack/events"


@dataclass(frozen=True, slots=True)
class CrashSwitch:
    """A switch shared with the parent process, which may change it at any time.

    `ahead` is the lead of the process's clock in seconds. `armed` is the point at which
    it dies and, after a "|", the table or method that the point must be about.
    """

    clock_offset: ctypes.c_double
    armed: "ctypes.Array[ctypes.c_char]"

    def clock(self) -> datetime:
        return utc_now() + timedelta(seconds=self.clock_offset.value)

    def crash_if_armed(self, point: str, about: Collection[str] = ()) -> None:
        armed, _, event_name = self.armed.value.decode().partition("|")
        if point == armed and (not event_name or event_name in about):
            os.kill(os.getpid(), signal.SIGKILL)


@dataclass(frozen=True, slots=True)
class ProcessConfig:
    """The settings that the process needs to start."""

    crash_switch: CrashSwitch
    database_url: str
    api_url: str
    bot_token: str
    signing_secret: str
    port: int
    log: Path
    # Asks without a name are off without it.
    anonymity_key: str = ""
    # True if jobs that run every few minutes or hours run every second.
    hurries: bool = False


def run_bot(config: ProcessConfig) -> None:
    """Serve like `app.py` over HTTP, until killed."""
    os.dup2(os.open(config.log, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600), 2)
    settings = Settings(
        _env_file=None,
        slack_bot_token=SecretStr(config.bot_token),
        slack_signing_secret=SecretStr(config.signing_secret),
        slack_api_url=config.api_url,
        database_url=config.database_url,
        port=config.port,
        search_folder=config.log.parent / "search",
        log_format="json",
        mentors=SMALL_WORKSPACE,
        anonymity_key=SecretStr(config.anonymity_key) if config.anonymity_key else None,
    )
    logs.set_up(style=settings.log_format, level=settings.log_level)
    database = open_database(settings.database_url)
    backswing = Application(settings, database, clock=config.crash_switch.clock)
    CrashHooks(config.crash_switch).attach(database)
    backswing.bolt.use(crash_middleware(config.crash_switch))
    for job in backswing._scheduler.scheduler.get_jobs():
        if job.trigger.interval <= timedelta(seconds=20):
            job.reschedule(_FAST_INTERVAL)
        # One that a crash test waits for.
        elif config.hurries or job.id == "detect-mentors":
            job.reschedule(_HURRIED_INTERVAL)
    app = wrap_app(config.crash_switch, backswing.asgi())
    create_server(app, settings.host, settings.port).run()


def wrap_app(crash_switch: CrashSwitch, app: ASGIApp) -> Any:
    """Wrap the served application: the requests and the responses."""

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        if scope.get("path") != _PATH:
            await app(scope, receive, send)
            return
        crash_switch.crash_if_armed("request arrived")

        async def read() -> Message:
            message = await receive()
            if not message.get("more_body"):
                crash_switch.crash_if_armed("request read")
            return message

        async def answer(message: Message) -> None:
            if message.get("status") == 200:
                crash_switch.crash_if_armed("before the 200")
            await send(message)

        await app(scope, read, answer)

    return serve


def crash_middleware(crash_switch: CrashSwitch) -> Callable[..., None]:
    """Return a middleware of Bolt's, which sees verified requests only."""

    def go_on(next_: Callable[[], None]) -> None:
        crash_switch.crash_if_armed("request verified")
        next_()

    return go_on


class CrashHooks(threading.local):
    """The thread's calls to Slack, and the tables its transaction has changed."""

    def __init__(self, crash_switch: CrashSwitch) -> None:
        self._crash_switch = crash_switch
        self._called_methods: tuple[str, ...] = ()
        self._changed_tables: set[str] = set()
        name = threading.current_thread().name
        self._is_delivering = name.startswith("delivery")
        self._is_serving = name.startswith(("event-batcher", "AnyIO"))

    def attach(self, database: Database) -> None:
        sys.addaudithook(self.on_audit_event)
        event.listen(database.engine, "begin", self.on_begin)
        event.listen(database.engine, "before_cursor_execute", self.on_statement)
        event.listen(database.engine, "commit", self.on_commit)
        # This runs before threads that wait for the commit go on.
        event.listen(
            database.write_session, "after_commit", self.after_commit, insert=True
        )

    def on_audit_event(self, event_name: str, args: tuple[Any, ...]) -> None:
        """Handle an audit event: `urllib` reports each call before it makes it."""
        if event_name == "urllib.Request" and self._is_delivering:
            method = str(args[0]).rpartition("/")[2]
            if method in WRITE_METHODS:
                self._called_methods = (method,)
                self._crash_switch.crash_if_armed(
                    "before the call", self._called_methods
                )

    def on_begin(self, _connection: Any) -> None:
        self._changed_tables = set()
        if self._is_serving:
            self._crash_switch.crash_if_armed("before its transaction")
        elif self._called_methods:
            self._crash_switch.crash_if_armed(
                "Slack has accepted", self._called_methods
            )

    def on_statement(
        self, _connection: Any, _cursor: Any, statement: str, *_: Any
    ) -> None:
        self._changed_tables.update(_CHANGED_TABLE.findall(statement))

    def on_commit(self, _connection: Any) -> None:
        if self._is_serving:
            self._crash_switch.crash_if_armed("before its COMMIT", self._changed_tables)
        elif not self._is_delivering:
            self._crash_switch.crash_if_armed(
                "before the job's COMMIT", self._changed_tables
            )
        elif self._called_methods:
            self._crash_switch.crash_if_armed(
                "before the ts is stored", self._called_methods
            )
        elif "outbox" in self._changed_tables:
            self._crash_switch.crash_if_armed("before the claim's COMMIT")

    def after_commit(self, _session: Any) -> None:
        if self._is_serving:
            self._crash_switch.crash_if_armed("after its COMMIT", self._changed_tables)
        elif not self._is_delivering:
            self._crash_switch.crash_if_armed(
                "after the job's COMMIT", self._changed_tables
            )
        elif self._called_methods:
            about, self._called_methods = self._called_methods, ()
            self._crash_switch.crash_if_armed("ts stored", about)
        elif "outbox" in self._changed_tables:
            self._crash_switch.crash_if_armed("promise claimed")
