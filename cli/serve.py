"""`app.py`: serve a real workspace until stopped."""

import logging
import time

from sqlalchemy.exc import SQLAlchemyError

from bot.config.settings import Settings
from bot.db.engine import Database
from bot.db.open import describe_failure, open_database
from bot.errors import SettingsError
from bot.slack.api import RateLimited, Rejected, SlackError
from cli.app import Application, handle_signals
from cli.ports import ListeningSockets, listen
from cli.systemd import Systemd, status
from cli.waiting import WaitingServer

log = logging.getLogger("backswing")

# The longest pause between two attempts to reach Slack.
MAX_PAUSE_SECONDS = 60.0


def serve(settings: Settings) -> int:
    # The port first: a problem with it shows at once.
    with listen(settings.host, settings.port) as listening:
        return _serve(settings, listening)


def _serve(settings: Settings, listening: ListeningSockets) -> int:
    database = open_database(settings.database_url)
    # The next step may take long, until Slack answers.
    handle_signals()
    try:
        with WaitingServer(listening) as waiting:
            backswing = _connect(settings, database, waiting)
    except Rejected as error:
        raise SettingsError(
            f"Slack does not accept SLACK_BOT_TOKEN ({error.code}). Copy it again"
            " from OAuth & Permissions, or reinstall the app."
        ) from None
    except SQLAlchemyError as error:
        raise SettingsError(f"DATABASE_URL: {describe_failure(error)}") from None
    return backswing.run(
        lambda: log.info("serving", extra={"mode": settings.mode}), listening.sockets
    )


def _connect(
    settings: Settings, database: Database, waiting: WaitingServer
) -> Application:
    """Retry until Slack answers. Raises Rejected if it does not accept the token."""
    systemd = Systemd(settings.notify_socket)
    pause = 1.0
    while True:
        try:
            return Application(settings, database)
        except Rejected:
            raise
        except SlackError as error:
            seconds = error.retry_after if isinstance(error, RateLimited) else pause
            details = {"error": error.code, "seconds": seconds}
            log.warning("waiting for Slack", extra=details)
            systemd.notify(status(f"Waiting for Slack ({error.code})"))
            waiting.explain(f"waiting for Slack ({error.code})")
        time.sleep(seconds)
        pause = min(pause * 2, MAX_PAUSE_SECONDS)
