"""Ask Slack about people we have met, and where the bot is a member."""

import logging

from bot import sync
from bot.outbox.worker import OutboxWorker
from bot.runtime import Runtime
from bot.settings import service as settings
from bot.slack.api import SlackError

log = logging.getLogger(__name__)


def fetch_new_users(rt: Runtime, _worker: OutboxWorker) -> None:
    sync.fetch_new_users(rt)


def refresh_stale_users(rt: Runtime, _worker: OutboxWorker) -> None:
    sync.refresh_stale_users(rt)


def sync_channels(rt: Runtime, _worker: OutboxWorker) -> None:
    sync_bot_channels(rt)


def sync_bot_channels(rt: Runtime) -> None:
    """See where the bot is, and begin where nobody has said that it came.

    What Slack does not tell now it tells later; what it does not take, it refuses.
    """
    try:
        sync.sync_channels(rt)
    except SlackError as error:
        log.warning("channels not seen", extra={"error": error.code})
        return
    with rt.write(rt.workspace) as tx:
        settings.apply_missed_channel_defaults(tx)
