"""Rate limits: calls per minute by method, and one post per second and channel."""

from collections import defaultdict, deque
from collections.abc import Callable
from datetime import datetime, timedelta
from math import ceil

_MINUTE = timedelta(minutes=1)
_SECOND = timedelta(seconds=1)


class RateLimits:
    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._calls: dict[str, deque[datetime]] = defaultdict(deque)
        self._posts: dict[str, datetime] = {}

    def seconds_to_wait(self, method: str, per_minute: int, channel: str | None) -> int:
        """Count the call and return 0, or return the seconds to wait instead."""
        now = self._clock()
        calls = self._calls[method]
        while calls and now - calls[0] >= _MINUTE:
            calls.popleft()
        if len(calls) >= per_minute:
            return max(1, ceil((calls[0] + _MINUTE - now).total_seconds()))
        if channel is not None:
            last = self._posts.get(channel)
            if last is not None and now - last < _SECOND:
                return 1
            self._posts[channel] = now
        calls.append(now)
        return 0
