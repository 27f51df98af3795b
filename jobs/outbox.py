"""The safety net under the deliveries, and the clock for those due later."""

import logging

from bot import corrections, db, lanes
from bot.db import retried
from bot.delivery import Deliverer
from bot.runtime import Runtime

log = logging.getLogger(__name__)


def wake(_rt: Runtime, deliverer: Deliverer) -> None:
    deliverer.wake()


def correct(rt: Runtime, deliverer: Deliverer) -> None:
    """See whether the clock was set back, and correct what then waits too long."""
    _correct(rt)
    deliverer.wake()


@retried
def take_over(rt: Runtime) -> None:
    """Go on where the process before this one has ended, however it ended."""
    _correct(rt)
    with rt.sessions.begin() as session:
        # A file serves one process. On PostgreSQL another replica may be sending.
        if db.dialect(session) == "sqlite":
            lanes.release_all(session, now=rt.clock())


def _correct(rt: Runtime) -> None:
    now = rt.clock()
    with rt.lookups.connect() as connection:
        if not corrections.are_needed(connection, now=now):
            return
    with rt.sessions.begin() as session:
        corrections.make(session, now=now)
    log.warning("times of a clock that was ahead are corrected")
