"""Read which asks have changed since an index last looked."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select, text, update
from sqlalchemy.orm import Session

from bot.db.statements import dialect_name
from models import SearchChange, SearchRebuild

# Every transaction below this id has ended, and what it committed can be seen. Larger
# ids may still commit, in any order.
_OLDEST_RUNNING = text("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
_NEXT_TRANSACTION = "pg_snapshot_xmax(pg_current_snapshot())::text::bigint"


@dataclass(frozen=True, slots=True)
class Changes:
    """The asks that changed at a position from `after` on and before `until`."""

    ask_ids: Sequence[int]
    until: int


def horizon(session: Session) -> int:
    """Return the position before which every change can be seen by now."""
    if dialect_name(session) == "postgresql":
        return int(session.scalars(_OLDEST_RUNNING).one())
    return (session.scalar(select(func.max(SearchChange.position))) or 0) + 1


def read(session: Session, *, after: int) -> Changes:
    """Return the asks that changed at the position `after` or later."""
    until = horizon(session)
    ask_ids = session.scalars(
        select(SearchChange.ask_id)
        .where(SearchChange.position >= after, SearchChange.position < until)
        .order_by(SearchChange.position, SearchChange.ask_id)
    ).all()
    return Changes(ask_ids, until)


def reset_foreign_positions(session: Session) -> bool:
    """Set positions from another PostgreSQL server to 0; return whether there were any.

    A dump keeps the numbers of the server that it was made on. If they are ahead of
    those of this server, no index would follow them.
    """
    if dialect_name(session) != "postgresql":
        return False
    changed = session.execute(
        update(SearchChange)
        .where(SearchChange.position >= text(_NEXT_TRANSACTION))
        .values(position=0)
        .returning(SearchChange.ask_id)
    )
    return changed.first() is not None


def latest_rebuild(session: Session) -> int:
    """Return the id of the latest request to rebuild; 0 if there is none."""
    return session.scalar(select(func.max(SearchRebuild.id))) or 0
