"""Whether the bot has come to rest, so that a test may move its clock."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select

from bot.db.engine import Database
from bot.outbox import queue
from models import Installation, OutboxItem


def is_idle(
    database: Database, now: datetime, *, orphans: Collection[tuple[int, int]] = ()
) -> bool:
    """Nothing is due, and nothing is being sent that a living worker has claimed.

    `orphans`: promises, and of which attempt, whose worker is dead. The outbox is read
    before and after it is asked what is due: in between what was sent may be done, and
    something new promised.
    """
    before = _outbox_states(database)
    with database.autocommit.connect() as connection:
        served = connection.scalars(select(Installation.id)).all()
        if queue.due_installations(connection, served, now=now):
            return False
    held = {(id_, attempts) for id_, attempts, state in before if state == "sending"}
    return held <= set(orphans) and _outbox_states(database) == before


def _outbox_states(database: Database) -> set[tuple[int, int, str]]:
    with database.read_session() as session:
        rows = session.execute(
            select(OutboxItem.id, OutboxItem.attempts, OutboxItem.state)
        )
        return {(row.id, row.attempts, row.state) for row in rows}
