"""Tell if the bot is idle, so that a test may move its clock."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select

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
    before = _outbox_states(database)
    with database.autocommit.connect() as connection:
        served = connection.scalars(select(Installation.id)).all()
        if queue.due_installations(connection, served, now=now):
            return False
    sending = {(id_, attempts) for id_, attempts, state in before if state == "sending"}
    return sending <= set(orphans) and _outbox_states(database) == before


def _outbox_states(database: Database) -> set[tuple[int, int, str]]:
    with database.read_session() as session:
        rows = session.execute(
            select(OutboxItem.id, OutboxItem.attempts, OutboxItem.state)
        )
        return {(row.id, row.attempts, row.state) for row in rows}
