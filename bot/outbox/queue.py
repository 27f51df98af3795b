"""The queue: claim the next message, one at a time for each channel or person."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Self

from sqlalchemy import (
    BindParameter,
    Connection,
    Select,
    SQLColumnExpression,
    bindparam,
    func,
    literal,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.orm import Session

from bot.db.statements import dialect_name, prepare_insert, table
from bot.outbox.enqueue import PRIORITIES, WANTED
from bot.outbox.kind import MessageKind
from bot.outbox.refusals import TokenVersion
from models import Installation, OutboxChannel, OutboxItem
from models.base import UtcDateTime

LEASE_DURATION = timedelta(seconds=60)
# The longest time that sending takes. If the lease ends sooner, another worker may
# claim the message before it is sent.
MAX_SEND_TIME = timedelta(seconds=40)
# Slack allows about one message a second in a channel.
MESSAGE_INTERVAL = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message that one worker has claimed until its lease runs out."""

    id: int
    installation_id: int
    kind: MessageKind
    subject_id: int
    recipient: str
    payload: dict[str, Any]
    version: int
    metadata_token: str
    started_at: datetime
    attempts: int
    failures: int
    verify_attempts: int
    first_sent_at: datetime
    is_unconfirmed: bool
    # The token that it is sent with; None: the one in the settings.
    token: TokenVersion | None = None

    @classmethod
    def of(
        cls, item: OutboxItem, *, started_at: datetime, is_unconfirmed: bool = False
    ) -> Self:
        return cls(
            id=item.id,
            installation_id=item.installation_id,
            kind=MessageKind(item.kind),
            subject_id=item.subject_id,
            recipient=item.recipient,
            payload=item.payload,
            version=item.version,
            metadata_token=item.metadata_token,
            started_at=started_at,
            attempts=item.attempts,
            failures=item.failures,
            verify_attempts=item.verify_attempts,
            first_sent_at=item.first_sent_at or started_at,
            is_unconfirmed=is_unconfirmed,
        )

    @property
    def is_wanted(self) -> bool:
        """True if its recipient chose to have it now, at whatever time."""
        return WANTED in self.payload


_items, _channels = table(OutboxItem), table(OutboxChannel)
_NOW: BindParameter[datetime] = bindparam("now", type_=UtcDateTime)
_is_disabled = (
    select(Installation.disabled_reason.is_not(None))
    .where(Installation.id == OutboxItem.installation_id)
    .scalar_subquery()
)
_available_at = (
    select(OutboxChannel.available_at)
    .where(
        OutboxChannel.installation_id == OutboxItem.installation_id,
        OutboxChannel.recipient == OutboxItem.recipient,
    )
    .correlate(OutboxItem)
    .scalar_subquery()
)


def _first_due(
    installation_id: SQLColumnExpression[int], priority: SQLColumnExpression[int]
) -> Select[OutboxItem]:
    """Select a workspace's first message of a priority that can be sent now.

    A partial index gives the waiting messages by due time; the first that can be sent
    ends the search. So it takes equally long for few messages and for thousands, and
    other workspaces' messages don't slow it down. Subqueries instead of joins: for
    joins, PostgreSQL expects too many rows and scans the whole table.
    """
    return (
        select(OutboxItem)
        .where(
            OutboxItem.installation_id == installation_id,
            OutboxItem.finished_at.is_(None),
            OutboxItem.priority == priority,
            OutboxItem.due_at <= _NOW,
            # A message whose lease ran out lost its worker.
            or_(OutboxItem.state != "sending", OutboxItem.leased_until <= _NOW),
            func.coalesce(_available_at, _NOW) <= _NOW,
        )
        .order_by(OutboxItem.due_at, OutboxItem.id)
        .limit(1)
    )


_DISABLE_SORT = text("SET LOCAL enable_sort = off")
_NEXT = (
    _first_due(bindparam("installation_id"), bindparam("priority"))
    .where(~_is_disabled)
    .with_for_update(of=OutboxItem, skip_locked=True)
)
# Scalar subqueries instead of EXISTS, which PostgreSQL would turn into a join.
_DUE_INSTALLATIONS = select(Installation.id).where(
    Installation.id.in_(bindparam("installation_ids", expanding=True)),
    Installation.disabled_reason.is_(None),
    or_(
        *(
            _first_due(Installation.id, literal(priority))
            .with_only_columns(OutboxItem.id)
            .order_by(None)
            .correlate(Installation)
            .scalar_subquery()
            .is_not(None)
            for priority in PRIORITIES
        )
    ),
)


# Parameters with other names than columns belong to the WHERE; the rest become the SET.
_FINISH = (
    update(_items)
    .where(
        _items.c.id == bindparam("claimed"),
        _items.c.state == "sending",
        _items.c.attempts == bindparam("claim"),
    )
    .returning(_items.c.recipient)
)
_RELEASE_CHANNEL = update(_channels).where(
    _channels.c.installation_id == bindparam("of_installation"),
    _channels.c.recipient == bindparam("to"),
)
_RESERVE_CHANNEL = prepare_insert(
    OutboxChannel,
    lambda insert: insert.on_conflict_do_update(
        index_elements=["installation_id", "recipient"],
        set_={"available_at": insert.excluded.available_at},
        where=_channels.c.available_at <= _NOW,
    ).returning(_channels.c.recipient),
)
_SELECT_VERSION = (
    select(_items.c.version, _items.c.due_at, _items.c.due_set_at)
    .where(_items.c.id == bindparam("claimed"))
    .with_for_update()
)
_HAS_LEASE = select(_items.c.id).where(
    _items.c.id == bindparam("claimed"),
    _items.c.state == "sending",
    _items.c.attempts == bindparam("claim"),
    _items.c.leased_until >= bindparam("until"),
)
_SELECT_RECIPIENT = select(_items.c.recipient).where(
    _items.c.id == bindparam("claimed")
)


