"""Limit how often something is done."""

import threading
from collections.abc import Callable
from time import monotonic


class RateLimiter:
    """So many a second, after the first few at once; for any thread."""

    def __init__(
        self,
        per_second: float,
        burst: int = 1,
        *,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._interval = 1 / per_second
        self._burst_seconds = burst * self._interval
        self._clock = clock
        self._lock = threading.Lock()
        # When the next turn would come if each had waited for its own moment.
        self._next = clock() - self._burst_seconds

    def __call__(self) -> float:
        """Take a turn, and return in how many seconds it is."""
        with self._lock:
            now = self._clock()
            self._next = self._next_after(now)
            return max(0.0, self._next - now)

    def wait_seconds(self) -> float:
        """Return in how many seconds the next turn is, without taking it."""
        with self._lock:
            now = self._clock()
            return max(0.0, self._next_after(now) - now)

    def _next_after(self, now: float) -> float:
        return max(self._next, now - self._burst_seconds) + self._interval
