"""Threads for commands, clicks and forms; a busy workspace leaves some to others."""

from collections.abc import Callable
from typing import TypeVar
from weakref import WeakValueDictionary

from anyio import CapacityLimiter, to_thread

T = TypeVar("T")

# Their listeners may wait for Slack.
MAX_DISPATCHERS = 16
# A quarter of the threads is left to other workspaces.
MAX_OF_A_TEAM = MAX_DISPATCHERS * 3 // 4


class Dispatchers:
    """Runs functions in threads, for one event loop. No thread waits for another."""

    def __init__(self, is_shared: Callable[[], bool]) -> None:
        """`is_shared` returns True if there are several workspaces."""
        self._is_shared = is_shared
        self._threads = CapacityLimiter(MAX_DISPATCHERS)
        # A team's limiter lives as long as a request of the team.
        self._by_team = WeakValueDictionary[str, CapacityLimiter]()

    async def run(self, team: str, function: Callable[[], T]) -> T:
        """Run the function in a thread as soon as its team may use another one."""
        if not self._is_shared():
            return await to_thread.run_sync(function, limiter=self._threads)
        share = self._by_team.setdefault(team, CapacityLimiter(MAX_OF_A_TEAM))
        async with share:
            return await to_thread.run_sync(function, limiter=self._threads)
