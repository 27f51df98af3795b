"""Compare the database's schema with the program's, and migrate it."""

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

# An arbitrary number for an advisory lock.
_ADVISORY_LOCK_ID = 7_227_464_647

# An operator who goes back to the previous version does so within this time.
BACKUP_RETENTION = timedelta(days=7)

_ROOT = Path(__file__).parent.parent.parent
_REVISION = re.compile(r'^(revision|down_revision) = "(\w+)"$', re.MULTILINE)


def compare_revision(engine: Engine) -> Revision:
    """Compare the database's revision with the program's.

    "unknown" is a newer revision, or another program's.
    """
    with engine.connect() as connection:
        revision = (
            connection.scalar(text("SELECT version_num FROM alembic_version"))
            if inspect(connection).has_table("alembic_version")
            else None
        )
    if revision is None:
        return "empty"
    revisions, head = list_revisions()
    if revision == head:
        return "same"
    return "older" if revision in revisions else "unknown"


def list_revisions() -> tuple[frozenset[str], str]:
    """Return all revisions, and the newest. Raises ValueError if there are two newest.

    They are read from the files: loading Alembic would take longer than the rest of a
    start without a migration.
    """
    names: dict[str, set[str]] = {"revision": set(), "down_revision": set()}
    for file in (_ROOT / "migrations" / "versions").glob("*.py"):
        for name, revision in _REVISION.findall(file.read_text(encoding="utf-8")):
            names[name].add(revision)
    (head,) = names["revision"] - names["down_revision"]
    return frozenset(names["revision"]), head


def upgrade(database: Database) -> None:
    """Migrate in one transaction; of several processes at once, only one migrates."""
    # Imported only here: see `migrations`.
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
    """Back an SQLite database up before a migration; return the backup's path."""
    file = sqlite_file(database.engine.url)
    if file is None:
        return None
    copy = _backup_path(file)
    copy.unlink(missing_ok=True)
    copy.touch(mode=0o600)
    source, target = sqlite3.connect(file), sqlite3.connect(copy)
    try:
        source.backup(target)
        mark_unconfirmed(target)
        forget_processes(target)
    finally:
        target.close()
        source.close()
    return copy


def mark_unconfirmed(copy: sqlite3.Connection) -> None:
    """Mark messages that wait in a copy as unconfirmed.

    They may be sent before the copy is restored, so they are looked up in Slack first,
    as after a crash. Versions before 0.2 have other names for it, and stay as they are.
    """
    columns = copy.execute("SELECT name FROM pragma_table_info('outbox')").fetchall()
    if ("verify_attempts",) not in columns:
        return
    with copy:
        copy.execute(
            "UPDATE outbox SET state = 'unconfirmed', verify_attempts = 0,"
            " first_sent_at = coalesce(first_sent_at, created_at)"
            " WHERE state = 'pending'"
        )


def forget_processes(copy: sqlite3.Connection) -> None:
    """Delete the reports of the processes that follow the database, not this copy."""
    columns = "SELECT name FROM pragma_table_info('search_replicas')"
    if copy.execute(columns).fetchall():
        with copy:
            copy.execute("DELETE FROM search_replicas")


def delete_old_backup(file: Path, *, now: datetime) -> bool:
    """Delete the backup from before the last migration after BACKUP_RETENTION.

    The backup contains data that has been deleted or erased since. Returns True if it
    was deleted now.
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
    """Rewrite an SQLite file without the deleted data."""
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
