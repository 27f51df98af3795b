"""Run jobs periodically with APScheduler, even if the system clock is changed."""

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from apscheduler.events import EVENT_JOB_ERROR, EVENT_JOB_EXECUTED, JobExecutionEvent
from apscheduler.schedulers.blocking import BlockingScheduler
from apscheduler.triggers.interval import IntervalTrigger

from bot.clock import utc_now

# A larger step back is a changed clock, not a slowed one.
_MIN_STEP_SECONDS = 1
_WATCH_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class ScheduledJob:
    """A function with its interval."""

    name: str
    run: Callable[[], None]
    every: timedelta


class _SkippingIntervalTrigger(IntervalTrigger):  # type: ignore[misc]
    """A trigger that skips the runs missed in a pause; APScheduler would count each.

    They are millions if a machine slept for weeks, or started with a clock of 1970.
    """

    def get_next_fire_time(
        self, previous_fire_time: datetime | None, now: datetime
    ) -> datetime:
        following: datetime = super().get_next_fire_time(previous_fire_time, now)
        return following if following > now else now + self.interval


class Scheduler:
    """Run jobs from memory; the next run makes up for missed ones.

    APScheduler plans by the system clock. If that is set back by two hours, it would do
    nothing for two hours: a thread with a monotonic clock detects this and reschedules
    every job.
    """

    def __init__(
        self,
        jobs: Iterable[ScheduledJob],
        on_run: Callable[[str, str], None],
        *,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        """Call `on_run` with the name of each job that ran, and `done` or `failed`."""
        self._on_run = on_run
        self._clock = clock
        self.scheduler = BlockingScheduler(timezone=UTC)
        for tick in jobs:
            self.scheduler.add_job(
                tick.run,
                # Without a zone APScheduler would look for the machine's.
                _SkippingIntervalTrigger(
                    seconds=tick.every.total_seconds(), timezone=UTC
                ),
                id=tick.name,
                coalesce=True,
                max_instances=1,
                misfire_grace_time=None,
            )
        self.scheduler.add_listener(
            self._on_event, EVENT_JOB_EXECUTED | EVENT_JOB_ERROR
        )
        self._stopping = False
        self._threads = [
            threading.Thread(target=self.scheduler.start, name="ticker", daemon=True),
            threading.Thread(target=self._watch, name="ticker-watch", daemon=True),
        ]

    @property
    def is_running(self) -> bool:
        return all(thread.is_alive() for thread in self._threads)

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self, seconds: float) -> None:
        """Start nothing more, and wait up to `seconds` for running jobs."""
        self._stopping = True
        if self.scheduler.running:
            ending = threading.Thread(target=self.scheduler.shutdown, daemon=True)
            ending.start()
            ending.join(seconds)

    def _on_event(self, event: JobExecutionEvent) -> None:
        self._on_run(event.job_id, "failed" if event.exception else "done")

    def _watch(self) -> None:
        ahead = self._clock_offset()
        while not self._stopping:
            # Not `Event.wait`: in a Python built for an older C library that waits for
            # a time of day.
            time.sleep(_WATCH_SECONDS)
            before, ahead = ahead, self._clock_offset()
            if ahead < before - _MIN_STEP_SECONDS:
                for job in self.scheduler.get_jobs():
                    job.modify(next_run_time=utc_now())

    def _clock_offset(self) -> float:
        """Return by how much the time of day is ahead of the clock that only runs."""
        return self._clock().timestamp() - time.monotonic()
