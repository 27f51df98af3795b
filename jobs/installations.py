"""Know whether our token works: stop where it does not, and go on once it does."""

import logging

from bot.outbox.worker import OutboxWorker
from bot.runtime import Runtime
from bot.slack.api import SlackError
from bot.workspace import installations

log = logging.getLogger(__name__)


def check_token(rt: Runtime, _worker: OutboxWorker) -> None:
    try:
        why = installations.check_token(rt.write_session, rt.slack, rt.workspace)
    except SlackError as error:
        log.warning("token not checked", extra={"error": error.code})
        return
    if why:
        log.warning("the token does not work", extra={"error": why})
