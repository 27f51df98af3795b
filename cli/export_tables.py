"""`app.py export FOLDER`: the program's numbers, as CSV or JSON."""

import argparse
import os
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from bot.clock import utc_now
from bot.config.settings import Settings
from bot.db import engine
from bot.db.open import require_current_schema
from bot.errors import SettingsError
from bot.exports import rules, service
from bot.runtime import Transaction
from bot.workspace.installations import to_workspace
from cli.errors import CommandError
from models import Installation

_TABLES = {
    "asks": (service.ASK_COLUMNS, service.asks),
    "people": (service.PEOPLE_COLUMNS, service.people),
}


def write(settings: Settings, args: argparse.Namespace) -> int:
    """Also while the bot runs: it only looks. Raises CommandError."""
    try:
        parsed = engine.parse_url(settings.database_url)
    except (ValueError, SQLAlchemyError):
        raise SettingsError("DATABASE_URL is not understood.") from None
    file = engine.sqlite_file(parsed)
    if file is not None and not file.exists():
        raise CommandError(f"{file.name} is not there: there is nothing to export.")
    form = rules.as_csv if args.format == "csv" else rules.as_json
    database = engine.connect(parsed)
    try:
        require_current_schema(database.autocommit)
        with database.read_session() as session:
            installation = session.scalar(select(Installation).limit(1))
            if installation is None:
                raise CommandError("No workspace is served yet: nothing to export.")
            tx = Transaction(session, to_workspace(installation), utc_now())
            tables = {
                name: form(columns, list(rows(tx)))
                for name, (columns, rows) in _TABLES.items()
            }
        args.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name, text in tables.items():
            _save(args.folder / f"{name}.{args.format}", text)
    except SQLAlchemyError as error:
        raise CommandError(
            f"The database can't be read ({type(error).__name__})."
        ) from None
    except OSError as error:
        raise CommandError(f"Nothing could be written ({error.strerror}).") from None
    finally:
        database.close()
    print(f"Written to {args.folder}: {', '.join(tables)}.")
    return 0


def _save(file: Path, text: str) -> None:
    """For its owner only, also where a file of that name was there."""
    file.unlink(missing_ok=True)
    opened = os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(opened, "w", encoding="utf-8", newline="") as out:
        out.write(text)
