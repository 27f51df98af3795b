"""`app.py people FILE.csv`: load people's teams, levels and managers."""

import argparse

from sqlalchemy.exc import SQLAlchemyError

from bot.clock import utc_now
from bot.config.settings import Settings
from bot.people import attributes
from bot.people.team_file import BadFile, TeamFile, parse
from bot.runtime import Transaction
from bot.workspace.installations import to_workspace, workspace_rows
from cli.database import current_database
from cli.errors import CommandError

# The most numbers of lines that the report names.
_MAX_LINES = 10


def load(settings: Settings, args: argparse.Namespace) -> int:
    """Store the file's people in place of those of an earlier file."""
    try:
        with args.file.open(encoding="utf-8-sig", newline="") as lines:
            file = parse(lines)
    except BadFile as error:
        raise CommandError(str(error)) from None
    except OSError as error:
        raise CommandError(f"Reading the file failed ({error.strerror}).") from None
    stored: set[str] = set()
    left_out: set[str] = set()
    try:
        with (
            current_database(settings, purpose="to load people into") as database,
            database.write_session.begin() as session,
        ):
            for installation in workspace_rows(session):
                tx = Transaction(session, to_workspace(installation), utc_now())
                loaded = attributes.load(tx, file)
                stored |= loaded.stored
                left_out |= loaded.left_out
    except SQLAlchemyError as error:
        raise CommandError(
            f"The database failed ({type(error).__name__}). Nothing has changed."
        ) from None
    print("\n".join(_report(file, stored=len(stored), left_out=len(left_out))))
    return 0 if stored else 1


def _report(file: TeamFile, *, stored: int, left_out: int) -> list[str]:
    report = [f"{_people(stored)} stored."]
    unknown = len(file.entries) - stored
    if unknown:
        report.append(
            f"{_people(unknown)} left out: the bot doesn't know them yet, or they"
            " are not members. Load the file again later."
        )
    if left_out:
        report.append(
            f"{_people(left_out)} not in this file: what an earlier file said is"
            " deleted."
        )
    for lines, problem in (
        (file.without_id, "no member's id (U…), so they are left out"),
        (file.repeated, "a person with an earlier line; the last line counts"),
        (file.without_manager, "a manager who is no other member's id; left empty"),
    ):
        if lines:
            report.append(f"{_name(lines)}: {problem}.")
    return report


def _people(count: int) -> str:
    return "1 person" if count == 1 else f"{count} people"


def _name(lines: tuple[int, ...]) -> str:
    listed = ", ".join(str(number) for number in lines[:_MAX_LINES])
    more = len(lines) - _MAX_LINES
    if len(lines) == 1:
        return f"Line {listed}"
    return f"Lines {listed}" + (f" and {more} more" if more > 0 else "")
