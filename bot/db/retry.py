"""Retry transactions that fail by nobody's fault."""

import logging
from collections.abc import Callable, Sequence
from functools import wraps
from time import monotonic
from typing import ParamSpec, TypeVar

from sqlalchemy.exc import DBAPIError

from bot.db.engine import REQUEST_TIMEOUT_SECONDS, lock_timeout_seconds

# After that whoever came with it is served alone, and what still hangs must leave the
# others time for it.
RETRY_LOCK_TIMEOUT_SECONDS = 0.4


# Of PostgreSQL: a deadlock, and two transactions that can't both be as if alone.
_RETRYABLE_SQLSTATES = frozenset({"40P01", "40001"})


MAX_ATTEMPTS = 2


log = logging.getLogger(__name__)


T = TypeVar("T")


P = ParamSpec("P")


def run_batch(
    run: Callable[[Sequence[T]], None],
    items: Sequence[T],
    *,
    timeout: float = REQUEST_TIMEOUT_SECONDS,
) -> list[Exception | None]:
    """Do several things in one transaction; if that fails, each in one of its own.

    What went wrong with each. `do` may run several times for the same thing; it
    begins nothing after `patience` seconds.
    """
    until = monotonic() + timeout
    failed = _run_caught(run, items) if items else None
    if failed is None or (len(items) == 1 and not is_retryable(failed)):
        return [failed for _ in items]
    log.warning("tried again one by one", exc_info=failed)
    return [_run_alone(run, thing, until, failed) for thing in items]


def _run_alone(
    run: Callable[[Sequence[T]], None], item: T, until: float, error: Exception
) -> Exception | None:
    """Once more, and again if it was nobody's fault, as long as somebody waits."""
    for _ in range(MAX_ATTEMPTS):
        if monotonic() > until:
            return error
        hurried = lock_timeout_seconds.set(RETRY_LOCK_TIMEOUT_SECONDS)
        found = _run_caught(run, [item])
        lock_timeout_seconds.reset(hurried)
        if found is None or not is_retryable(found):
            return found
        error = found
    return error


def _run_caught(
    run: Callable[[Sequence[T]], None], items: Sequence[T]
) -> Exception | None:
    try:
        run(items)
    except Exception as error:  # noqa: BLE001 - whoever waits for it is told.
        return error
    return None


def is_retryable(error: Exception) -> bool:
    """Whether a transaction failed by nobody's fault, and can go well at once.

    Nothing of it stands; or all of it, where the connection was lost while it was
    committed. Who does it again finds by their keys the rows that are there.
    """
    return isinstance(error, DBAPIError) and (
        error.connection_invalidated
        or getattr(error.orig, "sqlstate", None) in _RETRYABLE_SQLSTATES
    )


def retry_on_conflict(function: Callable[P, T]) -> Callable[P, T]:
    """`do`, and all of it once more where its transaction was given up.

    What it asks of Slack before must change nothing there.
    """

    @wraps(function)
    def done(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return function(*args, **kwargs)
        except DBAPIError as error:
            if not is_retryable(error):
                raise
            log.warning("tried again", exc_info=error)
        return function(*args, **kwargs)

    return done
