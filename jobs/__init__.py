"""The scheduled jobs. A tick only asks the database for what is due."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from bot.db.retry import retry_on_conflict
from bot.outbox.worker import OutboxWorker
from bot.runtime import Runtime
from jobs import checkins, installations, mentors, outbox, privacy, workspace
from jobs.scheduler import ScheduledJob


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
    Job("meet people", workspace.fetch_new_users, timedelta(seconds=5)),
    Job("look people up again", workspace.refresh_stale_users, timedelta(minutes=1)),
    Job("start check-ins", checkins.start_rounds, timedelta(seconds=2)),
    Job("plan check-ins again", checkins.reschedule, timedelta(hours=1)),
    Job("nudge people to share", checkins.send_reminders, timedelta(seconds=5)),
    Job("close check-ins", checkins.close_rounds, timedelta(seconds=5)),
    Job("follow what people asked", checkins.update_blockers, timedelta(seconds=10)),
    Job("see where the bot is", workspace.sync_channels, timedelta(hours=12)),
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


def scheduled_jobs(rt: Runtime, worker: OutboxWorker) -> list[ScheduledJob]:
    """Bind each job to its arguments; a job retries on a conflict in the database."""
    return [
        ScheduledJob(
            job.name, partial(retry_on_conflict(job.run), rt, worker), job.every
        )
        for job in JOBS
    ]
