"""Retry transactions that fail because of conflicts or lost connections."""

import logging
from collections.abc import Callable, Sequence
from functools import wraps
from time import monotonic
from typing import ParamSpec, TypeVar

from sqlalchemy.exc import DBAPIError

from bot.db.engine import REQUEST_TIMEOUT_SECONDS, lock_timeout_seconds

# After a timeout the batch's changes run one by one, so a lock that still hangs must
# leave the others time.
RETRY_LOCK_TIMEOUT_SECONDS = 0.4


# PostgreSQL's: a deadlock, and a serialization failure.
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
    """Run several items in one transaction; if that fails, each in one of its own.

    Returns each item's error, or None. `run` may be called several times with the same
    item, and starts nothing more after `timeout` seconds.
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
    """Run one item, and again after a conflict, until `until`."""
    for _ in range(MAX_ATTEMPTS):
        if monotonic() > until:
            return error
        token = lock_timeout_seconds.set(RETRY_LOCK_TIMEOUT_SECONDS)
        failure = _run_caught(run, [item])
        lock_timeout_seconds.reset(token)
        if failure is None or not is_retryable(failure):
            return failure
        error = failure
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
    """Return True if a transaction failed through a conflict or a lost connection.

    None of it is stored, or all of it if the connection was lost during the commit: a
    second attempt finds its rows by their keys.
    """
    return isinstance(error, DBAPIError) and (
        error.connection_invalidated
        or getattr(error.orig, "sqlstate", None) in _RETRYABLE_SQLSTATES
    )


def retry_on_conflict(function: Callable[P, T]) -> Callable[P, T]:
    """Return a function that runs again, once, after a conflict.

    Calls to Slack in it must be harmless to repeat.
    """

    @wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return function(*args, **kwargs)
        except DBAPIError as error:
            if not is_retryable(error):
                raise
            log.warning("tried again", exc_info=error)
        return function(*args, **kwargs)

    return run
