"""The scheduler's heartbeat: the time of the last job, and its outcome."""

import threading
from collections.abc import Callable
from time import monotonic

# The most frequent job runs each second.
HEARTBEAT_TIMEOUT = 30


class SchedulerHeartbeat:
    """Records that jobs run; calls `on_run` with each job's name and outcome."""

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
        """Return the reason why jobs can't be expected to run; None if all is well."""
        with self._lock:
            silent = monotonic() - self._last_beat
        return (
            f"no job has run for {silent:.0f} s"
            if silent > self._timeout_seconds
            else None
        )

    def beat(self, job: str, outcome: str) -> None:
        with self._lock:
            self._last_beat = monotonic()
        self._on_run(job, outcome)
