"""Fetch users, and the channels that the bot is in, from Slack."""

import logging

from bot.runtime import Runtime, Workspace
from bot.settings import service as settings
from bot.slack.api import SlackError
from bot.workspace import sync
from jobs.each_workspace import each_workspace, each_workspace_with

log = logging.getLogger(__name__)


def sync_bot_channels(rt: Runtime, workspace: Workspace) -> None:
    """Fetch the channels that the bot is in, and apply defaults to new ones.

    If Slack does not answer, the next run tries again.
    """
    try:
        sync.sync_channels(rt, workspace)
    except SlackError as error:
        log.warning("channels not fetched", extra={"error": error.code})
        return
    with rt.write(workspace) as tx:
        settings.apply_missed_channel_defaults(tx)


fetch_new_users = each_workspace_with(sync.new_users)(sync.fetch_new_users)
refresh_stale_users = each_workspace_with(sync.stale_users)(sync.refresh_stale_users)
sync_channels = each_workspace(sync_bot_channels)
