"""Opens the database that the operator chose, or says why it can't be."""

import logging
import os
from contextlib import ExitStack
from pathlib import Path

from filelock import FileLock, Timeout
from sqlalchemy.exc import DatabaseError, SQLAlchemyError

from bot import db, schema
from bot.config import SettingsError
from bot.db import Database

log = logging.getLogger(__name__)


def open_database(url: str, *, migrates: bool = False) -> Database:
    """The database, with today's schema. Raises SettingsError where it can't be.

    A file is ours alone, so it is migrated as needed; one that replicas share only
    if the caller `migrates`.
    """
    try:
        parsed = db.parse(url)
        if parsed.database == ":memory:":
            raise ValueError("forgets everything")  # noqa: TRY301 - said once, below
    except (ValueError, SQLAlchemyError):
        raise SettingsError(
            "DATABASE_URL is not understood: give postgresql://user:password@host/name,"
            " or sqlite:///path/to/file.db."
        ) from None
    file = db.sqlite_file(parsed)
    if file is not None:
        _guard(file)
    database = db.connect(parsed)
    with ExitStack() as otherwise:
        otherwise.callback(database.close)
        try:
            _fit(database, migrates=migrates or file is not None)
        except SQLAlchemyError as error:
            # SQLite's word for a file that is damaged, or none of its own.
            is_damaged = file is not None and type(error) is DatabaseError
            hint = " It may be damaged: restore a backup." if is_damaged else ""
            raise SettingsError(
                "DATABASE_URL: the database can't be used"
                f" ({type(error).__name__}).{hint}"
            ) from None
        otherwise.pop_all()
    return database


def _guard(file: Path) -> None:
    """An SQLite file is ours alone: by its mode, and by a lock on it."""
    os.umask(0o077)
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file.touch(mode=0o600, exist_ok=True)
        for part in (file, Path(f"{file}-wal"), Path(f"{file}-shm")):
            if part.exists():
                part.chmod(0o600)
        _LOCKS.append(FileLock(f"{file}.lock", mode=0o600))
        _LOCKS[-1].acquire(timeout=0)
    except Timeout:
        raise SettingsError(
            f"DATABASE_URL: another process is using {file.name}. SQLite serves one"
            " process; for several, give a postgresql:// URL."
        ) from None
    except OSError as error:
        raise SettingsError(
            f"DATABASE_URL: {file.name} can't be opened ({error.strerror})."
        ) from None


# Held until the process ends, however it ends.
_LOCKS: list[FileLock] = []


def _fit(database: Database, *, migrates: bool) -> None:
    match schema.fit(database.engine):
        case "unknown":
            raise SettingsError(
                "DATABASE_URL: the database was made by a newer version of Backswing."
                " Run that version, or restore a backup."
            )
        case "older" if not migrates:
            raise SettingsError(
                "DATABASE_URL: the database is of an older version. Stop the other"
                " replicas, then run `uv run app.py migrate`."
            )
        case "older":
            copy = schema.back_up(database)
            schema.upgrade(database)
            log.info("migrated", extra={"backup": str(copy)})
        case "empty":
            schema.upgrade(database)
        case "same":
            pass
