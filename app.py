"""Wires the parts and runs them: `uv run app.py`. The command line is here too."""

import argparse
import gc
import logging
import math
import signal
import socket
import sys
import threading
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC
from pathlib import Path
from types import FrameType

import uvicorn
import yaml
from apscheduler.schedulers.background import BackgroundScheduler
from pydantic import SecretStr, ValidationError
from slack_sdk.errors import SlackClientError
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from starlette.applications import Starlette

import handlers.bolt
import jobs
from bot import logs
from bot.channels import service as channels
from bot.clock import Clock, utc_now
from bot.config import Settings, SettingsError
from bot.db import Database
from bot.delivery import Deliverer
from bot.facts import service as facts
from bot.installations import install
from bot.notices import notices
from bot.runtime import Runtime
from bot.slack import NotDone, Refused, SlackError, Unsure, WebSlack
from bot.storage import open_database
from handlers.edge import Edge
from handlers.socket import SocketMode
from models import Installation

log = logging.getLogger("backswing")

HERE = Path(__file__).parent
MANIFEST = HERE / "manifest.yml"
STORY = HERE / "sandbox" / "story.yml"
SANDBOX_FILE = Path("data") / "sandbox.db"

_WELCOME = """
  Backswing is running against a pretend Slack on this machine.

  Look:   {url}
  Try:    /ask How do I …?        put a problem to your peers
          answer in its thread, react to an answer with :white_check_mark:
          /backswing help         what else there is

  Stop it with Ctrl-C. The README says how to install it into a real workspace.
"""

_NO_SOCKET = (
    "SLACK_APP_TOKEN is not accepted by Slack: create an app-level token with the scope"
    " connections:write, and switch Socket Mode on."
)

# Of a process that Ctrl-C ended.
INTERRUPTED = 130

# After SIGTERM: for requests in flight, and then for deliveries.
GRACE_SECONDS = 4


