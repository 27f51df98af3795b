"""`app.py backup FILE`: copy an SQLite database, also while the bot runs."""

import argparse
import os
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from sqlalchemy.exc import ArgumentError, DatabaseError

from bot.config.settings import Settings
from bot.db import engine as db_engine
from bot.db import schema
from cli.errors import CommandError


def back_up(settings: Settings, args: argparse.Namespace) -> int:
    """Copy the database. Raises CommandError, without leaving a file, if it fails."""
    source = _source(settings.database_url)
    _check_version(settings.database_url)
    target: Path = args.file
    if target.exists():
        raise CommandError(f"{target} already exists. Choose another name.")
    partial = target.with_name(f"{target.name}.partial")
    try:
        # Created with its mode before it has any content, so that nobody else ever
        # reads it.
        os.close(os.open(partial, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except FileExistsError:
        raise CommandError(
            f"{partial} is left from an unfinished copy. Remove it first."
        ) from None
    except OSError as error:
        raise CommandError(f"The copy failed ({error}).") from None
    try:
        _copy(source, partial)
        partial.replace(target)
    except (OSError, sqlite3.Error) as error:
        raise CommandError(f"The copy failed ({error}).") from None
    finally:
        # Also after an interruption: half a copy is of no use.
        partial.unlink(missing_ok=True)
    print(f"Copied {source.name} to {target}.")
    return 0


def _source(url: str) -> Path:
    try:
        file = db_engine.sqlite_file(db_engine.parse_url(url))
    except (ValueError, ArgumentError):
        raise CommandError("DATABASE_URL is not a valid address.") from None
    if file is None:
        raise CommandError("Use pg_dump to back up PostgreSQL.")
    if not file.exists():
        raise CommandError(f"{file.name} does not exist, so there is nothing to copy.")
    return file


def _check_version(url: str) -> None:
    """Raise CommandError if the database was made by a newer version.

    Its outbox may have states that this version does not know.
    """
    engine = db_engine.open_read_only(db_engine.parse_url(url))
    # A file that is no database fails when it is copied.
    with suppress(DatabaseError):
        if schema.compare_revision(engine) == "unknown":
            raise CommandError(
                "The database was made by a newer version of Backswing. Copy it with"
                " that version."
            )


def _copy(source: Path, target: Path) -> None:
    """Copy one moment of the database, while others may write to it."""
    with (
        closing(sqlite3.connect(f"{source.as_uri()}?mode=ro", uri=True)) as old,
        closing(sqlite3.connect(target)) as new,
    ):
        old.backup(new)
        schema.mark_unconfirmed(new)
        schema.forget_processes(new)
        # The copy is one file, without a journal beside it.
        new.execute("PRAGMA journal_mode = DELETE")
        result = new.execute("PRAGMA integrity_check").fetchone()[0]
        if result != "ok":
            raise sqlite3.DatabaseError("the copy is damaged")
