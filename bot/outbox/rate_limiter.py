"""A rate limiter for calls, by the generic cell rate algorithm (GCRA)."""

import threading
from collections.abc import Callable
from time import monotonic


class RateLimiter:
    """Allows `per_second` turns a second, and `burst` turns at once. Thread-safe."""

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
        # The time of the last turn if turns were evenly spaced (GCRA's arrival time).
        self._next = clock() - self._burst_seconds

    def __call__(self) -> float:
        """Take a turn, and return the seconds to wait before it."""
        with self._lock:
            now = self._clock()
            self._next = self._next_after(now)
            return max(0.0, self._next - now)

    def wait_seconds(self) -> float:
        """Return the seconds until the next turn, without taking it."""
        with self._lock:
            now = self._clock()
            return max(0.0, self._next_after(now) - now)

    def _next_after(self, now: float) -> float:
        return max(self._next, now - self._burst_seconds) + self._interval
