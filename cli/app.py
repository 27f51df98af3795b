"""Connect the parts of the bot and run them, from settings to threads."""

import asyncio
import logging
import platform
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from types import FrameType

import uvicorn
from pydantic import SecretStr
from sqlalchemy.exc import SQLAlchemyError
from starlette.applications import Starlette

import handlers.bolt_app
import jobs
from bot.anonymity.key_check import usable_keys
from bot.clock import Clock, utc_now
from bot.config.settings import Settings
from bot.db import outages, versions
from bot.db.engine import Database, sqlite_file
from bot.db.open import describe_failure
from bot.features import load_features
from bot.outbox.rate_limiter import RateLimiter
from bot.outbox.worker import (
    BURST,
    MESSAGES_PER_SECOND,
    THREADS,
    THREADS_FOR_MANY,
    OutboxWorker,
)
from bot.runtime import Runtime, ServedWorkspaces
from bot.search.follower import SearchFollower
from bot.slack.api import Rejected
from bot.slack.client import SlackClient
from bot.workspace import sync
from bot.workspace.installations import install
from cli.anonymity_key import anonymity_keys
from cli.arguments import version
from cli.many_workspaces import ManyServing
from cli.server import GRACE_SECONDS, create_server
from cli.systemd import READY, STOPPING, WATCHDOG, Systemd, status
from cli.watchdog import Watchdog, WatchedPart
from handlers import readiness
from handlers.collectors import DatabaseCollector
from handlers.health import Health
from handlers.http import SlackHttpEndpoint
from handlers.readiness import Check, Readiness
from handlers.socket_mode import (
    DISCONNECTED_TOO_LONG,
    MAX_DISCONNECTED_SECONDS,
    SocketMode,
)
from jobs.heartbeat import SchedulerHeartbeat
from jobs.outbox import release_leases
from jobs.scheduler import Scheduler

log = logging.getLogger("backswing")

_NO_SOCKET = (
    "Slack does not accept SLACK_APP_TOKEN. Create an app-level token with the scope"
    " connections:write, and turn on Socket Mode."
)


