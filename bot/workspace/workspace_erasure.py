"""Erase a workspace: delete its rows from all tables."""

from datetime import datetime
from itertools import pairwise
from typing import Any

from sqlalchemy import ForeignKey, Select, Table, delete, select, tuple_, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, sessionmaker

from models import Base, Installation, SearchRebuild

# Rows in a transaction; other writers wait for it.
BATCH_SIZE = 500
# Times that it begins again because another transaction wrote into the workspace.
MAX_PASSES = 5
# True for a workspace that is being erased; Slack's ids have no spaces.
_ERASED_ID = "erased {}"
IS_ERASED = Installation.team_id.startswith(_ERASED_ID.format(""))


def due(session: Session, *, before: datetime) -> list[int]:
    """Return the ids of installations that ended by then and were not renewed."""
    return list(
        session.scalars(
            select(Installation.id)
            .where(Installation.uninstalled_at <= before)
            .order_by(Installation.id)
        )
    )


def parts_of(session: Session, row: Installation) -> list[int]:
    """Return the ids to erase with a row, which comes last.

    With an organisation, they are its workspaces that ended.
    """
    if not row.is_organisation:
        return [row.id]
    ended = session.scalars(
        select(Installation.id)
        .filter_by(enterprise_id=row.team_id, is_organisation=False)
        .where(Installation.uninstalled_at.is_not(None))
        .order_by(Installation.id)
    )
    return [*ended, row.id]


def erase(
    write_session: sessionmaker[Session],
    installation_id: int,
    *,
    before: datetime,
    now: datetime,
) -> bool:
    """Delete a workspace that ended by `before`; return False if it was renewed.

    1. It gives up its team's id, so that the team begins anew if it installs the app
       from now on.
    2. Its rows are deleted in batches, those that refer to others first. If the process
       ends meanwhile, the next run goes on. If work that had begun before writes new
       rows, it begins again.
    3. Every replica builds its search index anew, without its words.
    """
    with write_session.begin() as session:
        ended = session.scalar(
            update(Installation)
            .where(
                Installation.id == installation_id,
                Installation.uninstalled_at <= before,
            )
            .values(
                team_id=_ERASED_ID.format(installation_id), team_name="", team_url=""
            )
            .returning(Installation.id)
        )
    if ended is None:
        return False
    for passes_left in reversed(range(MAX_PASSES)):
        try:
            _delete_rows(write_session, installation_id, now=now)
        except IntegrityError:
            if not passes_left:
                raise
        else:
            break
    return True


def _delete_rows(
    write_session: sessionmaker[Session], installation_id: int, *, now: datetime
) -> None:
    """Delete all rows of a workspace. Raises IntegrityError if some were added."""
    for table in tables():
        while _delete_batch(write_session, table, installation_id):
            pass
    with write_session.begin() as session:
        session.execute(delete(Installation).where(Installation.id == installation_id))
        session.add(SearchRebuild(requested_at=now, reason="erasure"))


def _delete_batch(
    write_session: sessionmaker[Session], table: Table, installation_id: int
) -> bool:
    """Delete some rows; return False if none was left."""
    key = tuple_(*table.primary_key)
    rows = rows_of(table, installation_id).limit(BATCH_SIZE)
    with write_session.begin() as session:
        statement = delete(table).where(key.in_(rows)).returning(*table.primary_key)
        return bool(session.execute(statement).all())


def tables() -> list[Table]:
    """Return all tables with rows of workspaces; those that refer to others first."""
    ordered = [
        table
        for table in reversed(Base.metadata.sorted_tables)
        if table.name != Installation.__tablename__ and _path(table) is not None
    ]
    # Triggers write search changes while other rows of an ask are deleted.
    changes, asks = Base.metadata.tables["search_changes"], Base.metadata.tables["asks"]
    ordered.remove(changes)
    ordered.insert(ordered.index(asks), changes)
    return ordered


def rows_of(table: Table, installation_id: int) -> Select[Any]:
    """Select the keys of a workspace's rows. Raises ValueError if it can have none."""
    path = _path(table)
    if path is None:
        raise ValueError(f"{table.name} belongs to no workspace")
    source = select(*table.primary_key)
    for before, after in pairwise(path):
        key = next(key for key in _required_keys(before) if key.column.table is after)
        source = source.join(after, key.parent == key.column)
    return source.where(path[-1].c.installation_id == installation_id)


def _path(table: Table) -> list[Table] | None:
    """Return the tables from this one to one that names the installation."""
    if "installation_id" in table.c:
        return [table]
    paths = (_path(key.column.table) for key in _required_keys(table))
    return next(([table, *path] for path in paths if path is not None), None)


def _required_keys(table: Table) -> list[ForeignKey]:
    """Return the references that each row has, in a fixed order."""
    return sorted(
        (key for key in table.foreign_keys if not key.parent.nullable),
        key=lambda key: key.parent.name,
    )
