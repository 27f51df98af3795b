"""`app.py`: serve a real workspace until told to stop."""

import logging
import sys

from bot.config import Settings, SettingsError
from bot.slack import NotDone, Refused, Unsure
from bot.storage import open_database
from commands.ports import Listening, listen
from commands.running import Backswing

log = logging.getLogger("backswing")


def serve(settings: Settings) -> int:
    # Before anything else begins: what is wrong with it is seen at once.
    with listen(settings.host, settings.port) as listening:
        return _serve(settings, listening)


def _serve(settings: Settings, listening: Listening) -> int:
    database = open_database(settings.database_url)
    try:
        backswing = Backswing(settings, database)
    except (NotDone, Unsure) as error:
        print(f"Slack can't be reached ({error.code}); try again.", file=sys.stderr)
        return 1
    except Refused as error:
        raise SettingsError(
            f"SLACK_BOT_TOKEN is not accepted by Slack ({error.code}): copy it again"
            " from OAuth & Permissions, or reinstall the app."
        ) from None
    backswing.run(
        lambda: log.info("serving", extra={"mode": settings.mode}), listening.sockets
    )
    if backswing.gave_up:
        print(backswing.gave_up, file=sys.stderr)
        return 1
    return 0
