"""Fetch users, and the channels that the bot is in, from Slack."""

import logging
from datetime import datetime, timedelta

from sqlalchemy import select

from bot.clock import Clock, utc_now
from bot.outbox.worker import OutboxWorker
from bot.runtime import Runtime, Workspace
from bot.settings import service as settings
from bot.slack.api import SlackError
from bot.workspace import job_runs, sync
from jobs.each_workspace import each_workspace_with
from jobs.in_turn import in_turn

log = logging.getLogger(__name__)


# Events tell of changes at once; this finds those that were lost.
SYNC_EVERY = timedelta(hours=12)
# Slack delivers an event again at once, after a minute, and after five.
RETRIED_FOR = timedelta(minutes=5)


class LostEvents:
    """Has all channels fetched again if events were lost while the process ran.

    Slack gave them up because the database could not be reached, or because the machine
    slept. Several replicas may notice it: what one has just fetched is left alone.
    """

    def __init__(self, real_clock: Clock = utc_now) -> None:
        """Take a clock that does not travel, as the sandbox's does."""
        self._real_clock = real_clock
        self._last_at: datetime | None = None

    def __call__(self, rt: Runtime, _worker: OutboxWorker) -> None:
        now = self._real_clock()
        with rt.autocommit.connect() as connection:
            connection.execute(select(1))
        last_at = self._last_at
        if last_at is not None and now - last_at > RETRIED_FOR:
            # Another replica may have fetched some before the last lost event.
            since = rt.clock() - RETRIED_FOR
            with rt.write_session.begin() as session:
                job_runs.ask_all_again(
                    session, job_runs.SYNC_CHANNELS, every=SYNC_EVERY, since=since
                )
            log.warning("events may be lost: fetching all channels again")
        self._last_at = now


def sync_bot_channels(rt: Runtime, workspace: Workspace) -> bool:
    """Fetch the channels that the bot is in, and apply defaults to new ones.

    Returns False if Slack did not answer.
    """
    try:
        sync.sync_channels(rt, workspace)
    except SlackError as error:
        log.warning("channels not fetched", extra={"error": error.code})
        return False
    with rt.write(workspace) as tx:
        settings.apply_missed_channel_defaults(tx)
    return True


fetch_new_users = each_workspace_with(sync.new_users)(sync.fetch_new_users)
refresh_stale_users = each_workspace_with(sync.stale_users)(sync.refresh_stale_users)
sync_channels = in_turn(
    job_runs.SYNC_CHANNELS,
    every=SYNC_EVERY,
    # Few enough that the process can end meanwhile.
    limit=5,
)(sync_bot_channels)
