"""The whole bot as a process of its own, which dies at the point that it is told."""

import asyncio
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
from bot.config import A_FEW, Settings
from bot.db import Database
from bot.storage import open_database
from commands.running import Backswing, server

# The points, in the order in which a life comes by them.
REQUEST = (
    "request arrived",
    "request read",
    "request verified",
    "before its transaction",
    "before its COMMIT",
    "after its COMMIT",
    "before the 200",
    "after the 200",
)
JOB = ("before the job's COMMIT", "after the job's COMMIT")
DELIVERY = (
    "before the claim's COMMIT",
    "promise claimed",
    "before the call",
    "Slack has accepted",
    "before the ts is stored",
    "ts stored",
)
# What a call to Slack leaves there.
WRITES = {
    "chat.delete",
    "chat.postEphemeral",
    "chat.postMessage",
    "chat.update",
    "files.completeUploadExternal",
    "files.delete",
    "reactions.add",
    "reactions.remove",
}
_CHANGES = re.compile(r"(?:INSERT INTO|UPDATE|DELETE FROM) (\w+)")
# What the clock does every few seconds is done at once, so that nobody waits.
_HASTE = IntervalTrigger(seconds=0.1, timezone=UTC)
_PATH = "/slack/events"
_LAST = REQUEST[-1]


@dataclass(frozen=True, slots=True)
class Fate:
    """Shared with whoever started the process, who may change it at any time.

    `ahead`: by how many seconds its clock is. `armed`: the point at which it dies and,
    after a "|", the table or method that this must be about.
    """

    ahead: ctypes.c_double
    armed: "ctypes.Array[ctypes.c_char]"

    def clock(self) -> datetime:
        return utc_now() + timedelta(seconds=self.ahead.value)

    def is_near(self, point: str, about: Collection[str] = ()) -> bool:
        armed, _, what = self.armed.value.decode().partition("|")
        return point == armed and (not what or what in about)

    def reach(self, point: str, about: Collection[str] = ()) -> None:
        if self.is_near(point, about):
            os.kill(os.getpid(), signal.SIGKILL)


@dataclass(frozen=True, slots=True)
class Birth:
    """What the process needs to know to begin."""

    fate: Fate
    database_url: str
    api_url: str
    bot_token: str
    signing_secret: str
    port: int
    log: Path


def live(birth: Birth) -> None:
    """As `app.py` serves over HTTP, until killed."""
    os.dup2(os.open(birth.log, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600), 2)
    settings = Settings(
        _env_file=None,
        slack_bot_token=SecretStr(birth.bot_token),
        slack_signing_secret=SecretStr(birth.signing_secret),
        slack_api_url=birth.api_url,
        database_url=birth.database_url,
        port=birth.port,
        log_format="json",
        mentors=A_FEW,
    )
    logs.set_up(form=settings.log_format, level=settings.log_level)
    database = open_database(settings.database_url)
    backswing = Backswing(settings, database, clock=birth.fate.clock)
    Watch(birth.fate).over(database)
    backswing.bolt.use(verified(birth.fate))
    for job in backswing._ticker.scheduler.get_jobs():
        if job.trigger.interval <= timedelta(seconds=20):
            job.reschedule(_HASTE)
    app = around(birth.fate, backswing.asgi())
    server(app, settings.host, settings.port).run()


def around(fate: Fate, app: ASGIApp) -> Any:
    """Around everything that is served: what comes in, and what goes out."""

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        if scope.get("path") != _PATH:
            await app(scope, receive, send)
            return
        fate.reach("request arrived")

        async def read() -> Message:
            message = await receive()
            if not message.get("more_body"):
                fate.reach("request read")
            return message

        async def answer(message: Message) -> None:
            if message.get("status") == 200:
                fate.reach("before the 200")
            await send(message)
            if message["type"] == "http.response.body" and fate.is_near(_LAST):
                # When the server has had time to put it on the wire.
                asyncio.get_running_loop().call_later(0.05, fate.reach, _LAST)

        await app(scope, read, answer)

    return serve


def verified(fate: Fate) -> Callable[..., None]:
    """A middleware of Bolt's, which is handed what was verified, and nothing else."""

    def go_on(next_: Callable[[], None]) -> None:
        fate.reach("request verified")
        next_()

    return go_on


class Watch(threading.local):
    """What this thread has called, and changes in its transaction."""

    def __init__(self, fate: Fate) -> None:
        self._fate = fate
        self._called: tuple[str, ...] = ()
        self._changed: set[str] = set()
        name = threading.current_thread().name
        self._is_delivering = name.startswith("delivery")
        self._is_serving = name.startswith(("line", "AnyIO"))

    def over(self, database: Database) -> None:
        sys.addaudithook(self.heard)
        event.listen(database.engine, "begin", self.began)
        event.listen(database.engine, "before_cursor_execute", self.ran)
        event.listen(database.engine, "commit", self.committing)
        # Before those who wait for the commit hear of it.
        event.listen(database.sessions, "after_commit", self.committed, insert=True)

    def heard(self, what: str, args: tuple[Any, ...]) -> None:
        """An audit hook: `urllib` tells of each call that it is about to make."""
        if what == "urllib.Request" and self._is_delivering:
            method = str(args[0]).rpartition("/")[2]
            if method in WRITES:
                self._called = (method,)
                self._fate.reach("before the call", self._called)

    def began(self, _connection: Any) -> None:
        self._changed = set()
        if self._is_serving:
            self._fate.reach("before its transaction")
        elif self._called:
            self._fate.reach("Slack has accepted", self._called)

    def ran(self, _connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        self._changed.update(_CHANGES.findall(statement))

    def committing(self, _connection: Any) -> None:
        if self._is_serving:
            self._fate.reach("before its COMMIT", self._changed)
        elif not self._is_delivering:
            self._fate.reach("before the job's COMMIT", self._changed)
        elif self._called:
            self._fate.reach("before the ts is stored", self._called)
        elif "outbox" in self._changed:
            self._fate.reach("before the claim's COMMIT")

    def committed(self, _session: Any) -> None:
        if self._is_serving:
            self._fate.reach("after its COMMIT", self._changed)
        elif not self._is_delivering:
            self._fate.reach("after the job's COMMIT", self._changed)
        elif self._called:
            about, self._called = self._called, ()
            self._fate.reach("ts stored", about)
        elif "outbox" in self._changed:
            self._fate.reach("promise claimed")
