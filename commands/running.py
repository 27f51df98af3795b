"""Wires the parts and runs them: the bot, from its settings to its threads."""

import asyncio
import gc
import logging
import platform
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from types import FrameType

import uvicorn
from pydantic import SecretStr
from sqlalchemy.exc import SQLAlchemyError
from starlette.applications import Starlette

import handlers.bolt
import jobs
from bot.clock import Clock, utc_now
from bot.config import Settings
from bot.db import Database
from bot.delivery import A_SECOND, AT_ONCE, Deliverer
from bot.facts import service as facts
from bot.installations import install
from bot.notices import notices
from bot.pace import Pace
from bot.runtime import Runtime
from bot.slack import Refused
from bot.storage import unusable
from bot.web_slack import WebSlack
from commands.arguments import version
from commands.watching import Vital, Watch
from handlers import readiness
from handlers.doorway import BACKLOG, Doorway
from handlers.edge import Edge
from handlers.figures import Figures
from handlers.health import Health
from handlers.readiness import Check, Readiness
from handlers.socket import PATIENCE_SECONDS, STALLED, SocketMode
from jobs import Pulse
from jobs.facts import see_channels
from jobs.outbox import take_over
from jobs.ticker import Ticker

log = logging.getLogger("backswing")

_NO_SOCKET = (
    "SLACK_APP_TOKEN is not accepted by Slack: create an app-level token with the scope"
    " connections:write, and switch Socket Mode on."
)

# After SIGTERM: for requests in flight, and then for deliveries.
GRACE_SECONDS = 4
# A few megabytes.
OBJECTS_BEFORE_COLLECTION = 20_000


