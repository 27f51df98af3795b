"""The commands: their names and arguments. A command is imported when it runs."""

import argparse
import math
import tomllib
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent


def parser() -> argparse.ArgumentParser:
    """Return a parser; its namespace's `run` takes the settings and the namespace."""
    parser_ = argparse.ArgumentParser(
        prog="app.py",
        description="A Slack bot for peer problem-solving channels.",
        epilog=(
            "Without a command it serves the workspace that the tokens belong to, or"
            " with SLACK_OAUTH_CLIENT_ID each workspace that installs the app."
            " Without tokens it runs as `sandbox`. If DATABASE_URL or an unknown"
            " SLACK_… variable is set, it refuses, because you probably meant a real"
            " workspace."
        ),
    )
    parser_.add_argument(
        "--version", action="version", version=f"Backswing {version()}"
    )
    parser_.set_defaults(
        run=_lazy("start", "start"),
        replay=None,
        speed=None,
        empty=False,
        database=None,
        time=None,
    )
    commands = parser_.add_subparsers(title="commands", metavar="COMMAND")

    def add(
        name: str, says: str, module: str, function: str, *, more: str
    ) -> argparse.ArgumentParser:
        about = f"{says[0].upper()}{says[1:]}. {more}"
        command = commands.add_parser(name, help=says, description=about)
        command.set_defaults(run=_lazy(module, function))
        return command

    sandbox = add(
        "sandbox",
        "run against a pretend Slack",
        "sandbox",
        "play",
        more=(
            "It keeps its data in a new file in data/. It takes the next free port if"
            " neither PORT nor SANDBOX_PORT is set."
        ),
    )
    sandbox.add_argument(
        "--empty", action="store_true", help=("leave out the example story")
    )
    sandbox.add_argument(
        "--replay",
        type=Path,
        metavar="EXPORT.zip",
        help="play a Slack export as live events",
    )
    sandbox.add_argument(
        "--speed",
        type=_parse_speed,
        metavar="N",
        help="N times as fast as it happened (default: as fast as possible)",
    )
    sandbox.add_argument(
        "--database",
        metavar="URL",
        help=(
            "an empty database for the sandbox (default: a new file in data/); it"
            " ignores DATABASE_URL"
        ),
    )
    sandbox.add_argument(
        "--time",
        type=_parse_time,
        metavar="TIME",
        help="begin at this time, as 2026-04-15T10:00Z (default: the real time)",
    )

    doctor = add(
        "doctor",
        "check tokens, scopes, database and more, and suggest fixes",
        "doctor",
        "report",
        more=(
            "It changes nothing, so you can run it while the bot runs. It shows no"
            " secrets, people or messages. It exits with code 1 if something is"
            " wrong."
        ),
    )
    doctor.add_argument(
        "--json", action="store_true", help=("print JSON for other programs")
    )

    status = add(
        "status",
        "show the process, workspaces, queue and next jobs on one screen",
        "status",
        "show",
        more=(
            "It only reads, so you can run it while the bot runs. It shows the names of"
            " workspaces, and no people, channels or messages."
        ),
    )
    status.add_argument(
        "--json", action="store_true", help=("print JSON for other programs")
    )

    history = add(
        "import",
        "import a Slack export as history; nobody is notified of the past",
        "import_export",
        "load",
        more=(
            "You can interrupt it and run it again. Its report accounts for every"
            " message; if there are none, it exits with code 1."
        ),
    )
    history.add_argument(
        "export",
        type=Path,
        metavar="EXPORT.zip",
        help=("the file that you downloaded from Slack"),
    )
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

    migration = add(
        "migrate",
        "bring the database up to date",
        "migrate",
        "migrate",
        more="With SQLite the next start does this by itself.",
    )
    migration.add_argument(
        "--check",
        action="store_true",
        help="change nothing; exit with code 1 if the database is not up to date",
    )

    add(
        "reindex",
        "build the search index anew",
        "reindex",
        "request",
        more=(
            "A running bot does it at once, and searches the old index meanwhile."
            " Otherwise the next start does it."
        ),
    )

    rotation = add(
        "rotate-anonymity-key",
        "change the key of asks without a name",
        "anonymity_key",
        "rotate",
        more=(
            "Stop the bot, set ANONYMITY_KEY to the new key and ANONYMITY_KEY_PREVIOUS"
            " to the old one. You can interrupt it and run it again."
        ),
    )
    rotation.add_argument(
        "--lost",
        action="store_true",
        help="the old key is lost: cut the links of all asks to their authors",
    )

    token_rotation = add(
        "rotate-token-key",
        "change the key of workspaces' tokens",
        "token_key",
        "rotate",
        more=(
            "Stop the bot, set TOKEN_KEY to the new key and TOKEN_KEY_PREVIOUS to the"
            " old one. It changes all tokens or none."
        ),
    )
    token_rotation.add_argument(
        "--lost",
        action="store_true",
        help="the old key is lost: delete the tokens; workspaces install the app again",
    )

    workspace_erasure = add(
        "erase-workspace",
        "erase a workspace or organisation that has removed the app, at once",
        "erase_workspace",
        "erase",
        more=(
            "Without this command the bot does it after ERASE_UNINSTALLED_AFTER_DAYS."
            " If the bot does not know that the app was removed, it asks Slack."
            " You can run it while the bot runs. Nothing brings the data back."
        ),
    )
    workspace_erasure.add_argument("team", metavar="TEAM", help="its id, T… or E…")

    backup = add(
        "backup",
        "copy the SQLite database",
        "backup",
        "back_up",
        more="You can run it while the bot runs. Only the owner can read the copy.",
    )
    backup.add_argument(
        "file", type=Path, metavar="FILE", help="a new file for the copy"
    )

    add(
        "after-restore",
        "prepare a restored database, so that nothing is sent twice",
        "after_restore",
        "prepare",
        more=(
            "Run it before the bot starts, after a restore with pg_restore, Litestream"
            " or anything but a file from `backup`. Messages that waited in the copy"
            " may have been sent since: the bot then looks for them in Slack first."
        ),
    )

    people = add(
        "people",
        "load people's teams, levels and managers from a file",
        "people",
        "load",
        more=(
            "The file is CSV in UTF-8 with the columns id, team, level and manager;"
            " id and manager are members' ids in Slack. It replaces an earlier file."
            " What people corrected or hid themselves stays. You can run it while the"
            " bot runs."
        ),
    )
    people.add_argument(
        "file", type=Path, metavar="FILE.csv", help="the file with all people"
    )

    export = add(
        "export",
        "export asks and people as tables for program leads",
        "export_tables",
        "write",
        more=(
            "You can run it while the bot runs. It leaves out the names and text of"
            " private channels, and private kudos. It writes formulas as plain text."
        ),
    )
    export.add_argument(
        "folder", type=Path, metavar="FOLDER", help="a folder for the files"
    )
    export.add_argument(
        "--format",
        choices=("csv", "json"),
        default="csv",
        help="file format (default: csv)",
    )
    return parser_


def version() -> str:
    """Return the program's version. There is no installed package to ask for it."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    return str(tomllib.loads(text)["project"]["version"])


def _lazy(module: str, function: str) -> Callable[..., int]:
    def run(*args: Any) -> int:
        return int(getattr(import_module(f"cli.{module}"), function)(*args))

    return run


def _parse_time(typed: str) -> datetime:
    with suppress(ValueError):
        moment = datetime.fromisoformat(typed)
        if moment.tzinfo is not None:
            return moment
    raise argparse.ArgumentTypeError(
        f"{typed!r} is not a time with a zone, such as 2026-04-15T10:00Z"
    )


def _parse_speed(typed: str) -> float:
    try:
        speed = float(typed)
    except ValueError:
        speed = math.nan
    if not 0 < speed < math.inf:
        raise argparse.ArgumentTypeError(f"{typed!r} is not a number above 0")
    return speed
