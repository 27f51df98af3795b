"""Run jobs periodically with APScheduler, even if the system clock changes."""

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from apscheduler.events import EVENT_JOB_ERROR, EVENT_JOB_EXECUTED, JobExecutionEvent
from apscheduler.schedulers.blocking import BlockingScheduler
from apscheduler.triggers.interval import IntervalTrigger

from bot.clock import utc_now

# Time servers slow a clock down in smaller steps; a larger one is a changed clock.
_MIN_STEP_SECONDS = 1
_WATCH_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class ScheduledJob:
    """A function with its interval."""

    name: str
    run: Callable[[], None]
    every: timedelta


class _SkippingIntervalTrigger(IntervalTrigger):  # type: ignore[misc]
    """A trigger that skips the runs missed in a pause.

    APScheduler would iterate over them all: millions if a machine slept for weeks, or
    started with a clock of 1970.
    """

    def get_next_fire_time(
        self, previous_fire_time: datetime | None, now: datetime
    ) -> datetime:
        following: datetime = super().get_next_fire_time(previous_fire_time, now)
        return following if following > now else now + self.interval


class Scheduler:
    """Runs the jobs; a job's next run does the work of missed ones.

    APScheduler plans by the system clock, and would do nothing for two hours if that is
    set back by two hours. A thread compares it with a monotonic clock, and reschedules
    every job after such a step.
    """

    def __init__(
        self,
        jobs: Iterable[ScheduledJob],
        on_run: Callable[[str, str], None],
        *,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        """Take a function that is called with each run job's name and outcome.

        The outcome is "done" or "failed".
        """
        self._on_run = on_run
        self._clock = clock
        self.scheduler = BlockingScheduler(timezone=UTC)
        for job in jobs:
            self.scheduler.add_job(
                job.run,
                # Without a zone APScheduler would look up the machine's.
                _SkippingIntervalTrigger(
                    seconds=job.every.total_seconds(), timezone=UTC
                ),
                id=job.name,
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
        """Start no more jobs, and wait up to `seconds` for running ones."""
        self._stopping = True
        if self.scheduler.running:
            ending = threading.Thread(target=self.scheduler.shutdown, daemon=True)
            ending.start()
            ending.join(seconds)

    def _on_event(self, event: JobExecutionEvent) -> None:
        self._on_run(event.job_id, "failed" if event.exception else "done")

    def _watch(self) -> None:
        offset = self._clock_offset()
        while not self._stopping:
            # Not `Event.wait`: with an older C library it waits by the system clock.
            time.sleep(_WATCH_SECONDS)
            last_offset, offset = offset, self._clock_offset()
            if offset < last_offset - _MIN_STEP_SECONDS:
                for job in self.scheduler.get_jobs():
                    job.modify(next_run_time=utc_now())

    def _clock_offset(self) -> float:
        """Return the difference between the system clock and the monotonic clock."""
        return self._clock().timestamp() - time.monotonic()
