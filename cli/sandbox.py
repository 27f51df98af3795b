"""`app.py sandbox`: run the bot against a pretend Slack on this machine."""

import argparse
import sys
import threading
from base64 import b64encode
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from secrets import token_bytes

from pydantic import SecretStr

from bot.clock import utc_now
from bot.config.mentors import SMALL_WORKSPACE, MentorSettings
from bot.config.settings import Settings
from bot.db.engine import Database, sqlite_file
from bot.db.open import open_database, open_new_file
from bot.db.sealing import KEY_BYTES
from bot.mentors.periods import WEEKDAYS
from bot.runtime import Runtime
from bot.workspace import channels
from cli.app import Application
from cli.errors import CommandError
from cli.ports import ListeningSockets, listen_near
from cli.sandbox_copy import clear_tables

ROOT = Path(__file__).parent.parent
STORY = ROOT / "sandbox" / "scenarios" / "story.yml"
SANDBOX_FILE = Path("data") / "sandbox.db"

_WELCOME = """
  Backswing is running against a pretend Slack on this machine.

  Look:   {url}
  Try:    /ask The build machine is full, how do I clear its disk?
                                  see what solved it before
          /ask How do I …?        ask your peers
          answer in its thread, react to an answer with :white_check_mark:
          /backswing help         see everything else

  Stop it with Ctrl-C. docs/operate/install.md says how to install it for real.
"""


def play(settings: Settings, args: argparse.Namespace) -> int:
    """Run the bot against a pretend Slack on this machine: no account, no tokens."""
    with (
        _listen(settings, "127.0.0.1", "sandbox_port", "the page") as page,
        _listen(settings, settings.host, "port", "the bot") as door,
    ):
        return _play(settings, args, page, door)


def _play(
    settings: Settings,
    args: argparse.Namespace,
    page_port: ListeningSockets,
    bot_port: ListeningSockets,
) -> int:
    # Imported only here: a bot in a real workspace needs none of it.
    from cli.manifest import manifest  # noqa: PLC0415
    from cli.seeded_story import SeededStory  # noqa: PLC0415
    from cli.time_travel import TravelWork  # noqa: PLC0415
    from sandbox import Sandbox  # noqa: PLC0415
    from sandbox.scenarios import replay, stories  # noqa: PLC0415
    from sandbox.workspace.clock import TravelClock  # noqa: PLC0415

    try:
        export = replay.Export(args.replay) if args.replay else None
    except replay.ExportError as error:
        raise CommandError(f"{error}.") from None
    has_story = export is None and not args.empty

    def start_time() -> datetime:
        """Return when the story begins, which is a week before the present."""
        now: datetime = args.time or utc_now()
        return now - stories.duration(STORY) if has_story else now

    started_at = start_time()
    clock = TravelClock(started_at)
    slack = Sandbox(manifest(), clock=clock)
    slack.start(page_port.sockets[0])
    # The pretend workspace is new each time, so its database is, too; it is never that
    # of a real workspace, which DATABASE_URL may be.
    database = (
        open_database(args.database, setting="--database")
        if args.database
        else open_new_file(SANDBOX_FILE)
    )
    settings = settings.model_copy(
        update={
            "slack_bot_token": SecretStr(slack.bot_token),
            "slack_signing_secret": SecretStr(slack.signing_secret),
            "slack_api_url": slack.api_url,
            "port": bot_port.port,
            "slack_app_token": None,
            "search_folder": _file_beside(database, "search"),
            "anonymity_key": anonymity_key_of(database),
            "anonymity_key_previous": None,
            "mentors": settings.mentors if export else mentor_settings_for(started_at),
        }
    )
    backswing = Application(settings, database, clock=clock)

    work = TravelWork(backswing, slack)
    clock.run_due_work(work)
    story = SeededStory(STORY, slack, backswing, clock, work) if has_story else None

    def begin() -> None:
        slack.connect_http(f"{bot_port.url}/slack/events")
        print(_WELCOME.format(url=slack.url), flush=True)
        threading.Thread(target=fill, daemon=True).start()

    def fill() -> None:
        if export is not None:
            capture_questions(
                backswing.rt, {room.id: room.name for room in export.channels}
            )
            print("  Replaying the export: questions become asks.", flush=True)
            try:
                replay.replay(slack, export, speed=args.speed)
            except replay.ExportError as error:
                print(f"{error}. The replay ends here.", file=sys.stderr)
        elif story is not None:
            story.play()

    def begin_again() -> None:
        if story is not None:
            story.begin_again()
        else:
            slack.workspace.clear()
            clock.restart(start_time())
            clear_tables(database)

    slack.on_reset(begin_again)

    try:
        return backswing.run(begin, bot_port.sockets)
    finally:
        slack.stop()


def _file_beside(database: Database, name: str) -> Path:
    """Return a path of its own, for there can be another bot's beside it."""
    file = sqlite_file(database.engine.url) or SANDBOX_FILE
    return file.with_name(f"{file.stem}-{name}")


def anonymity_key_of(database: Database) -> SecretStr:
    """Return the key of asks without a name; the same again for the same database."""
    file = _file_beside(database, "anonymity.key")
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch(mode=0o600)
        file.write_bytes(b64encode(token_bytes(KEY_BYTES)))
    return SecretStr(file.read_text(encoding="ascii"))


def _listen(
    settings: Settings, host: str, setting: str, server: str
) -> ListeningSockets:
    """Listen on the setting's port, or on a free one near it if nobody set it."""
    wanted: int = getattr(settings, setting)
    listening = listen_near(
        host,
        wanted,
        setting=setting.upper(),
        is_fixed=setting in settings.model_fields_set,
    )
    if wanted not in {0, listening.port}:
        print(f"  Port {wanted} is already used, so {server} is on {listening.port}.")
    return listening


def mentor_settings_for(start: datetime) -> MentorSettings:
    """Schedule mentor detection for two days after the story's start.

    The story has too few people for the thresholds of real teams.
    """
    weekday = WEEKDAYS[(start + timedelta(days=2)).weekday()]
    return SMALL_WORKSPACE.model_copy(update={"weekday": weekday, "hour": 10})


def capture_questions(rt: Runtime, channel_names: Mapping[str, str]) -> None:
    """Capture questions as asks in these channels: nobody in an export types /ask."""
    with rt.write(rt.workspaces.only) as tx:
        for slack_id, name in channel_names.items():
            conversation = {"id": slack_id, "name": name, "is_member": True}
            channel = channels.upsert_from_slack(tx, conversation)
            channel.capture = "questions"
