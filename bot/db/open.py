"""Open the operator's database, or explain why it can't be opened."""

import errno
import logging
import os
import sqlite3
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from typing import NoReturn

from filelock import FileLock, Timeout
from sqlalchemy import URL, Engine
from sqlalchemy.exc import DatabaseError, SQLAlchemyError

from bot.db import engine as db_engine
from bot.db import schema, versions
from bot.db.engine import Database
from bot.errors import SettingsError

log = logging.getLogger(__name__)


def open_database(
    url: str, *, migrate: bool = False, setting: str = "DATABASE_URL"
) -> Database:
    """Open the database with the current schema. Raises SettingsError if it can't.

    An SQLite file belongs to this process, so it is always migrated; a PostgreSQL
    database, which replicas may share, is migrated only with `migrate`. `setting` is
    the name of the URL's setting, for the message.
    """
    try:
        parsed = db_engine.parse_url(url)
        if parsed.database == ":memory:":
            raise ValueError("not stored")  # noqa: TRY301 - one handler for both
    except (ValueError, SQLAlchemyError):
        raise SettingsError(
            f"{setting} is not a valid address. Use"
            " postgresql://user:password@host/name, or sqlite:///path/to/file.db."
        ) from None
    file = db_engine.sqlite_file(parsed)
    if file is not None:
        try:
            _secure_file(file)
        except Timeout:
            raise SettingsError(
                f"{setting}: another process is using {file.name}. SQLite works with"
                " one process. For several, use a postgresql:// URL."
            ) from None
        except OSError as error:
            raise SettingsError(
                f"{setting}: {file.name} can't be opened ({error.strerror})."
            ) from None
    return _connect(parsed, migrate=migrate or file is not None, setting=setting)


def open_new_file(path: Path) -> Database:
    """Open an empty SQLite database at `path`, or with a number added if it is in use.

    Deletes the files of an earlier process. Raises SettingsError.
    """
    for n in count(1):
        file = path if n == 1 else path.with_stem(f"{path.stem}-{n}")
        try:
            _secure_file(file, truncate=True)
        except Timeout:
            continue
        except OSError as error:
            raise SettingsError(
                f"{file} can't be written ({error.strerror}). Start in another folder."
            ) from None
        url = URL.create("sqlite", database=str(file))
        return _connect(db_engine.parse_url(str(url)), migrate=True, setting=str(file))
    raise AssertionError("the numbers never end")


def _connect(url: URL, *, migrate: bool, setting: str) -> Database:
    database = db_engine.connect(url)
    with ExitStack() as on_error:
        on_error.callback(database.close)
        try:
            _ensure_current(database, migrate=migrate, setting=setting)
        except (SQLAlchemyError, sqlite3.Error, OSError) as error:
            # SQLite raises DatabaseError for a file that is damaged or no database.
            is_file = db_engine.sqlite_file(url) is not None
            is_damaged = is_file and type(error) is DatabaseError
            hint = " It may be damaged: restore a backup." if is_damaged else ""
            raise SettingsError(f"{setting}: {describe_failure(error)}{hint}") from None
        on_error.pop_all()
    return database


def describe_failure(error: Exception) -> str:
    """Describe the failure of a database without quoting values from it."""
    if _is_disk_full(error):
        return "the disk is full. Free some space."
    return f"the database can't be used ({type(error).__name__})."


def _is_disk_full(error: Exception) -> bool:
    driver = getattr(error, "orig", None) or error
    return (
        getattr(driver, "sqlite_errorname", None) == "SQLITE_FULL"
        # PostgreSQL's disk_full.
        or getattr(driver, "sqlstate", None) == "53100"
        or getattr(driver, "errno", None) in {errno.ENOSPC, errno.EDQUOT}
    )


def require_current_schema(engine: Engine, *, setting: str = "DATABASE_URL") -> None:
    """Raise SettingsError unless the database has this version's schema."""
    match schema.compare_revision(engine):
        case "unknown":
            refuse_newer(by=_last_version(engine), setting=setting)
        case "older":
            raise SettingsError(_OLDER_SCHEMA.format(setting))
        case "empty":
            raise SettingsError(_NO_SCHEMA.format(setting))


def refuse_newer(*, by: str | None, setting: str = "DATABASE_URL") -> NoReturn:
    """Raise SettingsError; `by` is the version that wrote the database, if known."""
    message = _NEWER_SCHEMA.format(setting)
    if by is not None:
        message = message.replace("Backswing", f"Backswing, {by}", 1)
    raise SettingsError(message)


def _last_version(engine: Engine) -> str | None:
    with engine.connect() as connection:
        last = versions.last(connection)
    return last[0] if last else None


_NEWER_SCHEMA = (
    "{}: the database was made by a newer version of Backswing. Run that version, or"
    " restore a backup."
)
_NO_SCHEMA = (
    "{}: the database has no tables yet. Start the bot, or run `uv run app.py migrate`."
)
_OLDER_SCHEMA = (
    "{}: the database is from an older version. Stop the other replicas, then run `uv"
    " run app.py migrate`."
)


def _secure_file(file: Path, *, truncate: bool = False) -> None:
    """Make an SQLite file private to this process, by its mode and a lock.

    Raises Timeout if another process has locked it, and OSError.
    """
    os.umask(0o077)
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = FileLock(f"{file}.lock", mode=0o600)
    lock.acquire(timeout=0)
    _LOCKS.append(lock)
    parts = (file, Path(f"{file}-wal"), Path(f"{file}-shm"))
    if truncate:
        for part in parts:
            part.unlink(missing_ok=True)
    file.touch(mode=0o600, exist_ok=True)
    for part in parts:
        if part.exists():
            part.chmod(0o600)


# References keep the files locked; the system unlocks them when the process ends.
_LOCKS: list[FileLock] = []


def _ensure_current(database: Database, *, migrate: bool, setting: str) -> None:
    match schema.compare_revision(database.engine):
        case "unknown":
            refuse_newer(by=_last_version(database.engine), setting=setting)
        case "older" if not migrate:
            raise SettingsError(_OLDER_SCHEMA.format(setting))
        case "older":
            copy = schema.back_up(database)
            schema.upgrade(database)
            schema.vacuum(database)
            log.info("migrated", extra={"backup": str(copy)})
        case "empty":
            schema.upgrade(database)
        case "same":
            pass
