"""Which promise is delivered next: one at a time for each channel or person."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    BindParameter,
    Connection,
    bindparam,
    func,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.orm import Session

from bot.db import dialect, prepare, table
from bot.outbox import PRIORITIES, upsert
from models import Installation, Lane, OutboxItem, Pause
from models.base import UtcDateTime

LEASE = timedelta(seconds=60)
# As long as sending can take. A lease that ends sooner may be somebody else's by then.
SENDING = timedelta(seconds=40)
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
    claimed_at: datetime
    attempts: int
    failures: int
    looks: int
    first_sent_at: datetime
    is_unverified: bool
    # When it is drawn, where that is not when it was claimed.
    looked_at: datetime | None = None


_items, _lanes = table(OutboxItem), table(Lane)
_NOW: BindParameter[datetime] = bindparam("now", type_=UtcDateTime)
_is_paused = (
    select(Installation.paused_because.is_not(None))
    .where(Installation.id == OutboxItem.installation_id)
    .scalar_subquery()
)
_free_at = (
    select(Lane.free_at)
    .where(
        Lane.installation_id == OutboxItem.installation_id,
        Lane.recipient == OutboxItem.recipient,
    )
    .scalar_subquery()
)
# What waits is read in the order in which it is due, by an index of its own, until one
# is found that can go: that takes as long among thousands as among few. Not with joins:
# PostgreSQL would take what it needs of them for more than it is, and read everything.
_DUE = (
    select(OutboxItem)
    .where(
        # Another workspace's messages wait for a process that has its token. Added to
        # nothing, or SQLite would find all that it ever had by it, and sort them.
        OutboxItem.installation_id + 0 == bindparam("installation_id"),
        OutboxItem.finished_at.is_(None),
        OutboxItem.priority == bindparam("priority"),
        OutboxItem.due_at <= _NOW,
        # Or whoever held it is gone.
        or_(OutboxItem.state != "sending", OutboxItem.leased_until <= _NOW),
        func.coalesce(_free_at, _NOW) <= _NOW,
        ~_is_paused,
    )
    .order_by(OutboxItem.due_at, OutboxItem.id)
    .limit(1)
)
_IS_DUE = _DUE.with_only_columns(OutboxItem.id).order_by(None)
_IN_ORDER = text("SET LOCAL enable_sort = off")
_NEXT = _DUE.with_for_update(of=OutboxItem, skip_locked=True)


# The parameters that are no columns are in the WHERE; the others are what is SET.
_FINISH = (
    update(_items)
    .where(
        _items.c.id == bindparam("claimed"),
        _items.c.state == "sending",
        _items.c.attempts == bindparam("claim"),
    )
    .returning(_items.c.id)
)
_LEAVE = update(_lanes).where(
    _lanes.c.installation_id == bindparam("of_installation"),
    _lanes.c.recipient == bindparam("to"),
)
_ENTER = prepare(
    Lane,
    lambda insert: insert.on_conflict_do_update(
        index_elements=["installation_id", "recipient"],
        set_={"free_at": insert.excluded.free_at},
        where=_lanes.c.free_at <= _NOW,
    ).returning(_lanes.c.recipient),
)
_PROMISED = (
    select(_items.c.version, _items.c.due_at, _items.c.due_set_at)
    .where(_items.c.id == bindparam("claimed"))
    .with_for_update()
)
_IS_HELD = select(_items.c.id).where(
    _items.c.id == bindparam("claimed"),
    _items.c.state == "sending",
    _items.c.attempts == bindparam("claim"),
    _items.c.leased_until >= bindparam("until"),
)
_GOES_TO = select(_items.c.recipient).where(_items.c.id == bindparam("claimed"))
_PAUSED = select(Pause.until).where(
    Pause.installation_id == bindparam("installation_id"),
    Pause.method == bindparam("method"),
    Pause.until > _NOW,
)


def is_due(connection: Connection, installation_id: int, *, now: datetime) -> bool:
    """Whether it is worth the writers' queue to claim something."""
    asked = {"installation_id": installation_id, "now": now}
    return any(
        connection.scalar(_IS_DUE, {**asked, "priority": priority}) is not None
        for priority in PRIORITIES
    )


def claim(session: Session, installation_id: int, *, now: datetime) -> Claim | None:
    """Lease to the caller the workspace's next promise whose lane is free.

    That is the oldest that is due, and of what is new before what is shown again.
    """
    if dialect(session) == "postgresql":
        # It knows how many waited a while ago, which may be none: and those few it
        # would sort, not knowing that they are thousands by now.
        session.execute(_IN_ORDER)
    asked = {"installation_id": installation_id, "now": now}
    # In two questions, each of which the index answers with the first row it finds.
    for priority in PRIORITIES:
        item = session.scalar(_NEXT, {**asked, "priority": priority})
        if item is not None:
            break
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
        claimed_at=now,
        attempts=item.attempts,
        failures=item.failures,
        looks=item.looks,
        first_sent_at=item.first_sent_at,
        is_unverified=is_unverified,
    )


def _enter_lane(session: Session, item: OutboxItem, now: datetime) -> bool:
    entered = session.execute(
        _ENTER(session),
        {
            "installation_id": item.installation_id,
            "recipient": item.recipient,
            "free_at": now + LEASE,
            "now": now,
        },
    )
    return entered.first() is not None


def is_held(connection: Connection, claim: Claim, *, now: datetime) -> bool:
    """Whether the claim is still the caller's, and for as long as sending can take."""
    held = connection.scalar(
        _IS_HELD,
        {"claimed": claim.id, "claim": claim.attempts, "until": now + SENDING},
    )
    return held is not None


def has_moved(connection: Connection, claim: Claim) -> bool:
    """Whether the channel that it goes to has got another id since it was claimed."""
    goes_to = connection.scalar(_GOES_TO, {"claimed": claim.id})
    return goes_to not in {None, claim.recipient}


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
        promised = session.execute(_PROMISED, {"claimed": claim.id}).one()
        if promised.version != claim.version:
            state, changes["due_at"] = "pending", max(now, promised.due_at)
            changes["due_set_at"] = promised.due_set_at
    if "due_at" in changes:
        changes.setdefault("due_set_at", now)
    is_over = state not in {"pending", "unverified"}
    done = session.execute(
        _FINISH,
        {
            "claimed": claim.id,
            "claim": claim.attempts,
            "state": state,
            "leased_until": None,
            "finished_at": now if is_over else None,
            **changes,
        },
    )
    if done.first() is None:
        return False
    session.execute(
        _LEAVE,
        {
            "of_installation": claim.installation_id,
            "to": claim.recipient,
            "free_at": now + SPACING if spaced else now,
        },
    )
    return True


def release_all(session: Session, *, now: datetime) -> None:
    """End every lease: for a process that knows that all who had one are gone.

    What they were sending is looked for before it is sent again.
    """
    released = session.execute(
        update(_items)
        .where(_items.c.finished_at.is_(None), _items.c.state == "sending")
        .values(state="unverified", leased_until=None)
        .returning(_items.c.installation_id, _items.c.recipient)
    )
    for installation_id, recipient in released.all():
        session.execute(
            _LEAVE,
            {
                "of_installation": installation_id,
                "to": recipient,
                "free_at": now + SPACING,
            },
        )


def paused_until(
    connection: Connection, installation_id: int, method: str, *, now: datetime
) -> datetime | None:
    """Until when Slack does not want to be called with the method; None if it does."""
    until: datetime | None = connection.scalar(
        _PAUSED, {"installation_id": installation_id, "method": method, "now": now}
    )
    return until


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
