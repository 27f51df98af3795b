"""The reports of the processes that follow the database."""

from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from models import SearchReplica


def last_report(session: Session) -> datetime | None:
    """Return the last time (UTC) at which a process was known to run."""
    return session.scalar(select(func.max(SearchReplica.followed_at)))


def forget_all(session: Session) -> None:
    """Forget the processes, of which those that run report again within a minute."""
    session.execute(delete(SearchReplica))
