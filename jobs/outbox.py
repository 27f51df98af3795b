"""The safety net under the deliveries, and the clock for those due later."""

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
    """See whether the clock was set back, and correct what then waits too long."""
    _correct_times(rt)
    worker.wake()


@retry_on_conflict
def release_leases(rt: Runtime) -> None:
    """Go on where the process before this one has ended, however it ended."""
    _correct_times(rt)
    with rt.write(rt.workspace) as tx:
        # A file serves one process. On PostgreSQL another replica may be sending.
        if statements.dialect_name(tx.session) == "sqlite":
            queue.release_leases(tx.session, now=tx.now)


def _correct_times(rt: Runtime) -> None:
    now = rt.clock()
    with rt.autocommit.connect() as connection:
        if not clock_correction.is_needed(connection, now=now):
            return
    with rt.write(rt.workspace) as tx:
        clock_correction.apply(tx.session, now=now)
    log.warning("times of a clock that was ahead are corrected")
