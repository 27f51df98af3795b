"""Count pending and failed work, for metrics and the doctor."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.orm import Session

from bot.feature import Features
from bot.feature.due_rows import DueRows
from bot.runtime import Transaction, Workspace
from bot.workspace import installations
from models import Member, OutboxChannel, OutboxItem, RateLimit

# Items in these states are few, and an index finds them.
QUEUED_STATES = ("pending", "sending", "unconfirmed")
FAILED_STATES = ("rejected", "lost")


@dataclass(frozen=True, slots=True)
class QueueDepth:
    """The number of waiting items, the number due, and the oldest due time (UTC).

    Depths can be added, to get the depth of several workspaces.
    """

    count: int
    due: int
    oldest_at: datetime | None

    def __add__(self, other: "QueueDepth") -> "QueueDepth":
        due_times = filter(None, (self.oldest_at, other.oldest_at))
        return QueueDepth(
            self.count + other.count,
            self.due + other.due,
            min(due_times, default=None),
        )


def outbox_depth(
    session: Session, ids: Collection[int], *, now: datetime
) -> Mapping[str, QueueDepth]:
    """Count unfinished and failed outbox items of these installations by state."""
    is_due = OutboxItem.due_at <= now
    rows = session.execute(
        select(
            OutboxItem.state,
            func.count(),
            func.sum(case((is_due, 1), else_=0)),
            func.min(OutboxItem.due_at),
        )
        .where(
            OutboxItem.installation_id.in_(ids),
            OutboxItem.state.in_(QUEUED_STATES + FAILED_STATES),
        )
        .group_by(OutboxItem.state)
    ).all()
    depths = {
        state: QueueDepth(count, int(due), oldest if due else None)
        for state, count, due, oldest in rows
    }
    return {state: depths.get(state, _EMPTY) for state in QUEUED_STATES + FAILED_STATES}


@dataclass(frozen=True, slots=True)
class FailureCount:
    """A number of outbox items of a kind and state, with Slack's last error, if any."""

    state: str
    kind: str
    error: str | None
    count: int


def failed(tx: Transaction, *, since: datetime) -> Sequence[FailureCount]:
    """Count the rejected and lost items that were given up since `since` (UTC)."""
    return _failure_counts(
        tx.session,
        OutboxItem.installation_id == tx.workspace.id,
        OutboxItem.state.in_(FAILED_STATES),
        OutboxItem.finished_at >= since,
    )


def overdue(tx: Transaction, *, before: datetime) -> Sequence[FailureCount]:
    """Count the items that were due before `before` (UTC) and are still queued."""
    return _failure_counts(
        tx.session,
        OutboxItem.installation_id == tx.workspace.id,
        OutboxItem.state.in_(QUEUED_STATES),
        OutboxItem.due_at < before,
    )


def _failure_counts(
    session: Session, *where: ColumnElement[bool]
) -> Sequence[FailureCount]:
    columns = (OutboxItem.state, OutboxItem.kind, OutboxItem.error)
    rows = session.execute(
        select(*columns, func.count())
        .where(*where)
        .group_by(*columns)
        .order_by(*columns)
    )
    return [FailureCount(*row) for row in rows]


def due_work(tx: Transaction) -> Mapping[str, QueueDepth]:
    """Return the depth of each job's due work, by the job's name."""
    return due_work_of(tx.session, tx.features, [tx.workspace], now=tx.now)


def due_work_of(
    session: Session,
    features: Features,
    workspaces: Iterable[Workspace],
    *,
    now: datetime,
) -> Mapping[str, QueueDepth]:
    """Return the depth of each job's due work in all of these workspaces together.

    The number of statements grows only with those in which there may be such work.
    """
    by_id = {workspace.id: workspace for workspace in workspaces}
    served = list(by_id)
    depths = {
        rows.job: _depth(session, rows, served, now=now) for rows in features.due_rows
    }
    unknown_members = session.scalar(
        select(func.count()).where(
            Member.fetched_at.is_(None),
            Member.erased_at.is_(None),
            Member.installation_id.in_(served),
        )
    )
    counts = {"fetch-new-users": unknown_members or 0}
    for work in features.due_counts:
        counts |= dict.fromkeys(work.jobs, 0)
        ids = installations.ids_with(session, work.rows_of, now=now)
        for workspace in (by_id[each] for each in sorted(ids & by_id.keys())):
            tx = Transaction(session, workspace, now, features)
            for job, count in work.count(tx).items():
                counts[job] += count
    # It is unknown since when these are due.
    return depths | {
        job: QueueDepth(count, count, None) for job, count in counts.items()
    }


def next_due(tx: Transaction) -> datetime | None:
    """Return the next UTC instant after `now` at which a job or the outbox has work.

    None if nothing is planned. Work that is due already does not count.
    """
    return min((at for _, at in next_times(tx)), default=None)


def next_times(tx: Transaction) -> Sequence[tuple[str, datetime]]:
    """Return the next UTC instants after `now` at which there is work, unsorted.

    Each has the job's name, or the feature's for its other work, or "deliveries".
    """
    times = [
        (
            "deliveries",
            _next_after(
                tx,
                OutboxItem.due_at,
                OutboxItem.finished_at.is_(None),
                OutboxItem.installation_id == tx.workspace.id,
            ),
        ),
        # An item that is due may still have to wait until its channel is available.
        (
            "deliveries",
            _next_after(
                tx,
                OutboxChannel.available_at,
                OutboxChannel.installation_id == tx.workspace.id,
            ),
        ),
        *(
            (
                rows.job,
                _next_after(
                    tx, rows.column, *rows.where([tx.workspace.id]), delay=rows.delay
                ),
            )
            for rows in tx.features.due_rows
        ),
        *(
            (feature.name, at)
            for feature in tx.features
            if feature.next_due is not None
            for at in feature.next_due(tx)
        ),
    ]
    return [(name, at) for name, at in times if at is not None]


def _next_after(
    tx: Transaction,
    column: Any,
    *where: ColumnElement[bool],
    delay: timedelta = timedelta(),
) -> datetime | None:
    """Return the earliest time (UTC) after now: a column's time plus `delay`."""
    at: datetime | None = tx.session.scalar(
        select(func.min(column)).where(column > tx.now - delay, *where)
    )
    return at and at + delay


def rate_limits(
    session: Session, ids: Collection[int], *, now: datetime
) -> Mapping[str, datetime]:
    """Return the end (UTC) of the longest current rate limit, by Slack's method."""
    rows = session.execute(
        select(RateLimit.method, func.max(RateLimit.retry_at))
        .where(RateLimit.installation_id.in_(ids), RateLimit.retry_at > now)
        .group_by(RateLimit.method)
    )
    return dict(rows.all())


_EMPTY = QueueDepth(0, 0, None)


def _depth(
    session: Session, rows: DueRows, ids: Collection[int], *, now: datetime
) -> QueueDepth:
    """Count the rows that are due."""
    count, oldest = session.execute(
        select(func.count(), func.min(rows.column)).where(
            rows.column <= now - rows.delay, *rows.where(ids)
        )
    ).one()
    return QueueDepth(count, count, oldest and oldest + rows.delay)
