"""`app.py`: serve a real workspace until told to stop."""

import logging
import time

from sqlalchemy.exc import SQLAlchemyError

from bot.config import Settings, SettingsError
from bot.db import Database
from bot.slack import RateLimited, Refused, SlackError
from bot.storage import open_database, unusable
from commands.ports import Listening, listen
from commands.running import Backswing, leave_when_told

log = logging.getLogger("backswing")

# Between two attempts to meet Slack.
LONGEST_PAUSE = 60.0


def serve(settings: Settings) -> int:
    # Before anything else begins: what is wrong with it is seen at once.
    with listen(settings.host, settings.port) as listening:
        return _serve(settings, listening)


def _serve(settings: Settings, listening: Listening) -> int:
    database = open_database(settings.database_url)
    # It may take a while until Slack answers.
    leave_when_told()
    try:
        backswing = _meet(settings, database)
    except Refused as error:
        raise SettingsError(
            f"SLACK_BOT_TOKEN is not accepted by Slack ({error.code}): copy it again"
            " from OAuth & Permissions, or reinstall the app."
        ) from None
    except SQLAlchemyError as error:
        raise SettingsError(f"DATABASE_URL: {unusable(error)}") from None
    return backswing.run(
        lambda: log.info("serving", extra={"mode": settings.mode}), listening.sockets
    )


def _meet(settings: Settings, database: Database) -> Backswing:
    """Try until Slack says who we are. Raises Refused where it knows no such token."""
    pause = 1.0
    while True:
        try:
            return Backswing(settings, database)
        except Refused:
            raise
        except SlackError as error:
            seconds = error.seconds if isinstance(error, RateLimited) else pause
            seen = {"error": error.code, "seconds": seconds}
            log.warning("waiting for Slack", extra=seen)
        time.sleep(seconds)
        pause = min(pause * 2, LONGEST_PAUSE)
