"""Correct the times that were stored while the clock was ahead.

When a clock that was two hours ahead is set back, these times are up to two hours in
the future. Messages that wait for them would not be sent until then.
"""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, and_, exists, or_, select, update
from sqlalchemy.orm import Session

from bot.db.statements import table
from bot.outbox.queue import LEASE_DURATION, MESSAGE_INTERVAL
from bot.slack.api import MAX_RETRY_AFTER
from models import OutboxChannel, OutboxItem, RateLimit

# The difference that is allowed between the clocks of two replicas.
TOLERANCE = timedelta(seconds=5)
# If a message's first sending time is wrong, it was at most this long ago.
MAX_AGE = timedelta(days=1)

_items, _channels, _rate_limits = (
    table(OutboxItem),
    table(OutboxChannel),
    table(RateLimit),
)
_is_waiting = _items.c.finished_at.is_(None)
_is_sending = and_(_is_waiting, _items.c.state == "sending")
_is_in_use = exists().where(
    _is_sending,
    _items.c.installation_id == _channels.c.installation_id,
    _items.c.recipient == _channels.c.recipient,
)


def is_needed(connection: Connection, *, now: datetime) -> bool:
    """Return True if any stored time is later than it can be."""
    wrong = (
        exists().where(_was_set_later(now)),
        exists().where(_was_sent_later(now)),
        exists().where(_is_leased_too_long(now)),
        exists().where(_is_too_far(_channels.c.available_at, now + LEASE_DURATION)),
        exists().where(
            _is_too_far(_channels.c.available_at, now + MESSAGE_INTERVAL), ~_is_in_use
        ),
        exists().where(_is_too_far(_rate_limits.c.retry_at, now + MAX_RETRY_AFTER)),
    )
    return bool(connection.scalar(select(or_(*wrong))))


def apply(session: Session, *, now: datetime) -> None:
    """Move times to where they would be if the clock had never been ahead.

    1. `due_at` keeps its distance from the time at which it was set.
    2. The start of leases, channels' intervals and rate limits is not stored. They end
       after the longest time that they can take from now on.
    """
    postponed = session.execute(
        select(_items.c.id, _items.c.due_at, _items.c.due_set_at)
        .where(_was_set_later(now))
        .order_by(_items.c.id)
        .with_for_update()
    )
    for item, due_at, set_at in postponed.all():
        session.execute(
            update(_items)
            .where(_items.c.id == item)
            .values(due_at=due_at - (set_at - now), due_set_at=now)
        )
    for statement in (
        update(_items).where(_was_sent_later(now)).values(first_sent_at=now - MAX_AGE),
        update(_items)
        .where(_is_leased_too_long(now))
        .values(leased_until=now + LEASE_DURATION),
        update(_channels)
        .where(_is_too_far(_channels.c.available_at, now + LEASE_DURATION))
        .values(available_at=now + LEASE_DURATION),
        update(_channels)
        .where(
            _is_too_far(_channels.c.available_at, now + MESSAGE_INTERVAL), ~_is_in_use
        )
        .values(available_at=now + MESSAGE_INTERVAL),
        update(_rate_limits)
        .where(_is_too_far(_rate_limits.c.retry_at, now + MAX_RETRY_AFTER))
        .values(retry_at=now + MAX_RETRY_AFTER),
    ):
        session.execute(statement)


def _was_set_later(now: datetime) -> ColumnElement[bool]:
    return and_(_is_waiting, _is_too_far(_items.c.due_set_at, now))


def _was_sent_later(now: datetime) -> ColumnElement[bool]:
    return and_(_is_waiting, _is_too_far(_items.c.first_sent_at, now))


def _is_leased_too_long(now: datetime) -> ColumnElement[bool]:
    return and_(_is_sending, _is_too_far(_items.c.leased_until, now + LEASE_DURATION))


def _is_too_far(
    column: ColumnElement[datetime], latest: datetime
) -> ColumnElement[bool]:
    return column > latest + TOLERANCE
