"""Bring the database's schema up to the program's, or say that they don't fit."""

import re
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from sqlalchemy import Connection, Engine, inspect, text

from bot.db.engine import Database, sqlite_file

if TYPE_CHECKING:
    from alembic.config import Config

Revision = Literal["empty", "older", "same", "unknown"]

# Any number that no other program takes for its advisory lock on this database.
_ADVISORY_LOCK_ID = 7_227_464_647

# Longer than anybody waits who goes back to the version before.
BACKUP_RETENTION = timedelta(days=7)

_ROOT = Path(__file__).parent.parent.parent
_REVISION = re.compile(r'^(revision|down_revision) = "(\w+)"$', re.MULTILINE)


def compare_revision(engine: Engine) -> Revision:
    """How the database's schema compares; `unknown` is newer, or another program's."""
    with engine.connect() as connection:
        found = (
            connection.scalar(text("SELECT version_num FROM alembic_version"))
            if inspect(connection).has_table("alembic_version")
            else None
        )
    if found is None:
        return "empty"
    revisions, head = list_revisions()
    if found == head:
        return "same"
    return "older" if found in revisions else "unknown"


def list_revisions() -> tuple[frozenset[str], str]:
    """All revisions, and the newest: what no other follows. Raises ValueError.

    Read from their files, because to load Alembic takes longer than all the rest of
    a start at which there is nothing to migrate.
    """
    found: dict[str, set[str]] = {"revision": set(), "down_revision": set()}
    for file in (_ROOT / "migrations" / "versions").glob("*.py"):
        for name, revision in _REVISION.findall(file.read_text(encoding="utf-8")):
            found[name].add(revision)
    (head,) = found["revision"] - found["down_revision"]
    return frozenset(found["revision"]), head


def upgrade(database: Database) -> None:
    """Migrate in one transaction; of several processes at once, one does it."""
    # Only here: see `migrations`.
    from alembic import command  # noqa: PLC0415

    with database.engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            # The others wait for the lock, and then find nothing to do.
            connection.execute(text("SET LOCAL statement_timeout = 0"))
            connection.execute(text("SET LOCAL lock_timeout = 0"))
            connection.execute(
                text("SELECT pg_advisory_xact_lock(:n)"), {"n": _ADVISORY_LOCK_ID}
            )
        command.upgrade(_config(connection), "head")


def back_up(database: Database) -> Path | None:
    """Copy an SQLite database aside before it is migrated; where the copy lies."""
    file = sqlite_file(database.engine.url)
    if file is None:
        return None
    copy = _backup_path(file)
    copy.unlink(missing_ok=True)
    copy.touch(mode=0o600)
    source, target = sqlite3.connect(file), sqlite3.connect(copy)
    try:
        source.backup(target)
    finally:
        target.close()
        source.close()
    return copy


def delete_old_backup(file: Path, *, now: datetime) -> bool:
    """Remove the copy of before the last migration when it has been kept long enough.

    It holds what people have deleted since, or had forgotten.
    """
    copy = _backup_path(file)
    if not copy.exists():
        return False
    made_at = datetime.fromtimestamp(copy.stat().st_mtime, UTC)
    if now - made_at < BACKUP_RETENTION:
        return False
    copy.unlink()
    return True


def vacuum(database: Database) -> None:
    """Write an SQLite file anew, without what was deleted in it before."""
    with database.engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            connection.connection.cursor().execute("VACUUM")


def _backup_path(file: Path) -> Path:
    return file.with_name(f"{file.name}.before-migration")


def _config(connection: Connection | None = None) -> "Config":
    from alembic.config import Config  # noqa: PLC0415

    config = Config(toml_file=_ROOT / "pyproject.toml")
    config.attributes["connection"] = connection
    return config
