"""SQLAlchemy Core statements that work on both SQLite and PostgreSQL."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import cache
from typing import Any, cast

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    SQLColumnExpression,
    Table,
    and_,
    bindparam,
    delete,
    or_,
    select,
    true,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

# A workspace's id, or the column with it in a query for all workspaces.
InstallationId = int | SQLColumnExpression[int]


def dialect_name(bind: Session | Connection) -> str:
    """Return the database's dialect: sqlite or postgresql."""
    if isinstance(bind, Session):
        return bind.get_bind().dialect.name
    return bind.dialect.name


def table(model: type[Any]) -> Table:
    """Return a model's table for Core, which takes a third of the ORM's time.

    Core statements on it do not flush the session first.
    """
    return cast("Table", model.__table__)


def prepare_insert(
    model: type[Any], build: Callable[[Any], Any] = lambda insert: insert
) -> Callable[[Session], Any]:
    """Return a function from a session to the INSERT that `build` completes.

    The INSERT is built once for each dialect: building a statement takes several times
    as long as running it.
    """
    built = {
        "sqlite": build(sqlite.insert(table(model))),
        "postgresql": build(postgresql.insert(table(model))),
    }
    return lambda session: built[dialect_name(session)]


def upsert_latest(
    model: type[Any],
    key: Sequence[str],
    columns: Sequence[str],
    *,
    presence: str = "is_present",
    has_limit: bool = False,
) -> Callable[[Session], Any]:
    """Prepare an INSERT of a state: the latest event wins, in whatever order they come.

    1. A stored row with the same `key` takes over the `columns` if the new
       `event_micros` is later.
    2. If two events have the same microsecond, the removal wins: the event whose
       `presence` is false.
    3. With `has_limit`, a stored `event_micros` after the parameter `latest` loses to
       any event: it is from our own clock, before that was set back.

    The statement returns the keys of the rows that it wrote.
    """
    stored = table(model).c

    def build(insert: Any) -> Any:
        new = insert.excluded
        is_newer = or_(
            stored.event_micros < new.event_micros,
            and_(
                stored.event_micros == new.event_micros,
                stored[presence].is_(True),
                new[presence].is_(False),
            ),
            *([stored.event_micros > bindparam("latest")] if has_limit else []),
        )
        return insert.on_conflict_do_update(
            index_elements=list(key),
            set_={name: new[name] for name in (presence, "event_micros", *columns)},
            where=is_newer,
        ).returning(*(stored[name] for name in key))

    return prepare_insert(model, build)


def upsert(session: Session, model: type[Any]) -> Any:
    """Return the dialect's INSERT, which supports ON CONFLICT."""
    if dialect_name(session) == "postgresql":
        return postgresql.insert(model)
    return sqlite.insert(model)


def condition_of(rows: Select[Any]) -> ColumnElement[bool]:
    """Return the condition of a query of one table, to change or delete its rows."""
    return true() if rows.whereclause is None else rows.whereclause


def set_columns(
    session: Session, model: type[Any], key: Mapping[str, Any], **changes: Any
) -> None:
    """Set columns of the row with this key; insert it if there is none."""
    session.execute(
        upsert(session, model)
        .values(**key, **changes)
        .on_conflict_do_update(index_elements=list(key), set_=changes)
    )


def replace_members(
    session: Session, model: type[Any], members: Iterable[str], **scope: Any
) -> None:
    """Store exactly these members as the rows of `model` within `scope`.

    `scope` has the values of the key's other columns, such as the channel.
    """
    unique_members = set(members)
    session.execute(
        delete(model).filter_by(**scope).where(model.member.not_in(unique_members))
    )
    for member in sorted(unique_members):
        session.execute(
            upsert(session, model)
            .values(**scope, member=member)
            .on_conflict_do_nothing()
        )


def lock_rows(session: Session, model: type[Any], ids: Collection[int]) -> None:
    """Lock rows in the order of their ids; other rows may still refer to them."""
    if ids:
        session.execute(_lock_statement(table(model)), {"ids": list(ids)})


@cache
def _lock_statement(rows: Table) -> Select[Any]:
    return (
        select(rows.c.id)
        .where(rows.c.id.in_(bindparam("ids", expanding=True)))
        .order_by(rows.c.id)
        .with_for_update(key_share=True)
    )
