"""Which promise is delivered next: one at a time for each channel or person."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BindParameter, and_, bindparam, or_, select, update
from sqlalchemy.orm import Session

from bot.outbox import upsert
from models import Installation, Lane, OutboxItem, Pause

# Longer than a call to Slack can take.
LEASE = timedelta(seconds=60)
# Slack allows about one message a second in a channel.
SPACING = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Claim:
    """A promise that one worker holds until its lease runs out."""

    id: int
    installation_id: int
    kind: str
    subject_id: int
    recipient: str
    detail: dict[str, Any]
    version: int
    operation: str
    attempts: int
    failures: int
    looks: int
    first_sent_at: datetime
    is_unverified: bool


_NOW: BindParameter[datetime] = bindparam("now")
_DUE = (
    select(OutboxItem)
    .join(Installation, Installation.id == OutboxItem.installation_id)
    .outerjoin(
        Lane,
        and_(
            Lane.installation_id == OutboxItem.installation_id,
            Lane.recipient == OutboxItem.recipient,
        ),
    )
    .where(
        or_(
            and_(
                OutboxItem.state.in_(("pending", "unverified")),
                OutboxItem.due_at <= _NOW,
            ),
            # Whoever held it is gone.
            and_(OutboxItem.state == "sending", OutboxItem.leased_until <= _NOW),
        ),
        or_(Lane.free_at.is_(None), Lane.free_at <= _NOW),
        Installation.paused_because.is_(None),
    )
    .order_by(OutboxItem.due_at, OutboxItem.id)
    .limit(1)
)
_IS_DUE = _DUE.with_only_columns(OutboxItem.id)
_NEXT = _DUE.with_for_update(of=OutboxItem, skip_locked=True)


def is_due(session: Session, *, now: datetime) -> bool:
    """Whether it is worth the writers' queue to claim something."""
    return session.scalar(_IS_DUE, {"now": now}) is not None


def claim(session: Session, *, now: datetime) -> Claim | None:
    """The oldest due promise whose lane is free, leased to the caller."""
    item = session.scalar(_NEXT, {"now": now})
    if item is None or not _enter_lane(session, item, now):
        return None
    # One found as `sending` was perhaps posted before its worker died.
    is_unverified = item.state != "pending"
    item.state = "sending"
    item.leased_until = now + LEASE
    item.attempts += 1
    item.first_sent_at = item.first_sent_at or now
    return Claim(
        id=item.id,
        installation_id=item.installation_id,
        kind=item.kind,
        subject_id=item.subject_id,
        recipient=item.recipient,
        detail=item.detail,
        version=item.version,
        operation=item.operation,
        attempts=item.attempts,
        failures=item.failures,
        looks=item.looks,
        first_sent_at=item.first_sent_at,
        is_unverified=is_unverified,
    )


def _enter_lane(session: Session, item: OutboxItem, now: datetime) -> bool:
    entered = session.execute(
        upsert(session, Lane)
        .values(
            installation_id=item.installation_id,
            recipient=item.recipient,
            free_at=now + LEASE,
        )
        .on_conflict_do_update(
            index_elements=["installation_id", "recipient"],
            set_={"free_at": now + LEASE},
            where=Lane.free_at <= now,
        )
        .returning(Lane.recipient)
    )
    return entered.first() is not None


def finish(
    session: Session,
    claim: Claim,
    *,
    now: datetime,
    state: str,
    spaced: bool = False,
    is_repeatable: bool = False,
    **changes: Any,
) -> bool:
    """Record the outcome and free the lane; False if the claim was lost meanwhile."""
    if state == "withdrawn" or (state == "sent" and is_repeatable):
        # What changed while it was being drawn or sent is still to be said.
        promised = session.execute(
            select(OutboxItem.version, OutboxItem.due_at)
            .where(OutboxItem.id == claim.id)
            .with_for_update()
        ).one()
        if promised.version != claim.version:
            state, changes["due_at"] = "pending", max(now, promised.due_at)
    is_over = state not in {"pending", "unverified"}
    done = session.execute(
        update(OutboxItem)
        .where(
            OutboxItem.id == claim.id,
            OutboxItem.state == "sending",
            OutboxItem.attempts == claim.attempts,
        )
        .values(
            state=state,
            leased_until=None,
            finished_at=now if is_over else None,
            **changes,
        )
        .returning(OutboxItem.id)
    )
    if done.first() is None:
        return False
    session.execute(
        update(Lane)
        .where(
            Lane.installation_id == claim.installation_id,
            Lane.recipient == claim.recipient,
        )
        .values(free_at=now + SPACING if spaced else now)
    )
    return True


def paused_until(
    session: Session, installation_id: int, method: str, *, now: datetime
) -> datetime | None:
    """Until when Slack does not want to be called with the method; None if it does."""
    return session.scalar(
        select(Pause.until).where(
            Pause.installation_id == installation_id,
            Pause.method == method,
            Pause.until > now,
        )
    )


def pause(session: Session, installation_id: int, method: str, until: datetime) -> None:
    session.execute(
        upsert(session, Pause)
        .values(installation_id=installation_id, method=method, until=until)
        .on_conflict_do_update(
            index_elements=["installation_id", "method"],
            set_={"until": until},
            where=Pause.until < until,
        )
    )
