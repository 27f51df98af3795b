"""Choose the workspace whose message is sent next."""

import threading
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from time import monotonic

from bot.outbox.rate_limiter import RateLimiter

# Half of what the worker sends in a workspace: at more than this, it has much to send.
LITTLE_PER_SECOND, LITTLE_BURST = 5, 10


class Turns:
    """Shares the worker's threads among workspaces, each with its own rate limit.

    A candidate is a workspace that may have a message to send now. It is one until its
    turn begins, so that what is enqueued during the turn makes it a candidate again.
    Thread-safe. A workspace is given by the id of its installation.
    """

    def __init__(
        self,
        new_rate_limiter: Callable[[], RateLimiter] | None,
        *,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        """`new_rate_limiter` makes a workspace's rate limiter; None: no limit."""
        self._new_rate_limiter = new_rate_limiter
        self._clock = clock
        self._changed = threading.Condition()
        self._candidates: set[int] = set()
        self._must_ask = False
        self._is_ended = False
        self._limiters: dict[int, RateLimiter] = {}
        # They say whether a workspace sends little.
        self._little: dict[int, RateLimiter] = {}
        self._in_flight: Counter[int] = Counter()
        # The number of each workspace's last turn.
        self._last_turn: Counter[int] = Counter()
        self._turn_count = 0

    def add(self, workspaces: Iterable[int]) -> None:
        """Make the workspaces candidates, and wake a thread for each new one."""
        with self._changed:
            new = {*workspaces} - self._candidates
            self._candidates |= new
            self._changed.notify(len(new))

    def ask_queue(self) -> None:
        """Let one thread ask the queue which workspaces are candidates."""
        with self._changed:
            self._must_ask = True
            self._changed.notify()

    def wait(self, max_in_flight: int) -> bool:
        """Wait until a turn can begin; return True if the queue should be asked first.

        Returns also when the turns have ended.
        """
        with self._changed:
            while not (self._must_ask or self._is_ended):
                seconds = self._seconds_to_turn(max_in_flight)
                if seconds == 0:
                    break
                # It may depend on the time of day, which can be set back. But
                # `ask_queue` is called each second.
                self._changed.wait(seconds)
            must_ask, self._must_ask = self._must_ask, False
            return must_ask

    def take(self, max_in_flight: int) -> int | None:
        """Begin the turn of a candidate; None if each has to wait.

        1. A workspace has at most `max_in_flight` turns at a time, and not more than
           its rate limiter allows.
        2. The workspace with the fewest turns in flight comes first; among equals, the
           one whose last turn was the longest ago.
        """
        with self._changed:
            ready = [
                workspace
                for workspace in self._below(max_in_flight)
                if self._wait_seconds(workspace) == 0
            ]
            if not ready:
                return None
            next_workspace = min(
                ready,
                key=lambda id_: (self._in_flight[id_], self._last_turn[id_], id_),
            )
            self._candidates.remove(next_workspace)
            self._turn_count += 1
            self._last_turn[next_workspace] = self._turn_count
            self._in_flight[next_workspace] += 1
            return next_workspace

    def count_message(self, workspace: int) -> None:
        """Count a message by the workspace's rate limiter: not each turn has one."""
        with self._changed:
            if workspace in self._limiters:
                self._limiters[workspace]()
            little = self._little_of(workspace)
            # Messages of long ago do not count.
            if little.wait_seconds() < LITTLE_BURST / LITTLE_PER_SECOND:
                little()

    def sends_little(self, workspace: int) -> bool:
        """Return True if the workspace sends less than LITTLE_PER_SECOND lately."""
        with self._changed:
            return self._little_of(workspace).wait_seconds() == 0

    def end(self, workspace: int) -> None:
        """End a turn: another one of the workspace may begin."""
        with self._changed:
            self._in_flight -= Counter([workspace])
            if workspace in self._candidates:
                self._changed.notify()

    def forget_all_but(self, workspaces: Iterable[int]) -> None:
        """Forget the workspaces that are no longer served."""
        with self._changed:
            gone = self._limiters.keys() | self._little.keys() | self._last_turn.keys()
            for workspace in gone.difference(workspaces):
                self._limiters.pop(workspace, None)
                self._little.pop(workspace, None)
                self._last_turn.pop(workspace, None)

    def end_all(self) -> None:
        """Let no thread wait any longer."""
        with self._changed:
            self._is_ended = True
            self._changed.notify_all()

    def seconds_to_turn(self, max_in_flight: int) -> float | None:
        """Return the seconds until one of the candidates may have a turn.

        None if each of them has to wait for the end of a turn in flight.
        """
        with self._changed:
            return self._seconds_to_turn(max_in_flight)

    def _seconds_to_turn(self, max_in_flight: int) -> float | None:
        below = self._below(max_in_flight)
        return min(map(self._wait_seconds, below), default=None)

    def _below(self, max_in_flight: int) -> Collection[int]:
        return [
            each for each in self._candidates if self._in_flight[each] < max_in_flight
        ]

    def _little_of(self, workspace: int) -> RateLimiter:
        if workspace not in self._little:
            self._little[workspace] = RateLimiter(
                LITTLE_PER_SECOND, LITTLE_BURST, clock=self._clock
            )
        return self._little[workspace]

    def _wait_seconds(self, workspace: int) -> float:
        if self._new_rate_limiter is None:
            return 0.0
        if workspace not in self._limiters:
            self._limiters[workspace] = self._new_rate_limiter()
        return self._limiters[workspace].wait_seconds()
