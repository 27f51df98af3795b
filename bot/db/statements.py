"""Core statements for SQLite and PostgreSQL alike."""

from collections.abc import Callable
from typing import Any, cast

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session


def dialect_name(bind: Session | Connection) -> str:
    """Which kind of database it is: sqlite or postgresql."""
    if isinstance(bind, Session):
        return bind.get_bind().dialect.name
    return bind.dialect.name


def table(model: type[Any]) -> Table:
    """For Core, which takes a third of the ORM's time; it flushes nothing first."""
    return cast("Table", model.__table__)


def prepare_insert(
    model: type[Any], build: Callable[[Any], Any] = lambda insert: insert
) -> Callable[[Session], Any]:
    """An INSERT with its ON CONFLICT, built once for each kind of database.

    To build a statement anew takes several times as long as to run it.
    """
    built = {
        "sqlite": build(sqlite.insert(table(model))),
        "postgresql": build(postgresql.insert(table(model))),
    }
    return lambda session: built[dialect_name(session)]


def upsert(session: Session, model: type[Any]) -> Any:
    """An INSERT of the database at hand, which knows ON CONFLICT."""
    if session.get_bind().dialect.name == "postgresql":
        return postgresql.insert(model)
    return sqlite.insert(model)
