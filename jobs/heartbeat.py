"""The scheduler's heartbeat: how long ago jobs ran, and whether they went well."""

import threading
from collections.abc import Callable
from time import monotonic

# The most frequent job runs each second.
HEARTBEAT_TIMEOUT = 30


class SchedulerHeartbeat:
    """Whether jobs are run; `ran` is told of each, and whether it went well."""

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
        """Why nothing can be expected from the clock; None where all is well."""
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
