"""How fast to go: not faster than somebody else can take it."""

import threading
from collections.abc import Callable
from time import monotonic


class RateLimiter:
    """So many a second, after the first few at once; shared by threads."""

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
        # When the next one would come if each had waited for its own moment.
        self._next = clock() - self._burst_seconds

    def __call__(self) -> float:
        """Take a turn; in how many seconds it is."""
        with self._lock:
            now = self._clock()
            self._next = max(self._next, now - self._burst_seconds) + self._interval
            return max(0.0, self._next - now)
