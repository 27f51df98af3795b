"""Run jobs again and again with APScheduler, also where somebody sets the clock."""

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from apscheduler.events import EVENT_JOB_ERROR, EVENT_JOB_EXECUTED, JobExecutionEvent
from apscheduler.schedulers.blocking import BlockingScheduler
from apscheduler.triggers.interval import IntervalTrigger

from bot.clock import utc_now

# The clock was set back by more than this, rather than slowed down.
_MIN_STEP_SECONDS = 1
_WATCH_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class ScheduledJob:
    """A function to call every so often."""

    name: str
    run: Callable[[], None]
    every: timedelta


class _SkippingIntervalTrigger(IntervalTrigger):  # type: ignore[misc]
    """Goes on from now after a pause, whose turns APScheduler would count one by one.

    They are millions where a machine slept for weeks, or began with a clock of 1970.
    """

    def get_next_fire_time(
        self, previous_fire_time: datetime | None, now: datetime
    ) -> datetime:
        following: datetime = super().get_next_fire_time(previous_fire_time, now)
        return following if following > now else now + self.interval


class Scheduler:
    """Ticks only: kept in memory, and a tick missed is made up for by the next.

    APScheduler plans by the time of day. Where that is set back by two hours it would
    do nothing for two hours: so a thread that goes by a clock which nobody can set
    looks for that, and plans everything anew.
    """

    def __init__(
        self,
        jobs: Iterable[ScheduledJob],
        on_run: Callable[[str, str], None],
        *,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        """`ran` is told the name of each job that has run, and `done` or `failed`."""
        self._on_run = on_run
        self._clock = clock
        self.scheduler = BlockingScheduler(timezone=UTC)
        for tick in jobs:
            self.scheduler.add_job(
                tick.run,
                # Without a zone it would ask for the machine's.
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
        """Start nothing more, and wait for what runs; it may outlive the waiting."""
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
            # Not `Event.wait`: where Python was built for an older C library, that
            # waits for a time of day.
            time.sleep(_WATCH_SECONDS)
            before, ahead = ahead, self._clock_offset()
            if ahead < before - _MIN_STEP_SECONDS:
                for job in self.scheduler.get_jobs():
                    job.modify(next_run_time=utc_now())

    def _clock_offset(self) -> float:
        """Return by how much the time of day is ahead of the clock that only runs."""
        return self._clock().timestamp() - time.monotonic()