class Backswing:
    """The bot, from its settings to its threads."""

    def __init__(
        self, settings: Settings, database: Database, *, clock: Clock = utc_now
    ) -> None:
        """Raises SlackError where Slack does not know our token."""
        self.settings = settings
        self.database = database
        token = _value(settings.slack_bot_token)
        slack = WebSlack(token, base_url=settings.slack_api_url)
        workspace = install(database.sessions, slack, now=clock())
        self.rt = Runtime(
            workspace,
            database.sessions,
            database.reads,
            database.lookups,
            slack,
            clock,
            mentors=settings.mentors,
        )
        self.bolt = handlers.bolt.make(self.rt, token)
        self.deliverer = Deliverer(
            self.rt,
            notices(workspace, settings.mentors),
            meet=facts.meet,
            pace=Pace(A_SECOND, AT_ONCE),
            attempted=self.bolt.metrics.attempted,
        )
        self._pulse = Pulse(self.bolt.metrics.ran)
        self._ticker = Ticker(jobs.ticks(self.rt, self.deliverer), self._pulse.beat)
        self._socket = (
            SocketMode(
                self.bolt,
                _value(settings.slack_app_token),
                api_url=settings.slack_api_url,
                give_up=self.give_up,
                refused=self.bolt.metrics.refused,
            )
            if settings.mode == "socket"
            else None
        )
        # Why there was no use in going on, for the operator.
        self.gave_up: str | None = None
        self._server: uvicorn.Server | None = None
        signing = settings.slack_signing_secret if settings.mode == "http" else None
        self._edge = Edge(
            self.bolt,
            _value(signing) if signing else None,
            # Signatures are of the real time, whatever clock the bot follows.
            now=lambda: utc_now().timestamp(),
        )
        self._line = self._socket.line if self._socket else self._edge.line
        self.readiness = Readiness(self._checks())
        self._health = Health(self.readiness, self.bolt.metrics)
        self.bolt.metrics.watch(
            Figures(
                self.rt,
                database,
                self.readiness,
                in_line=lambda: self._line.waiting,
                build=build(),
            )
        )

    def start(self) -> None:
        try:
            take_over(self.rt)
            see_channels(self.rt)
        except SQLAlchemyError as error:
            self.give_up(f"DATABASE_URL: {unusable(error)}")
            return
        self.deliverer.start()
        self.deliverer.wake()
        self._ticker.start()
        if self._socket is not None:
            try:
                self._socket.connect()
            except Refused:
                self.give_up(_NO_SOCKET)

    def give_up(self, why: str) -> None:
        """End the program, so that whoever looks after it sees it and starts anew."""
        log.critical("giving up", extra={"why": why})
        self.gave_up = self.gave_up or why
        if self._server is not None:
            self._server.should_exit = True

    @property
    def is_ending(self) -> bool:
        """Whether it was told to stop, or gave up."""
        return self._server is not None and self._server.should_exit

    def stop(self) -> None:
        """Take no more work, finish what is in flight, or leave it to its lease."""
        if self._socket is not None:
            self._socket.close()
        # A job in flight would open the database again, which is closed below.
        self._ticker.stop(GRACE_SECONDS)
        self._edge.stop()
        self.deliverer.stop(GRACE_SECONDS)
        jobs.mentors.write_down(self.rt, self.deliverer)
        self.database.close()
        log.info("stopped")

    def _checks(self) -> Mapping[str, Check]:
        """What /readyz looks at, by the names that operators see."""
        checks: dict[str, Check] = {
            "database": partial(readiness.answers, self.rt),
            "changes": partial(readiness.takes_changes, self.rt),
            "slack": partial(readiness.is_accepted, self.rt),
            "deliveries": self.deliverer.trouble,
            "events": lambda: "the thread has ended" if self._line.is_broken else None,
            "clock": self._pulse.stopped,
        }
        if self._socket is not None:
            connection = self._socket
            checks["socket"] = lambda: (
                None if connection.is_heard() else "not connected"
            )
        return checks

    def _vitals(self) -> list[Vital]:
        """List what the process lives by; the rest recovers where its cause does."""
        parts = self._checks()
        vitals = [
            Vital(parts["deliveries"], "Sending messages has stopped for good."),
            Vital(parts["events"], "The thread that commits events has ended."),
            Vital(
                lambda: None if self._ticker.is_running else "it has ended",
                "The thread that starts jobs has ended.",
            ),
            Vital(parts["clock"], "No job runs any more.", PATIENCE_SECONDS),
        ]
        if self._socket is not None:
            connection = self._socket
            vitals += [
                Vital(
                    lambda: "it has ended" if connection.is_broken() else None,
                    "The thread that listens to Slack has ended.",
                ),
                Vital(parts["socket"], STALLED, PATIENCE_SECONDS),
            ]
        return vitals

    def asgi(self, ready: Callable[[], None] = lambda: None) -> Starlette:
        """What uvicorn serves; the bot lives as long as it is served."""

        @asynccontextmanager
        async def lifespan(_: Starlette) -> AsyncIterator[None]:
            self.start()
            watch = Watch(self._vitals() if self.gave_up is None else [], self.give_up)
            watching = asyncio.create_task(watch.run())
            if self.gave_up is None:
                ready()
            yield
            watching.cancel()
            self.stop()

        routes = [*self._health.routes(), *self._edge.routes()]
        return Starlette(routes=routes, lifespan=lifespan)

    def run(self, ready: Callable[[], None], listening: Sequence[socket.socket]) -> int:
        """Serve on the sockets until told to stop; 1 where there was a reason to."""
        # uvicorn raises the signal again when it is done; then we are done, too.
        leave_when_told()
        self._server = server(self.asgi(ready), self.settings.host, self.settings.port)
        self._server.run(sockets=[*listening])
        if self.gave_up is None:
            return 0
        print(self.gave_up, file=sys.stderr)
        return 1


def build() -> Mapping[str, str]:
    """Which program this is."""
    return {"version": version(), "python": platform.python_version()}


def server(asgi: Starlette, host: str, port: int) -> uvicorn.Server:
    # What is loaded by now stays: the collector need not go through it ever again.
    gc.freeze()
    # The requests of one batch are far more objects than the 700 at which the
    # collector looks by default for what is unreachable: it would look at them all.
    gc.set_threshold(OBJECTS_BEFORE_COLLECTION)
    return uvicorn.Server(
        uvicorn.Config(
            asgi,
            host=host,
            port=port,
            log_config=None,
            access_log=False,
            http=Doorway,
            backlog=BACKLOG,
            # Slack's Socket Mode is another thing: nobody opens a web socket to us.
            ws="none",
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
    )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def leave_when_told() -> None:
    signal.signal(signal.SIGTERM, _leave)
    signal.signal(signal.SIGINT, _leave)


def _leave(received: int, _frame: FrameType | None) -> None:
    if received == signal.SIGINT:
        raise KeyboardInterrupt
    raise SystemExit(0)


def _value(secret: SecretStr | None) -> str:
    return secret.get_secret_value() if secret else ""