class Application:
    """The bot, from its settings to its threads."""

    def __init__(
        self, settings: Settings, database: Database, *, clock: Clock = utc_now
    ) -> None:
        """Raises SlackError if Slack does not accept the token, and SettingsError."""
        self.settings = settings
        self.database = database
        with database.write_session.begin() as session:
            versions.record(session, version(), now=clock())
        many = settings.many_workspaces
        self._many = (
            ManyServing(many, settings.slack_api_url, database, clock) if many else None
        )
        # Whatever is below this line serves any number of workspaces.
        self.rt = Runtime(
            self._many.directory.served
            if self._many
            else _only_workspace(settings, database, clock),
            database.write_session,
            database.read_session,
            database.autocommit,
            clock,
            load_features(
                settings.mentors,
                looks_while_typing=settings.form_suggestions == "typing",
                anonymity_keys=usable_keys(
                    database.write_session, anonymity_keys(settings)
                ),
            ),
        )
        self.bolt = handlers.bolt_app.create_app(self.rt)
        self.worker = OutboxWorker(
            self.rt,
            self.rt.features.message_types,
            fetch_new_users=sync.fetch_new_users,
            new_rate_limiter=partial(RateLimiter, MESSAGES_PER_SECOND, BURST),
            on_attempt=self.bolt.metrics.count_attempt,
        )
        self._follower = SearchFollower(self.rt, _search_folder(settings, database))
        self._heartbeat = SchedulerHeartbeat(self.bolt.metrics.count_job)
        self._scheduler = Scheduler(
            [
                *jobs.scheduled_jobs(self.rt, self.worker),
                *(self._many.jobs() if self._many else ()),
            ],
            self._heartbeat.beat,
        )
        self._socket = (
            SocketMode(
                self.bolt,
                _value(settings.slack_app_token),
                api_url=settings.slack_api_url,
                on_fatal=self.abort,
                on_refused=self.bolt.metrics.count_refused,
            )
            if settings.mode == "socket"
            else None
        )
        self._systemd = Systemd(settings.notify_socket)
        # The reason for the end, for the operator.
        self.abort_reason: str | None = None
        self._server: uvicorn.Server | None = None
        signing = settings.slack_signing_secret if settings.mode != "socket" else None
        self._endpoint = SlackHttpEndpoint(
            self.bolt,
            _value(signing) if signing else None,
            # Signatures contain the real time, whatever clock the bot follows.
            now=lambda: utc_now().timestamp(),
        )
        self._batcher = self._socket.batcher if self._socket else self._endpoint.batcher
        self.readiness = Readiness(self._checks())
        self._health = Health(self.readiness, self.bolt.metrics)
        self.bolt.metrics.register(
            DatabaseCollector(
                self.rt,
                database,
                self.readiness,
                waiting_events=lambda: self._batcher.waiting_count,
                build=build_info(),
            )
        )

    def start(self) -> None:
        try:
            release_leases(self.rt)
            if self._many:
                self._many.prepare()
            else:
                jobs.workspace.sync_channels(self.rt, self.worker)
        except SQLAlchemyError as error:
            self.abort(f"DATABASE_URL: {describe_failure(error)}")
            return
        self.worker.start(THREADS_FOR_MANY if self._many else THREADS)
        self.worker.wake()
        self._follower.start()
        self._scheduler.start()
        if self._socket is not None:
            try:
                self._socket.connect()
            except Rejected:
                self.abort(_NO_SOCKET)

    def abort(self, reason: str) -> None:
        """Stop serving with exit code 1, so that the service is started again."""
        log.critical("giving up", extra={"why": reason})
        self._systemd.notify(status(reason))
        self.abort_reason = self.abort_reason or reason
        if self._server is not None:
            self._server.should_exit = True

    @property
    def is_ending(self) -> bool:
        """True after a request to stop, and after `abort`."""
        return self._server is not None and self._server.should_exit

    def stop(self) -> None:
        """Accept no more work; finish what is in flight, or leave it to its lease."""
        self._systemd.notify(STOPPING)
        if self._socket is not None:
            self._socket.close()
        # A running job would reopen the database, which is closed below.
        self._scheduler.stop(GRACE_SECONDS)
        self._endpoint.stop()
        self.worker.stop(GRACE_SECONDS)
        self._follower.stop(GRACE_SECONDS)
        jobs.mentors.flush_message_counts(self.rt, self.worker)
        self.database.close()
        log.info("stopped")

    def _checks(self) -> Mapping[str, Check]:
        """Return the checks of /readyz, by the names that operators see."""
        checks: dict[str, Check] = {
            "database": partial(readiness.database_responds, self.rt),
            "database_writes": partial(readiness.database_writes, self.rt),
            "slack": partial(readiness.slack_accepts_token, self.rt),
            "deliveries": self.worker.stopped_reason,
            "events": lambda: "the thread has ended" if self._batcher.is_dead else None,
            "clock": self._heartbeat.stalled_reason,
        }
        if self._socket is not None:
            connection = self._socket
            checks["socket"] = lambda: (
                None if connection.is_greeted() else "not connected"
            )
        return checks

    def _watched_parts(self) -> list[WatchedPart]:
        """Return the parts that the process needs; others recover by themselves."""
        parts = self._checks()
        vitals = [
            WatchedPart(
                parts["deliveries"], ("The thread that sends messages has ended.")
            ),
            WatchedPart(parts["events"], "The thread that commits events has ended."),
            WatchedPart(
                lambda: None if self._scheduler.is_running else "it has ended",
                "The thread that starts jobs has ended.",
            ),
            WatchedPart(
                lambda: "it has ended" if self._follower.is_dead else None,
                "The thread that follows the database for the search has ended.",
            ),
            WatchedPart(
                parts["clock"],
                ("The scheduler no longer runs jobs."),
                MAX_DISCONNECTED_SECONDS,
            ),
        ]
        if self._socket is not None:
            connection = self._socket
            vitals += [
                WatchedPart(
                    lambda: "it has ended" if connection.is_dead() else None,
                    "The thread that listens to Slack has ended.",
                ),
                WatchedPart(
                    parts["socket"], DISCONNECTED_TOO_LONG, MAX_DISCONNECTED_SECONDS
                ),
            ]
        return vitals

    def _on_watch_ended(self, watching: "asyncio.Task[None]") -> None:
        """End the process if a check has raised an error: nothing is watched now."""
        if not watching.cancelled() and (error := watching.exception()):
            log.error("a check failed", exc_info=error)
            self.abort("The watchdog has ended.")

    def asgi(self, on_ready: Callable[[], None] = lambda: None) -> Starlette:
        """Return the application for uvicorn; the bot runs as long as it is served."""

        @asynccontextmanager
        async def lifespan(_: Starlette) -> AsyncIterator[None]:
            self.start()
            watch = Watchdog(
                self._watched_parts() if self.abort_reason is None else [],
                self.abort,
                on_alive=partial(self._systemd.notify, WATCHDOG),
            )
            watching = asyncio.create_task(watch.run())
            watching.add_done_callback(self._on_watch_ended)
            if self.abort_reason is None:
                self._systemd.notify(READY, status(f"Serving ({self.settings.mode})"))
                on_ready()
            yield
            watching.cancel()
            self.stop()

        routes = [*self._health.routes(), *self._endpoint.routes()]
        if self._many:
            routes += self._many.routes()
        return Starlette(routes=routes, lifespan=lifespan)

    def run(
        self, on_ready: Callable[[], None], sockets: Sequence[socket.socket]
    ) -> int:
        """Serve on the sockets until stopped; return 1 after `abort`, else 0."""
        # uvicorn raises the signal again when it has finished; then the bot has, too.
        handle_signals()
        outages.shorten_log()
        self._server = create_server(
            self.asgi(on_ready), self.settings.host, self.settings.port
        )
        self._server.run(sockets=[*sockets])
        if self.abort_reason is None:
            return 0
        print(self.abort_reason, file=sys.stderr)
        return 1


def _only_workspace(
    settings: Settings, database: Database, clock: Clock
) -> ServedWorkspaces:
    """Return the workspace of the token in the settings. Raises SlackError."""
    token = _value(settings.slack_bot_token)
    slack = SlackClient(token, base_url=settings.slack_api_url)
    workspace = install(database.write_session, slack, now=clock())
    return ServedWorkspaces([(workspace, slack)])


def build_info() -> Mapping[str, str]:
    """Return the program's version and Python's."""
    return {"version": version(), "python": platform.python_version()}


def handle_signals() -> None:
    signal.signal(signal.SIGTERM, _on_signal)
    signal.signal(signal.SIGINT, _on_signal)


def _on_signal(received: int, _frame: FrameType | None) -> None:
    if received == signal.SIGINT:
        raise KeyboardInterrupt
    raise SystemExit(0)


def _search_folder(settings: Settings, database: Database) -> Path:
    if settings.search_folder is not None:
        return settings.search_folder
    file = sqlite_file(database.engine.url)
    return (Path("data") if file is None else file.parent) / "search"


def _value(secret: SecretStr | None) -> str:
    return secret.get_secret_value() if secret else ""
