"""Record which versions of the program have written to the database."""

from datetime import datetime

from sqlalchemy import Connection, inspect, select
from sqlalchemy.orm import Session

from bot.db.statements import table, upsert
from models import ProgramVersion


def record(session: Session, version: str, *, now: datetime) -> None:
    """Record that this version of the program writes to the database from now on."""
    session.execute(
        upsert(session, ProgramVersion)
        .values(version=version, first_used_at=now, last_used_at=now)
        .on_conflict_do_update(index_elements=["version"], set_={"last_used_at": now})
    )


def last(connection: Connection) -> tuple[str, datetime] | None:
    """Return the version that wrote last, and its last start (UTC).

    None if none is recorded, as in a database from before version 0.3.
    """
    versions = table(ProgramVersion)
    if not inspect(connection).has_table(versions.name):
        return None
    row = connection.execute(
        select(versions.c.version, versions.c.last_used_at)
        .order_by(versions.c.last_used_at.desc(), versions.c.first_used_at.desc())
        .limit(1)
    ).first()
    return (row.version, row.last_used_at) if row else None
