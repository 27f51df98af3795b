"""What waits to be done, and since when: for those who look after the bot."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.orm import Session

from bot.config.mentors import MentorSettings
from bot.mentors import detection
from bot.runtime import Workspace
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
    """How many there are, how many of them are due, and since when the oldest is."""

    count: int
    due: int
    oldest_at: datetime | None


def outbox_depth(
    session: Session, installation_id: int, *, now: datetime
) -> Mapping[str, QueueDepth]:
    """Promises to Slack, by each state of those that are not over."""
    is_due = OutboxItem.due_at <= now
    rows = session.execute(
        select(
            OutboxItem.state,
            func.count(),
            func.sum(case((is_due, 1), else_=0)),
            func.min(OutboxItem.due_at),
        )
        .where(
            OutboxItem.installation_id == installation_id,
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


def failed(
    session: Session, installation_id: int, *, since: datetime
) -> Sequence[FailureCount]:
    """What was not or perhaps not delivered, and won't be any more."""
    return _failure_counts(
        session,
        OutboxItem.installation_id == installation_id,
        OutboxItem.state.in_(FAILED_STATES),
        OutboxItem.finished_at >= since,
    )


def overdue(
    session: Session, installation_id: int, *, before: datetime
) -> Sequence[FailureCount]:
    """What should have been delivered before then, and still waits."""
    return _failure_counts(
        session,
        OutboxItem.installation_id == installation_id,
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


def due_work(
    session: Session, workspace: Workspace, *, now: datetime, settings: MentorSettings
) -> Mapping[str, QueueDepth]:
    """What the clock is to do, by its name: all of it is due, and soon done."""
    unanswered = now - timedelta(days=settings.consent_days)
    looks = len(detection.due_runs(session, workspace, now=now, settings=settings))
    here = Schedule.installation_id == workspace.id
    asked_here = Round.schedule_id.in_(select(Schedule.id).where(here))
    return {
        "start check-ins": _due(
            session, Schedule.next_at, now, Schedule.state == "on", here
        ),
        "close check-ins": _due(
            session, Round.closes_at, now, Round.state == "open", asked_here
        ),
        "nudge members": _due(
            session,
            CheckIn.nudge_at,
            now,
            CheckIn.round_id.in_(select(Round.id).where(asked_here)),
        ),
        "look for mentors": QueueDepth(looks, looks, None),
        "settle unanswered consent": _due(
            session,
            Credit.told_at,
            unanswered,
            Credit.consent == "asked",
            Credit.installation_id == workspace.id,
        ),
        "look people up": _count(
            session,
            Member.looked_up_at.is_(None),
            Member.forgotten_at.is_(None),
            Member.installation_id == workspace.id,
        ),
    }


def next_due(
    session: Session, workspace: Workspace, *, now: datetime, settings: MentorSettings
) -> datetime | None:
    """Return the next UTC instant after `now` at which the clock is to do something.

    None where nothing is planned. What is due already does not count.
    """
    here = Schedule.installation_id == workspace.id
    asked_here = Round.schedule_id.in_(select(Schedule.id).where(here))
    moments = [
        _next_after(
            session,
            OutboxItem.due_at,
            now,
            OutboxItem.finished_at.is_(None),
            OutboxItem.installation_id == workspace.id,
        ),
        # What is due waits for its turn in the channel.
        _next_after(
            session,
            OutboxChannel.free_at,
            now,
            OutboxChannel.installation_id == workspace.id,
        ),
        _next_after(session, Schedule.next_at, now, Schedule.state == "on", here),
        _next_after(session, Round.closes_at, now, Round.state == "open", asked_here),
        _next_after(
            session,
            CheckIn.nudge_at,
            now,
            CheckIn.round_id.in_(select(Round.id).where(asked_here)),
        ),
        detection.next_run_at(session, workspace, now=now, settings=settings),
    ]
    return min(filter(None, moments), default=None)


def _next_after(
    session: Session, column: Any, now: datetime, *where: ColumnElement[bool]
) -> datetime | None:
    found: datetime | None = session.scalar(
        select(func.min(column)).where(column > now, *where)
    )
    return found


def rate_limits(
    session: Session, installation_id: int, *, now: datetime
) -> Mapping[str, datetime]:
    """Until when Slack does not want to be called, by its method's name."""
    rows = session.execute(
        select(RateLimit.method, RateLimit.until).where(
            RateLimit.installation_id == installation_id, RateLimit.until > now
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
