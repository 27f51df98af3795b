"""What waits to be done, and since when: for those who look after the bot."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.orm import Session

from bot.config import MentorNumbers
from bot.mentors import rounds
from bot.runtime import Workspace
from models import CheckIn, Credit, Lane, Member, OutboxItem, Pause, Round, Schedule

# What is sent or withdrawn is over; of these there are few, and an index finds them.
WAITING = ("pending", "sending", "unverified")
GIVEN_UP = ("parked", "unknown")


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many there are, how many of them are due, and since when the oldest is."""

    count: int
    due: int
    since: datetime | None


def deliveries(
    session: Session, installation_id: int, *, now: datetime
) -> Mapping[str, Waiting]:
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
            OutboxItem.state.in_(WAITING + GIVEN_UP),
        )
        .group_by(OutboxItem.state)
    ).all()
    found = {
        state: Waiting(count, int(due), oldest if due else None)
        for state, count, due, oldest in rows
    }
    return {state: found.get(state, _NONE) for state in WAITING + GIVEN_UP}


@dataclass(frozen=True, slots=True)
class Trouble:
    """So many promises of a kind in a state, with Slack's last error, if any."""

    state: str
    kind: str
    error: str | None
    count: int


def given_up(
    session: Session, installation_id: int, *, since: datetime
) -> Sequence[Trouble]:
    """What was not or perhaps not delivered, and won't be any more."""
    return _troubles(
        session,
        OutboxItem.installation_id == installation_id,
        OutboxItem.state.in_(GIVEN_UP),
        OutboxItem.finished_at >= since,
    )


def overdue(
    session: Session, installation_id: int, *, before: datetime
) -> Sequence[Trouble]:
    """What should have been delivered before then, and still waits."""
    return _troubles(
        session,
        OutboxItem.installation_id == installation_id,
        OutboxItem.state.in_(WAITING),
        OutboxItem.due_at < before,
    )


def _troubles(session: Session, *where: ColumnElement[bool]) -> Sequence[Trouble]:
    of = (OutboxItem.state, OutboxItem.kind, OutboxItem.error)
    rows = session.execute(
        select(*of, func.count()).where(*where).group_by(*of).order_by(*of)
    )
    return [Trouble(*row) for row in rows]


def work(
    session: Session, workspace: Workspace, *, now: datetime, numbers: MentorNumbers
) -> Mapping[str, Waiting]:
    """What the clock is to do, by its name: all of it is due, and soon done."""
    unanswered = now - timedelta(days=numbers.consent_days)
    looks = len(rounds.due(session, workspace, now=now, numbers=numbers))
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
        "look for mentors": Waiting(looks, looks, None),
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
    session: Session, workspace: Workspace, *, now: datetime, numbers: MentorNumbers
) -> datetime | None:
    """Return the next UTC instant after `now` at which the clock is to do something.

    None where nothing is planned. What is due already does not count.
    """
    here = Schedule.installation_id == workspace.id
    asked_here = Round.schedule_id.in_(select(Schedule.id).where(here))
    moments = [
        _next(
            session,
            OutboxItem.due_at,
            now,
            OutboxItem.finished_at.is_(None),
            OutboxItem.installation_id == workspace.id,
        ),
        # What is due waits for its turn in the channel.
        _next(session, Lane.free_at, now, Lane.installation_id == workspace.id),
        _next(session, Schedule.next_at, now, Schedule.state == "on", here),
        _next(session, Round.closes_at, now, Round.state == "open", asked_here),
        _next(
            session,
            CheckIn.nudge_at,
            now,
            CheckIn.round_id.in_(select(Round.id).where(asked_here)),
        ),
        rounds.next_look(session, workspace, now=now, numbers=numbers),
    ]
    return min(filter(None, moments), default=None)


def _next(
    session: Session, at: Any, now: datetime, *where: ColumnElement[bool]
) -> datetime | None:
    found: datetime | None = session.scalar(
        select(func.min(at)).where(at > now, *where)
    )
    return found


def pauses(
    session: Session, installation_id: int, *, now: datetime
) -> Mapping[str, datetime]:
    """Until when Slack does not want to be called, by its method's name."""
    rows = session.execute(
        select(Pause.method, Pause.until).where(
            Pause.installation_id == installation_id, Pause.until > now
        )
    )
    return {row.method: row.until for row in rows}


_NONE = Waiting(0, 0, None)


def _due(
    session: Session, at: Any, until: datetime, *where: ColumnElement[bool]
) -> Waiting:
    count, since = session.execute(
        select(func.count(), func.min(at)).where(at <= until, *where)
    ).one()
    return Waiting(count, count, since)


def _count(session: Session, *where: ColumnElement[bool]) -> Waiting:
    count = session.scalar(select(func.count()).where(*where)) or 0
    return Waiting(count, count, None)
