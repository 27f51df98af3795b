"""The scheduler's heartbeat: the time of the last job, and its outcome."""

import threading
from collections.abc import Callable
from time import monotonic

# Seconds; the most frequent job runs once a second.
HEARTBEAT_TIMEOUT = 30


class SchedulerHeartbeat:
    """Records job runs, and calls `on_run` with each job's name and outcome."""

    def __init__(
        self,
        on_run: Callable[[str, str], None],
        *,
        timeout_seconds: float = HEARTBEAT_TIMEOUT,
    ) -> None:
        self._on_run = on_run
        self._timeout_seconds = timeout_seconds
        self._lock = threading.Lock()
        self._last_beat = monotonic()

    def stalled_reason(self) -> str | None:
        """Return the reason if no job has run for too long, else None."""
        with self._lock:
            seconds = monotonic() - self._last_beat
        if seconds <= self._timeout_seconds:
            return None
        return f"no job has run for {seconds:.0f} s"

    def beat(self, job: str, outcome: str) -> None:
        with self._lock:
            self._last_beat = monotonic()
        self._on_run(job, outcome)
