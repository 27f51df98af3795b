"""Choose the workspace whose message is sent next."""

import threading
from collections import Counter
from collections.abc import Callable, Collection

from bot.outbox.rate_limiter import RateLimiter


class Turns:
    """Shares the worker's threads among workspaces, each with its own rate limit.

    Thread-safe. A workspace is given by the id of its installation.
    """

    def __init__(self, new_rate_limiter: Callable[[], RateLimiter] | None) -> None:
        """`new_rate_limiter` makes a workspace's rate limiter; None: no limit."""
        self._new_rate_limiter = new_rate_limiter
        self._lock = threading.Lock()
        self._limiters: dict[int, RateLimiter] = {}
        self._in_flight: Counter[int] = Counter()
        # The number of each workspace's last turn.
        self._last_turn: Counter[int] = Counter()
        self._turn_count = 0

    def take(self, due: Collection[int], max_in_flight: int | None) -> int | None:
        """Begin a turn of one of the workspaces in `due`; None if each has to wait.

        1. A workspace has at most `max_in_flight` turns at a time, and not more than
           its rate limiter allows.
        2. The workspace with the fewest turns in flight comes first; among equals, the
           one whose last turn was the longest ago.
        """
        with self._lock:
            ready = [
                workspace
                for workspace in self._below(due, max_in_flight)
                if self._wait_seconds(workspace) <= 0
            ]
            if not ready:
                return None
            next_workspace = min(
                ready,
                key=lambda id_: (self._in_flight[id_], self._last_turn[id_], id_),
            )
            if next_workspace in self._limiters:
                self._limiters[next_workspace]()
            self._turn_count += 1
            self._last_turn[next_workspace] = self._turn_count
            self._in_flight[next_workspace] += 1
            return next_workspace

    def end(self, workspace: int) -> None:
        with self._lock:
            self._in_flight[workspace] -= 1

    def wait_seconds(
        self, due: Collection[int], max_in_flight: int | None
    ) -> float | None:
        """Return the seconds until one of the workspaces may have a turn.

        None if each of them has to wait for the end of a turn in flight.
        """
        with self._lock:
            below = self._below(due, max_in_flight)
            return min(map(self._wait_seconds, below), default=None)

    def _below(
        self, due: Collection[int], max_in_flight: int | None
    ) -> Collection[int]:
        if max_in_flight is None:
            return due
        return [each for each in due if self._in_flight[each] < max_in_flight]

    def _wait_seconds(self, workspace: int) -> float:
        if self._new_rate_limiter is None:
            return 0.0
        if workspace not in self._limiters:
            self._limiters[workspace] = self._new_rate_limiter()
        return self._limiters[workspace].wait_seconds()
