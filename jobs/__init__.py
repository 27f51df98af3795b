"""The clock did something. What is due is always a question for the database."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from time import monotonic

from bot.db import retry_on_conflict
from bot.delivery import OutboxWorker
from bot.runtime import Runtime
from jobs import (
    checkins,
    facts,
    installations,
    mentors,
    outbox,
    privacy,
    sharing,
)
from jobs.ticker import ScheduledJob


@dataclass(frozen=True, slots=True)
class Job:
    name: str
    run: Callable[[Runtime, OutboxWorker], None]
    every: timedelta


JOBS = (
    Job("wake the deliveries", outbox.wake_worker, timedelta(seconds=1)),
    Job(
        "see whether the clock was set back", outbox.correct_times, timedelta(seconds=5)
    ),
    Job("meet people", facts.fetch_new_users, timedelta(seconds=5)),
    Job("look people up again", facts.refresh_stale_users, timedelta(minutes=1)),
    Job("start check-ins", checkins.start_rounds, timedelta(seconds=2)),
    Job("plan check-ins again", checkins.reschedule, timedelta(hours=1)),
    Job("nudge people to share", sharing.send_reminders, timedelta(seconds=5)),
    Job("close check-ins", sharing.close_rounds, timedelta(seconds=5)),
    Job("follow what people asked", sharing.update_blockers, timedelta(seconds=10)),
    Job("see where the bot is", facts.sync_channels, timedelta(hours=12)),
    Job(
        "write message counts down", mentors.flush_message_counts, timedelta(seconds=20)
    ),
    Job("look for mentors", mentors.detect, timedelta(seconds=15)),
    Job("follow mentors' choices", mentors.apply_consent, timedelta(seconds=15)),
    Job("forget old message counts", mentors.purge_message_counts, timedelta(hours=12)),
    Job(
        "see whether our token works",
        installations.check_token,
        timedelta(minutes=5),
    ),
    Job("forget what led nowhere", privacy.purge_expired, timedelta(hours=1)),
    Job("empty the database's log", privacy.truncate_wal, timedelta(seconds=20)),
    Job("remove old copies", privacy.remove_migration_backup, timedelta(hours=1)),
    Job("forget who has left", privacy.erase_deactivated, timedelta(hours=1)),
)


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


def scheduled_jobs(rt: Runtime, worker: OutboxWorker) -> list[ScheduledJob]:
    """Each job, with what it is handed; it is tried again where it was given up."""
    return [
        ScheduledJob(
            job.name, partial(retry_on_conflict(job.run), rt, worker), job.every
        )
        for job in JOBS
    ]
