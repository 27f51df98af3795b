"""Run jobs again and again, by a clock that nobody can set."""

import logging
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

log = logging.getLogger(__name__)

# No job runs more often than each second.
LOOK_SECONDS = 0.1
THREADS = 10


@dataclass(frozen=True, slots=True)
class Tick:
    """A function to call every so often."""

    name: str
    run: Callable[[], None]
    every: timedelta


@dataclass(slots=True)
class _Turn:
    tick: Tick
    due: float
    running: Future[None] | None = None

    @property
    def is_running(self) -> bool:
        return self.running is not None and not self.running.done()


class Ticker:
    """Starts what is due, in threads of its own; nothing runs twice at the same time.

    The time of day plays no part: where that is set back by two hours, schedulers
    that go by it do nothing for two hours.
    """

    def __init__(
        self,
        ticks: Iterable[Tick],
        ran: Callable[[str, str], None],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`ran` is told the name of each job that has run, and `done` or `failed`."""
        self._ran = ran
        self._clock = clock
        now = clock()
        self._turns = [_Turn(tick, now + tick.every.total_seconds()) for tick in ticks]
        self._pool = ThreadPoolExecutor(THREADS, "job")
        self._stopping = False
        self._thread = threading.Thread(target=self._watch, name="ticker", daemon=True)

    @property
    def is_running(self) -> bool:
        return self._thread.is_alive()

    def start(self) -> None:
        self._thread.start()

    def stop(self, seconds: float) -> None:
        """Start nothing more, and wait for what runs; it may outlive the waiting."""
        self._stopping = True
        if self._thread.is_alive():
            self._thread.join(seconds)
        waiting = threading.Thread(target=self._pool.shutdown, daemon=True)
        waiting.start()
        waiting.join(seconds)

    def start_due(self) -> None:
        """Start each job whose turn it is. A missed turn is not made up for."""
        now = self._clock()
        for turn in self._turns:
            if turn.due <= now and not turn.is_running:
                turn.due = now + turn.tick.every.total_seconds()
                turn.running = self._pool.submit(turn.tick.run)
                turn.running.add_done_callback(partial(self._end, turn.tick.name))

    def _watch(self) -> None:
        while not self._stopping:
            self.start_due()
            # Not `Event.wait`: where Python was built for an older C library, that
            # waits for a time of day.
            time.sleep(LOOK_SECONDS)

    def _end(self, name: str, run: Future[None]) -> None:
        error = run.exception()
        if error is not None:
            # The next turn may go well, and the other jobs are not to blame.
            log.error("job failed", extra={"job": name}, exc_info=error)
        self._ran(name, "failed" if error else "done")