def due_installations(
    connection: Connection, installation_ids: Collection[int], *, now: datetime
) -> Sequence[int]:
    """Return the ids of those installations that have a message to send now."""
    if not installation_ids:
        return []
    return connection.scalars(
        _DUE_INSTALLATIONS, {"installation_ids": installation_ids, "now": now}
    ).all()


def claim(session: Session, installation_id: int, *, now: datetime) -> Delivery | None:
    """Claim the workspace's next message whose channel is free, or return None.

    New messages come before updates; among them, the one that has been due longest.
    """
    if dialect_name(session) == "postgresql":
        # PostgreSQL's statistics may be from a time when no message waited. It would
        # then sort what it takes for a few rows, and what may be thousands by now.
        session.execute(_DISABLE_SORT)
    common = {"installation_id": installation_id, "now": now}
    # One query for each priority, so that the index finds the first row of each.
    for priority in PRIORITIES:
        item = session.scalar(_NEXT, {**common, "priority": priority})
        if item is not None:
            break
    if item is None or not _reserve_channel(session, item, now):
        return None
    # A message in state `sending` may have been posted before its worker died.
    is_unconfirmed = item.state != "pending"
    item.state = "sending"
    item.leased_until = now + LEASE_DURATION
    item.attempts += 1
    item.first_sent_at = item.first_sent_at or now
    return Delivery.of(item, started_at=now, is_unconfirmed=is_unconfirmed)


def _reserve_channel(session: Session, item: OutboxItem, now: datetime) -> bool:
    reserved = session.execute(
        _RESERVE_CHANNEL(session),
        {
            "installation_id": item.installation_id,
            "recipient": item.recipient,
            "available_at": now + LEASE_DURATION,
            "now": now,
        },
    )
    return reserved.first() is not None


def has_lease(connection: Connection, delivery: Delivery, *, now: datetime) -> bool:
    """Return True if the caller's lease lasts for MAX_SEND_TIME at least."""
    claimed_id = connection.scalar(
        _HAS_LEASE,
        {
            "claimed": delivery.id,
            "claim": delivery.attempts,
            "until": now + MAX_SEND_TIME,
        },
    )
    return claimed_id is not None


def has_channel_moved(connection: Connection, delivery: Delivery) -> bool:
    """Return True if the recipient's channel got a new Slack id since the claim."""
    recipient = connection.scalar(_SELECT_RECIPIENT, {"claimed": delivery.id})
    return recipient not in {None, delivery.recipient}


def finish(
    session: Session,
    delivery: Delivery,
    *,
    now: datetime,
    state: str,
    is_spaced: bool = False,
    is_update: bool = False,
    **changes: Any,
) -> str | None:
    """Record the outcome, free the channel, and return the recipient's id of today.

    That differs from the claimed one if a channel got another id, or a member was
    forgotten. Return None if the claim was lost.

    `is_spaced`: the channel pauses for MESSAGE_INTERVAL first. `is_update`: if the item
    changed since the claim, it goes back to pending. `changes` are columns of the item.
    """
    if state == "cancelled" or (is_update and state in {"sent", "rejected"}):
        # The item changed while the worker rendered or sent it, so it is due again.
        current = session.execute(_SELECT_VERSION, {"claimed": delivery.id}).one()
        if current.version != delivery.version:
            state, changes["due_at"] = "pending", max(now, current.due_at)
            changes["due_set_at"] = current.due_set_at
    if "due_at" in changes:
        changes.setdefault("due_set_at", now)
    is_over = state not in {"pending", "unconfirmed"}
    recipient: str | None = session.scalar(
        _FINISH,
        {
            "claimed": delivery.id,
            "claim": delivery.attempts,
            "state": state,
            "leased_until": None,
            "finished_at": now if is_over else None,
            **changes,
        },
    )
    if recipient is None:
        return None
    session.execute(
        _RELEASE_CHANNEL,
        {
            "of_installation": delivery.installation_id,
            "to": delivery.recipient,
            "available_at": now + MESSAGE_INTERVAL if is_spaced else now,
        },
    )
    return recipient


def release_leases(session: Session, *, now: datetime) -> None:
    """End every lease, when a process starts that runs the only worker.

    Messages that were being sent are looked up in Slack before they are sent again.
    """
    released = session.execute(
        update(_items)
        .where(_items.c.finished_at.is_(None), _items.c.state == "sending")
        .values(state="unconfirmed", leased_until=None)
        .returning(_items.c.installation_id, _items.c.recipient)
    )
    for installation_id, recipient in released.all():
        session.execute(
            _RELEASE_CHANNEL,
            {
                "of_installation": installation_id,
                "to": recipient,
                "available_at": now + MESSAGE_INTERVAL,
            },
        )


def mark_unconfirmed(session: Session) -> int:
    """Have each waiting message looked up in Slack first; return their number.

    In a restored copy of the database it may have been sent since.
    """
    marked = session.execute(
        update(_items)
        .where(_items.c.state == "pending")
        .values(
            state="unconfirmed",
            verify_attempts=0,
            first_sent_at=func.coalesce(_items.c.first_sent_at, _items.c.created_at),
        )
        .returning(_items.c.id)
    )
    return len(marked.all())
