"""Slack's rate limits of its methods, as stored for all replicas."""

from datetime import datetime

from sqlalchemy import Connection, bindparam, func, select
from sqlalchemy.orm import Session

from bot.db.statements import upsert
from models import RateLimit
from models.base import UtcDateTime

_SELECT_RETRY_AT = select(func.max(RateLimit.retry_at)).where(
    RateLimit.installation_id == bindparam("installation_id"),
    RateLimit.method.in_(bindparam("methods", expanding=True)),
    RateLimit.retry_at > bindparam("now", type_=UtcDateTime),
)


def limited_until(
    connection: Connection, installation_id: int, *methods: str, now: datetime
) -> datetime | None:
    """Return the end (UTC) of Slack's rate limits of the methods; None without one."""
    until: datetime | None = connection.scalar(
        _SELECT_RETRY_AT,
        {"installation_id": installation_id, "methods": methods, "now": now},
    )
    return until


def record(
    session: Session, installation_id: int, method: str, until: datetime
) -> None:
    session.execute(
        upsert(session, RateLimit)
        .values(installation_id=installation_id, method=method, retry_at=until)
        .on_conflict_do_update(
            index_elements=["installation_id", "method"],
            set_={"retry_at": until},
            where=RateLimit.retry_at < until,
        )
    )
