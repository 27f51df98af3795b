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

from models import OutboxItem

# On a session that promised something for now, for whoever waits for its commit.
PROMISED = "outbox.promised"

_FINISHED = ("sent", "withdrawn", "parked", "unknown")


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

    A promise that was kept, or is to be, stays as it is. One that was withdrawn,
    because what it was about had been undone, is made again.
    """
    statement = _new(
        session,
        kind,
        subject_id,
        recipient,
        installation_id=installation_id,
        due=due or now,
        now=now,
        detail=detail,
        occasion=occasion,
    )
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["installation_id", "key"],
            set_={"state": "pending", "due_at": due or now, "finished_at": None},
            where=OutboxItem.state == "withdrawn",
        )
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
    statement = _new(
        session,
        kind,
        subject_id,
        recipient,
        installation_id=installation_id,
        due=now,
        now=now,
    )
    is_finished = OutboxItem.state.in_(_FINISHED)
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["installation_id", "key"],
            set_={
                "version": OutboxItem.version + 1,
                "state": case((is_finished, "pending"), else_=OutboxItem.state),
                "due_at": case((is_finished, now), else_=OutboxItem.due_at),
                "attempts": case((is_finished, 0), else_=OutboxItem.attempts),
                "finished_at": None,
            },
        )
    )


def _new(
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
) -> Any:
    if due <= now:
        session.info[PROMISED] = True
    return upsert(session, OutboxItem).values(
        installation_id=installation_id,
        kind=kind,
        key=":".join(filter(None, (kind, str(subject_id), recipient, occasion))),
        subject_id=subject_id,
        recipient=recipient,
        detail=detail or {},
        due_at=due,
        operation=uuid4().hex,
        created_at=now,
    )
