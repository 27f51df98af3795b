"""Wake the outbox worker for messages that are due, and correct times and leases."""

import logging

from bot.db import statements
from bot.db.retry import retry_on_conflict
from bot.outbox import clock_correction, queue
from bot.outbox.worker import OutboxWorker
from bot.runtime import Runtime

log = logging.getLogger(__name__)


def wake_worker(_rt: Runtime, worker: OutboxWorker) -> None:
    worker.wake()


def correct_times(rt: Runtime, worker: OutboxWorker) -> None:
    """Correct due times that are too late after the clock was set back."""
    _correct_times(rt)
    worker.wake()


@retry_on_conflict
def release_leases(rt: Runtime) -> None:
    """Release the leases of deliveries that the previous process left unfinished."""
    _correct_times(rt)
    with rt.write_session.begin() as session:
        # Only one process uses an SQLite file; on PostgreSQL a replica may be sending.
        if statements.dialect_name(session) == "sqlite":
            queue.release_leases(session, now=rt.clock())


def _correct_times(rt: Runtime) -> None:
    now = rt.clock()
    with rt.autocommit.connect() as connection:
        if not clock_correction.is_needed(connection, now=now):
            return
    with rt.write_session.begin() as session:
        clock_correction.apply(session, now=now)
    log.warning("times from a clock that was ahead corrected")
