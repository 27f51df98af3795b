"""Bring the database's schema up to the program's, or say that they don't fit."""

import sqlite3
from pathlib import Path
from typing import Literal

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from bot.db import Database, sqlite_file

Fit = Literal["empty", "older", "same", "unknown"]

# Any number that no other program takes for its advisory lock on this database.
_LOCK = 7_227_464_647


def fit(database: Database) -> Fit:
    """How the database's schema compares; `unknown` is newer, or another program's."""
    scripts = ScriptDirectory.from_config(_config())
    with database.engine.connect() as connection:
        found = MigrationContext.configure(connection).get_current_revision()
    if found is None:
        return "empty"
    if found == scripts.get_current_head():
        return "same"
    known = {script.revision for script in scripts.walk_revisions()}
    return "older" if found in known else "unknown"


def upgrade(database: Database) -> None:
    """Migrate in one transaction; of several processes at once, one does it."""
    with database.engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            # The others wait for the lock, and then find nothing to do.
            connection.execute(text("SET LOCAL statement_timeout = 0"))
            connection.execute(text("SET LOCAL lock_timeout = 0"))
            connection.execute(text("SELECT pg_advisory_xact_lock(:n)"), {"n": _LOCK})
        command.upgrade(_config(connection), "head")


def back_up(database: Database) -> Path | None:
    """Copy an SQLite database aside before it is migrated; where the copy lies."""
    file = sqlite_file(database.engine.url)
    if file is None:
        return None
    copy = file.with_name(f"{file.name}.before-migration")
    copy.unlink(missing_ok=True)
    copy.touch(mode=0o600)
    source, target = sqlite3.connect(file), sqlite3.connect(copy)
    try:
        source.backup(target)
    finally:
        target.close()
        source.close()
    return copy


def _config(connection: Connection | None = None) -> Config:
    root = Path(__file__).parent.parent
    config = Config(toml_file=root / "pyproject.toml")
    config.attributes["connection"] = connection
    return config
