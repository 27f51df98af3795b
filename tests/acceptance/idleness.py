"""Tell if the bot is idle, so that a test may move its clock."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import func, select

from bot.db.engine import Database
from bot.outbox import queue
from models import Installation, OutboxItem


def is_idle(
    database: Database, now: datetime, *, orphans: Collection[tuple[int, int]] = ()
) -> bool:
    """Return True if nothing is due and no living worker is sending.

    `orphans` are the outbox items, with their attempt, that a dead worker has claimed.
    The outbox is read before and after the query for due work: an item in flight may
    finish in between and enqueue another.
    """
    before, sending = _outbox(database)
    with database.autocommit.connect() as connection:
        served = connection.scalars(select(Installation.id)).all()
        if queue.due_installations(connection, served, now=now):
            return False
    return sending <= set(orphans) and _outbox(database) == (before, sending)


def _outbox(
    database: Database,
) -> tuple[set[tuple[str, int, int]], set[tuple[int, int]]]:
    """Return the items and attempts of each state, and the attempts on their way."""
    of_a_state = select(
        OutboxItem.state, func.count(), func.sum(OutboxItem.attempts)
    ).group_by(OutboxItem.state)
    sending = select(OutboxItem.id, OutboxItem.attempts).filter_by(state="sending")
    with database.read_session() as session:
        counts = {
            (state, count, attempts)
            for state, count, attempts in session.execute(of_a_state)
        }
        return counts, {(id_, attempts) for id_, attempts in session.execute(sending)}