class CommandError(Exception):
    """A command can't be run; the message is a sentence for the operator."""


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
            database.write,
            database.reads,
            database.lookups,
            slack,
            clock,
        )
        self.deliverer = Deliverer(self.rt, notices(workspace), meet=facts.meet)
        self.bolt = handlers.bolt.make(self.rt, token)
        self._scheduler = BackgroundScheduler(timezone=UTC)
        jobs.register(self._scheduler, self.rt, self.deliverer)
        self._socket = (
            SocketMode(
                self.bolt,
                _value(settings.slack_app_token),
                api_url=settings.slack_api_url,
                give_up=self.give_up,
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
            is_ready=self.is_ready,
        )

    def start(self) -> None:
        try:
            facts.survey_channels(self.rt)
        except SlackError as error:
            log.warning("channels not seen", extra={"error": error.code})
        self.deliverer.start()
        self.deliverer.wake()
        self._scheduler.start()
        if self._socket is not None:
            try:
                self._socket.connect()
            except SlackClientError:
                self.give_up(_NO_SOCKET)
            except OSError as error:
                self.give_up(f"Slack can't be reached ({type(error).__name__}).")

    def give_up(self, why: str) -> None:
        """End the program, so that whoever looks after it sees it and starts anew."""
        log.critical("giving up", extra={"why": why})
        self.gave_up = why
        if self._server is not None:
            self._server.should_exit = True

    def stop(self) -> None:
        """Take no more work, finish what is in flight, or leave it to its lease."""
        if self._socket is not None:
            self._socket.close()
        self._scheduler.shutdown(wait=False)
        self.deliverer.stop(GRACE_SECONDS)
        self.database.close()

    def is_ready(self) -> bool:
        """Whether the database answers, and Slack takes what we send."""
        try:
            with self.database.reads() as session:
                return (
                    session.scalar(
                        select(Installation.paused_because).filter_by(
                            id=self.rt.workspace.id
                        )
                    )
                    is None
                )
        except SQLAlchemyError:
            log.exception("the database does not answer")
            return False

    def asgi(self, ready: Callable[[], None] = lambda: None) -> Starlette:
        """What uvicorn serves; the bot lives as long as it is served."""

        @asynccontextmanager
        async def lifespan(_: Starlette) -> AsyncIterator[None]:
            self.start()
            ready()
            yield
            self.stop()

        return Starlette(routes=self._edge.routes(), lifespan=lifespan)

    def run(self, ready: Callable[[], None]) -> None:
        # uvicorn raises the signal again when it is done; then we are done, too.
        signal.signal(signal.SIGTERM, _leave)
        signal.signal(signal.SIGINT, _leave)
        self._server = server(self.asgi(ready), self.settings.host, self.settings.port)
        self._server.run()


def server(asgi: Starlette, host: str, port: int) -> uvicorn.Server:
    # What is loaded by now stays: the collector need not go through it ever again.
    gc.freeze()
    return uvicorn.Server(
        uvicorn.Config(
            asgi,
            host=host,
            port=port,
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
    )


def _leave(_signal: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)


def _value(secret: SecretStr | None) -> str:
    return secret.get_secret_value() if secret else ""


def serve(settings: Settings) -> int:
    """Serve a real workspace until told to stop."""
    database = open_database(settings.database_url)
    try:
        backswing = Backswing(settings, database)
    except (NotDone, Unsure) as error:
        print(f"Slack can't be reached ({error.code}); try again.", file=sys.stderr)
        return 1
    except Refused as error:
        raise SettingsError(
            f"SLACK_BOT_TOKEN is not accepted by Slack ({error.code}): copy it again"
            " from OAuth & Permissions, or reinstall the app."
        ) from None
    backswing.run(lambda: log.info("serving", extra={"mode": settings.mode}))
    if backswing.gave_up:
        print(backswing.gave_up, file=sys.stderr)
        return 1
    return 0


def migrate(settings: Settings, _args: argparse.Namespace) -> int:
    open_database(settings.database_url, migrates=True).close()
    print("The database is up to date.")
    return 0


def load(settings: Settings, args: argparse.Namespace) -> int:
    """Load a Slack export as history. Nobody is told anything."""
    # Only here: it is needed once in the life of a workspace, if at all.
    from tqdm import tqdm  # noqa: PLC0415

    from bot.history import export, service  # noqa: PLC0415
    from bot.history.report import report  # noqa: PLC0415

    try:
        with export.Export(args.export) as opened:
            rooms = opened.select(args.channel)
            total = service.steps(opened, rooms)
            database = open_database(settings.database_url)
            # The bar is for a terminal; elsewhere it would only fill a log.
            with tqdm(total=total, unit="day", disable=None) as bar:
                summary = service.load(
                    database.sessions,
                    opened,
                    rooms,
                    capture=args.capture,
                    now=utc_now(),
                    on_step=bar.update,
                )
    except export.BadExport as error:
        raise CommandError(str(error)) from None
    except SQLAlchemyError as error:
        raise CommandError(
            f"The database failed ({type(error).__name__}). What was loaded stays: run"
            " it again to load the rest."
        ) from None
    except KeyboardInterrupt:
        print("Interrupted. Run it again to load the rest.", file=sys.stderr)
        return INTERRUPTED
    print(report(summary))
    return 0


def play(settings: Settings, args: argparse.Namespace) -> int:
    """Run the bot against a pretend Slack on this machine: no account, no tokens."""
    # Only here: a bot that serves a real workspace needs none of it.
    from sandbox import Sandbox, replay, stories  # noqa: PLC0415
    from sandbox.clock import TravelClock  # noqa: PLC0415

    try:
        export = replay.Export(args.replay) if args.replay else None
    except replay.BadExport as error:
        raise CommandError(f"{error}.") from None
    told = export is None and not args.empty
    # The story begins yesterday, and has come to the present when it is told.
    clock = TravelClock(utc_now() - stories.span(STORY) if told else None)
    slack = Sandbox(yaml.safe_load(MANIFEST.read_text()), clock=clock)
    slack.start(settings.sandbox_port)
    url = settings.database_url
    if "database_url" not in settings.model_fields_set:
        # The pretend workspace is a new one each time, so its memory is, too.
        url = f"sqlite:///{SANDBOX_FILE}"
        for part in SANDBOX_FILE.parent.glob(f"{SANDBOX_FILE.name}*"):
            part.unlink()
    database = open_database(url)
    settings = settings.model_copy(
        update={
            "slack_bot_token": SecretStr(slack.bot_token),
            "slack_signing_secret": SecretStr(slack.signing_secret),
            "slack_api_url": slack.api_url,
            "port": settings.port or free_port(),
            "slack_app_token": None,
        }
    )
    backswing = Backswing(settings, database, clock=clock)

    def begin() -> None:
        slack.connect_http(f"http://127.0.0.1:{settings.port}/slack/events")
        print(_WELCOME.format(url=slack.url), flush=True)
        threading.Thread(target=fill, daemon=True).start()

    def fill() -> None:
        if export is not None:
            rooms = {room.id: room.name for room in export.rooms}
            capture_questions(backswing.rt, rooms)
            print("  Replaying: what people ask there becomes an ask.", flush=True)
            try:
                replay.play(slack, export, speed=args.speed)
            except replay.BadExport as error:
                print(f"{error}. The replay ends here.", file=sys.stderr)
        elif told:
            slack.on_reset(tell)
            tell()

    def tell() -> None:
        stories.tell(slack, STORY)

    try:
        backswing.run(begin)
    finally:
        slack.stop()
    return 0


def capture_questions(rt: Runtime, rooms: Mapping[str, str]) -> None:
    """Make asks of what is asked in these channels: nobody in an export types /ask."""
    with rt.sessions.begin() as session:
        for slack_id, name in rooms.items():
            conversation = {"id": slack_id, "name": name, "is_member": True}
            channel = channels.remember(
                session, rt.workspace.id, conversation, now=rt.clock()
            )
            channel.capture = "questions"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _speed(typed: str) -> float:
    try:
        speed = float(typed)
    except ValueError:
        speed = math.nan
    if not 0 < speed < math.inf:
        raise argparse.ArgumentTypeError(f"{typed!r} is no number above 0")
    return speed


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog="app.py", description="A Slack bot for peer problem-solving channels."
    )
    made.set_defaults(run=run, replay=None, speed=None, empty=False)
    commands = made.add_subparsers(title="commands", metavar="")
    sandbox = commands.add_parser("sandbox", help="run against a pretend Slack")
    sandbox.add_argument("--empty", action="store_true", help="without the story")
    sandbox.add_argument(
        "--replay",
        type=Path,
        metavar="EXPORT.zip",
        help="play a Slack export as live events",
    )
    sandbox.add_argument(
        "--speed",
        type=_speed,
        metavar="N",
        default=None,
        help="N times as fast as it happened (default: as fast as it goes)",
    )
    sandbox.set_defaults(run=play)
    history = commands.add_parser(
        "import", help="load a Slack export as history; nobody is told anything"
    )
    history.add_argument("export", type=Path, metavar="EXPORT.zip")
    history.add_argument(
        "--channel",
        action="extend",
        nargs="+",
        metavar="NAME",
        help="only these channels (default: all)",
    )
    history.add_argument(
        "--capture",
        choices=("questions", "all"),
        default="questions",
        help="which messages are asks (default: those that contain a question)",
    )
    history.set_defaults(run=load)
    update = commands.add_parser("migrate", help="bring the database up to date")
    update.set_defaults(run=migrate)
    return made


def run(settings: Settings, args: argparse.Namespace) -> int:
    return play(settings, args) if settings.mode == "sandbox" else serve(settings)


def main(arguments: Sequence[str]) -> int:
    args = parser().parse_args(arguments)
    try:
        try:
            settings = Settings()
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            name = "_".join(str(part) for part in first["loc"]).upper()
            raise SettingsError(f"{name} is not valid: {first['msg']}.") from None
        logs.set_up(form=settings.log_format, level=settings.log_level)
        return int(args.run(settings, args))
    except (SettingsError, CommandError) as error:
        print(error, file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
