"""The scheduled jobs. Each run queries the database for due work."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from bot.db.retry import retry_on_conflict
from bot.outbox.worker import OutboxWorker
from bot.runtime import Runtime
from jobs import (
    anonymity,
    buddies,
    checkins,
    circle_meetings,
    circles,
    exchange,
    installations,
    knowledge,
    mentors,
    onboarding,
    outbox,
    pairs,
    people,
    privacy,
    program_channels,
    program_leads,
    programs,
    routing,
    worklist,
    workspace,
)
from jobs.scheduler import ScheduledJob


@dataclass(frozen=True, slots=True)
class Job:
    name: str
    run: Callable[[Runtime, OutboxWorker], None]
    every: timedelta


JOBS = (
    Job("wake-outbox-worker", outbox.wake_worker, timedelta(seconds=1)),
    Job("correct-times", outbox.correct_times, timedelta(seconds=5)),
    Job("fetch-new-users", workspace.fetch_new_users, timedelta(seconds=5)),
    Job("refresh-stale-users", workspace.refresh_stale_users, timedelta(minutes=1)),
    Job("start-checkins", checkins.start_rounds, timedelta(seconds=2)),
    Job("reschedule-checkins", checkins.reschedule, timedelta(minutes=1)),
    Job("send-checkin-reminders", checkins.send_reminders, timedelta(seconds=5)),
    Job("close-checkins", checkins.close_rounds, timedelta(seconds=5)),
    Job("update-blockers", checkins.update_blockers, timedelta(seconds=10)),
    Job("read-answers", knowledge.read_answers, timedelta(seconds=2)),
    Job("post-anonymous-asks", anonymity.post_asks, timedelta(seconds=10)),
    Job("tell-anonymous-authors", anonymity.tell_authors, timedelta(minutes=5)),
    Job("post-anonymous-replies", anonymity.post_replies, timedelta(seconds=10)),
    Job("add-channel-members", anonymity.add_channel_members, timedelta(minutes=1)),
    Job("route-asks", routing.route_asks, timedelta(seconds=10)),
    Job("keep-meetings", circle_meetings.keep_meetings, timedelta(seconds=5)),
    Job("notice-newcomers", onboarding.notice_newcomers, timedelta(seconds=20)),
    Job("read-profiles", people.read_profiles, timedelta(minutes=1)),
    Job("match-pairs", pairs.match_pairs, timedelta(minutes=1)),
    Job("suggest-work", worklist.suggest_work, timedelta(seconds=10)),
    Job("check-programs", program_channels.check_programs, timedelta(minutes=1)),
    Job("ask-leads", program_leads.ask_leads, timedelta(minutes=1)),
    Job("ask-silent-members", programs.ask_silent_members, timedelta(minutes=1)),
    Job("form-circles", circles.form_circles, timedelta(seconds=10)),
    Job("pass-on-places", circles.pass_on_places, timedelta(minutes=1)),
    Job("check-circles", circles.check_circles, timedelta(minutes=1)),
    Job("end-seasons", circles.end_seasons, timedelta(minutes=10)),
    Job("find-buddies", buddies.find_buddies, timedelta(minutes=1)),
    Job("end-exchanges", exchange.end_exchanges, timedelta(minutes=1)),
    Job("sync-channels", workspace.sync_channels, timedelta(seconds=2)),
    Job("flush-message-counts", mentors.flush_message_counts, timedelta(seconds=20)),
    Job("detect-mentors", mentors.detect, timedelta(minutes=1)),
    Job("apply-mentor-choices", mentors.apply_consent, timedelta(seconds=15)),
    Job("check-token", installations.check_token, timedelta(minutes=1)),
    Job("purge-expired", privacy.purge_expired, timedelta(minutes=1)),
    Job("purge-short-lived", privacy.purge_short_lived, timedelta(hours=1)),
    Job("truncate-wal", privacy.truncate_wal, timedelta(seconds=20)),
    Job("delete-old-backups", privacy.remove_migration_backup, timedelta(hours=1)),
    Job("erase-deactivated-members", privacy.erase_deactivated, timedelta(hours=1)),
)


def scheduled_jobs(rt: Runtime, worker: OutboxWorker) -> list[ScheduledJob]:
    """Bind the jobs to their arguments; each retries after a database conflict."""
    # It remembers its last run, so each process has its own.
    lost_events = workspace.LostEvents()
    own = Job("notice-lost-events", lost_events, timedelta(seconds=10))
    return [
        ScheduledJob(
            job.name, partial(retry_on_conflict(job.run), rt, worker), job.every
        )
        for job in (*JOBS, own)
    ]
