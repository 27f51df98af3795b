"""Commit the changes of several threads together."""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from bot.db.retry import run_batch

T = TypeVar("T")

# Limits the duration of a transaction.
MAX_BATCH_SIZE = 64


@dataclass(slots=True, eq=False)
class _PendingChange(Generic[T]):
    change: T
    is_done: bool = False
    error: Exception | None = None


class GroupCommit(Generic[T]):
    """Group commits in SQLite, which has one writer and waits for the disk at each.

    Threads that arrive during a commit wait. The first of them then commits the changes
    of all.
    """

    def __init__(self, commit_batch: Callable[[Sequence[T]], None]) -> None:
        """Take a function that applies changes in one transaction; it may run again."""
        self._commit_batch = commit_batch
        self._waiting: deque[_PendingChange[T]] = deque()
        self._lock = threading.Lock()

    def submit(self, change: T) -> None:
        """Return when the change is committed; raise the error that prevents it."""
        ticket = _PendingChange(change)
        self._waiting.append(ticket)
        with self._lock:
            # Earlier changes are committed first, in batches of limited size.
            while not ticket.is_done:
                self._commit_next_batch()
        if ticket.error is not None:
            raise ticket.error

    def _commit_next_batch(self) -> None:
        count = min(len(self._waiting), MAX_BATCH_SIZE)
        batch = [self._waiting.popleft() for _ in range(count)]
        errors = run_batch(self._commit_batch, [ticket.change for ticket in batch])
        for ticket, error in zip(batch, errors, strict=True):
            ticket.error, ticket.is_done = error, True
