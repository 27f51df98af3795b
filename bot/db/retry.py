"""Retry transactions that fail because of conflicts or lost connections."""

import logging
from collections.abc import Callable, Sequence
from functools import wraps
from time import monotonic
from typing import ParamSpec, TypeVar

from sqlalchemy.exc import DBAPIError

from bot.db.engine import REQUEST_TIMEOUT_SECONDS, lock_timeout_seconds

# After a timeout the batch's changes run one by one. A change that still waits for a
# lock must leave time for the others.
RETRY_LOCK_TIMEOUT_SECONDS = 0.4
# PostgreSQL's codes for a deadlock and a serialization failure.
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
    """Run several items in one transaction; if that fails, run each in its own.

    Returns an error or None for each item. `run` opens and commits the transaction; it
    may be called several times with the same item, but not after `timeout` seconds.
    """
    deadline = monotonic() + timeout
    error = _run_caught(run, items) if items else None
    if error is None or (len(items) == 1 and not is_retryable(error)):
        return [error for _ in items]
    log.warning("tried again one by one", exc_info=error)
    return [_run_alone(run, item, deadline, error) for item in items]


def _run_alone(
    run: Callable[[Sequence[T]], None], item: T, deadline: float, error: Exception
) -> Exception | None:
    """Run one item; after a conflict, run it again if the deadline allows."""
    for _ in range(MAX_ATTEMPTS):
        if monotonic() > deadline:
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
    except Exception as error:  # noqa: BLE001 - the caller handles it
        return error
    return None


def is_retryable(error: Exception) -> bool:
    """Return True if a transaction failed because of a conflict or a lost connection.

    If the connection was lost during the commit, the changes may be stored. The second
    attempt then finds the rows by their keys.
    """
    return isinstance(error, DBAPIError) and (
        error.connection_invalidated
        or getattr(error.orig, "sqlstate", None) in _RETRYABLE_SQLSTATES
    )


def retry_on_conflict(function: Callable[P, T]) -> Callable[P, T]:
    """Decorate a function to run once more after a conflict or a lost connection.

    The function's calls to Slack must be harmless to repeat.
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
