"""Commit together what several threads want to change at the same time."""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from bot.db import together

T = TypeVar("T")

# One transaction is not to take long.
MOST_AT_ONCE = 64


@dataclass(slots=True, eq=False)
class _Ticket(Generic[T]):
    change: T
    is_done: bool = False
    error: Exception | None = None


class Gathered(Generic[T]):
    """For SQLite, which has one writer, and waits for the disk at each commit.

    A thread that comes while another one commits waits, and the next one commits for
    all who wait.
    """

    def __init__(self, make: Callable[[Sequence[T]], None]) -> None:
        """`make` makes changes in one transaction, perhaps several times."""
        self._make = make
        self._waiting: deque[_Ticket[T]] = deque()
        self._lock = threading.Lock()

    def make(self, change: T) -> None:
        """Return when the change is committed; raises what kept it from being so."""
        ticket = _Ticket(change)
        self._waiting.append(ticket)
        with self._lock:
            # Those who came before are served first, and only so many at a time.
            while not ticket.is_done:
                self._make_all()
        if ticket.error is not None:
            raise ticket.error

    def _make_all(self) -> None:
        count = min(len(self._waiting), MOST_AT_ONCE)
        batch = [self._waiting.popleft() for _ in range(count)]
        errors = together(self._make, [ticket.change for ticket in batch])
        for ticket, error in zip(batch, errors, strict=True):
            ticket.error, ticket.is_done = error, True
