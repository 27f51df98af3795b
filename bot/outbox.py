"""Promise a message with the change that causes it; it is delivered after the commit.

A promise says what about, and to whom. The words are drawn when its turn comes, from
what is true then, so that an undone mark is never announced and many changes of one
ask are one update.
"""

from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import case
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from bot.db import prepare, table
from models import OutboxItem

# On a session that promised something for now, for whoever waits for its commit.
PROMISED = "outbox.promised"

_FINISHED = ("sent", "withdrawn", "parked", "unknown")

_items = table(OutboxItem)


def _made_again(insert: Any) -> Any:
    return insert.on_conflict_do_update(
        index_elements=["installation_id", "key"],
        set_={
            # One that is just being drawn may be drawn to nothing, and is looked at
            # again for its version.
            "version": _items.c.version + 1,
            "state": case((_items.c.state == "sending", "sending"), else_="pending"),
            "due_at": insert.excluded.due_at,
            "detail": insert.excluded.detail,
            "failures": 0,
            "looks": 0,
            "finished_at": None,
        },
        where=_items.c.state.in_(("withdrawn", "pending", "sending")),
    )


def _counted_up(insert: Any) -> Any:
    is_finished = _items.c.state.in_(_FINISHED)
    return insert.on_conflict_do_update(
        index_elements=["installation_id", "key"],
        set_={
            "version": _items.c.version + 1,
            "state": case((is_finished, "pending"), else_=_items.c.state),
            "due_at": case(
                (is_finished, insert.excluded.due_at), else_=_items.c.due_at
            ),
            "failures": case((is_finished, 0), else_=_items.c.failures),
            "finished_at": None,
        },
    )


_PROMISE = prepare(OutboxItem, _made_again)
_REFRESH = prepare(OutboxItem, _counted_up)


def upsert(session: Session, table: type[Any]) -> Any:
    """An INSERT of the database at hand, which knows ON CONFLICT."""
    if session.get_bind().dialect.name == "postgresql":
        return postgresql.insert(table)
    return sqlite.insert(table)


def promise(
    session: Session,
    kind: str,
    subject_id: int,
    recipient: str,
    *,
    installation_id: int,
    now: datetime,
    due: datetime | None = None,
    detail: dict[str, Any] | None = None,
    occasion: str = "",
) -> None:
    """Say something once for each `occasion`, at `due` or at once.

    A promise that was kept stays kept. One that was withdrawn, because what it was
    about had been undone, is made again; one that still waits, waits anew.
    """
    session.execute(
        _PROMISE(session),
        _row(
            session,
            kind,
            subject_id,
            recipient,
            installation_id=installation_id,
            due=due or now,
            now=now,
            detail=detail,
            occasion=occasion,
        ),
    )


def refresh(
    session: Session,
    kind: str,
    subject_id: int,
    recipient: str,
    *,
    installation_id: int,
    now: datetime,
) -> None:
    """Show something as it now is. However many ask for it, one is pending."""
    session.execute(
        _REFRESH(session),
        _row(
            session,
            kind,
            subject_id,
            recipient,
            installation_id=installation_id,
            due=now,
            now=now,
        ),
    )


def _row(
    session: Session,
    kind: str,
    subject_id: int,
    recipient: str,
    *,
    installation_id: int,
    due: datetime,
    now: datetime,
    detail: dict[str, Any] | None = None,
    occasion: str = "",
) -> dict[str, Any]:
    if due <= now:
        session.info[PROMISED] = True
    return {
        "installation_id": installation_id,
        "kind": kind,
        "key": ":".join(filter(None, (kind, str(subject_id), recipient, occasion))),
        "subject_id": subject_id,
        "recipient": recipient,
        "detail": detail or {},
        "due_at": due,
        "operation": uuid4().hex,
        "created_at": now,
    }
