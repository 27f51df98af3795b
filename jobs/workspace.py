"""Fetch users, and the channels that the bot is in, from Slack."""

import logging
from datetime import timedelta

from bot.runtime import Runtime, Workspace
from bot.settings import service as settings
from bot.slack.api import SlackError
from bot.workspace import job_runs, sync
from jobs.each_workspace import each_workspace_with
from jobs.in_turn import in_turn

log = logging.getLogger(__name__)


# Events tell of changes at once; this finds those that were lost.
SYNC_EVERY = timedelta(hours=12)


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
