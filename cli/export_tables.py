"""`app.py export FOLDER`: write the program's numbers as CSV or JSON."""

import argparse
import os
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from bot.clock import utc_now
from bot.config.settings import Settings
from bot.exports import rules, service
from bot.runtime import Transaction
from bot.workspace.installations import to_workspace, workspace_rows
from cli.database import current_database
from cli.errors import CommandError

_TABLES = {
    "asks": (service.ASK_COLUMNS, service.asks),
    "people": (service.PEOPLE_COLUMNS, service.people),
}


def write(settings: Settings, args: argparse.Namespace) -> int:
    """Write the tables, each workspace's into its folder if there are several.

    It only reads, so the bot may be running. Raises CommandError.
    """
    to_text = rules.as_csv if args.format == "csv" else rules.as_json
    try:
        with (
            current_database(settings, purpose="to export") as database,
            database.read_session() as session,
        ):
            installations = workspace_rows(session)
            if not installations:
                raise CommandError(
                    "The database has no workspace yet, so there is nothing to export."
                )
            texts: dict[Path, str] = {}
            for installation in installations:
                tx = Transaction(session, to_workspace(installation), utc_now())
                folder = args.folder
                if len(installations) > 1:
                    folder /= installation.team_id
                for name, (columns, rows) in _TABLES.items():
                    file_name = f"{name}.{args.format}"
                    texts[folder / file_name] = to_text(columns, list(rows(tx)))
        for path, text in texts.items():
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _save(path, text)
    except SQLAlchemyError as error:
        raise CommandError(
            f"The database can't be read ({type(error).__name__})."
        ) from None
    except OSError as error:
        raise CommandError(f"Writing the files failed ({error.strerror}).") from None
    print(f"Wrote to {args.folder}: {', '.join(_TABLES)}.")
    return 0


def _save(file: Path, text: str) -> None:
    """Write a file that only its owner can read, in place of one of that name."""
    file.unlink(missing_ok=True)
    opened = os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(opened, "w", encoding="utf-8", newline="") as out:
        out.write(text)
