"""Count what waits to be done, and since when: for those who operate the bot."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.orm import Session

from bot.config.mentors import MentorSettings
from bot.mentors import detection
from bot.runtime import Transaction
from models import (
    CheckIn,
    Credit,
    Member,
    OutboxChannel,
    OutboxItem,
    RateLimit,
    Round,
    Schedule,
)

# What is sent or withdrawn is over; of these there are few, and an index finds them.
QUEUED_STATES = ("pending", "sending", "unverified")
FAILED_STATES = ("parked", "unknown")


@dataclass(frozen=True, slots=True)
class QueueDepth:
    """The number of things that wait, how many are due, and when the oldest fell due.

    Those of several workspaces can be added up.
    """

    count: int
    due: int
    oldest_at: datetime | None

    def __add__(self, other: "QueueDepth") -> "QueueDepth":
        moments = filter(None, (self.oldest_at, other.oldest_at))
        return QueueDepth(
            self.count + other.count,
            self.due + other.due,
            min(moments, default=None),
        )


def outbox_depth(tx: Transaction) -> Mapping[str, QueueDepth]:
    """Promises to Slack, by each state of those that are not over."""
    is_due = OutboxItem.due_at <= tx.now
    rows = tx.session.execute(
        select(
            OutboxItem.state,
            func.count(),
            func.sum(case((is_due, 1), else_=0)),
            func.min(OutboxItem.due_at),
        )
        .where(
            OutboxItem.installation_id == tx.workspace.id,
            OutboxItem.state.in_(QUEUED_STATES + FAILED_STATES),
        )
        .group_by(OutboxItem.state)
    ).all()
    found = {
        state: QueueDepth(count, int(due), oldest if due else None)
        for state, count, due, oldest in rows
    }
    return {state: found.get(state, _EMPTY) for state in QUEUED_STATES + FAILED_STATES}


@dataclass(frozen=True, slots=True)
class FailureCount:
    """So many promises of a kind in a state, with Slack's last error, if any."""

    state: str
    kind: str
    error: str | None
    count: int


def failed(tx: Transaction, *, since: datetime) -> Sequence[FailureCount]:
    """What was not or perhaps not delivered, and won't be any more."""
    return _failure_counts(
        tx.session,
        OutboxItem.installation_id == tx.workspace.id,
        OutboxItem.state.in_(FAILED_STATES),
        OutboxItem.finished_at >= since,
    )


def overdue(tx: Transaction, *, before: datetime) -> Sequence[FailureCount]:
    """What should have been delivered before then, and still waits."""
    return _failure_counts(
        tx.session,
        OutboxItem.installation_id == tx.workspace.id,
        OutboxItem.state.in_(QUEUED_STATES),
        OutboxItem.due_at < before,
    )


def _failure_counts(
    session: Session, *where: ColumnElement[bool]
) -> Sequence[FailureCount]:
    of = (OutboxItem.state, OutboxItem.kind, OutboxItem.error)
    rows = session.execute(
        select(*of, func.count()).where(*where).group_by(*of).order_by(*of)
    )
    return [FailureCount(*row) for row in rows]


def due_work(tx: Transaction, *, settings: MentorSettings) -> Mapping[str, QueueDepth]:
    """What the clock is to do, by its name: all of it is due, and soon done."""
    unanswered = tx.now - timedelta(days=settings.consent_days)
    looks = len(detection.due_runs(tx, settings=settings))
    here = Schedule.installation_id == tx.workspace.id
    asked_here = Round.schedule_id.in_(select(Schedule.id).where(here))
    return {
        "start check-ins": _due(
            tx.session, Schedule.next_at, tx.now, Schedule.state == "on", here
        ),
        "close check-ins": _due(
            tx.session, Round.closes_at, tx.now, Round.state == "open", asked_here
        ),
        "nudge members": _due(
            tx.session,
            CheckIn.nudge_at,
            tx.now,
            CheckIn.round_id.in_(select(Round.id).where(asked_here)),
        ),
        "look for mentors": QueueDepth(looks, looks, None),
        "settle unanswered consent": _due(
            tx.session,
            Credit.told_at,
            unanswered,
            Credit.consent == "asked",
            Credit.installation_id == tx.workspace.id,
        ),
        "look people up": _count(
            tx.session,
            Member.looked_up_at.is_(None),
            Member.forgotten_at.is_(None),
            Member.installation_id == tx.workspace.id,
        ),
    }


def next_due(tx: Transaction, *, settings: MentorSettings) -> datetime | None:
    """Return the next UTC instant after `now` at which the clock is to do something.

    None where nothing is planned. What is due already does not count.
    """
    here = Schedule.installation_id == tx.workspace.id
    asked_here = Round.schedule_id.in_(select(Schedule.id).where(here))
    moments = [
        _next_after(
            tx,
            OutboxItem.due_at,
            OutboxItem.finished_at.is_(None),
            OutboxItem.installation_id == tx.workspace.id,
        ),
        # What is due waits for its turn in the channel.
        _next_after(
            tx, OutboxChannel.free_at, OutboxChannel.installation_id == tx.workspace.id
        ),
        _next_after(tx, Schedule.next_at, Schedule.state == "on", here),
        _next_after(tx, Round.closes_at, Round.state == "open", asked_here),
        _next_after(
            tx,
            CheckIn.nudge_at,
            CheckIn.round_id.in_(select(Round.id).where(asked_here)),
        ),
        detection.next_run_at(tx, settings=settings),
    ]
    return min(filter(None, moments), default=None)


def _next_after(
    tx: Transaction, column: Any, *where: ColumnElement[bool]
) -> datetime | None:
    found: datetime | None = tx.session.scalar(
        select(func.min(column)).where(column > tx.now, *where)
    )
    return found


def rate_limits(tx: Transaction) -> Mapping[str, datetime]:
    """Until when Slack does not want to be called, by its method's name."""
    rows = tx.session.execute(
        select(RateLimit.method, RateLimit.until).where(
            RateLimit.installation_id == tx.workspace.id, RateLimit.until > tx.now
        )
    )
    return {row.method: row.until for row in rows}


_EMPTY = QueueDepth(0, 0, None)


def _due(
    session: Session, column: Any, until: datetime, *where: ColumnElement[bool]
) -> QueueDepth:
    count, since = session.execute(
        select(func.count(), func.min(column)).where(column <= until, *where)
    ).one()
    return QueueDepth(count, count, since)


def _count(session: Session, *where: ColumnElement[bool]) -> QueueDepth:
    count = session.scalar(select(func.count()).where(*where)) or 0
    return QueueDepth(count, count, None)
