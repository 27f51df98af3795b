"""`app.py after-restore`: prepare a restored copy of the database for the bot."""

import argparse

from sqlalchemy.exc import SQLAlchemyError

from bot.config.settings import Settings
from bot.outbox import queue
from bot.search import replicas
from cli.database import current_database
from cli.errors import CommandError


def prepare(settings: Settings, _args: argparse.Namespace) -> int:
    """Mark messages that waited in the copy. Raises CommandError and SettingsError."""
    try:
        with (
            current_database(settings, purpose="to prepare") as database,
            database.write_session.begin() as session,
        ):
            count = queue.mark_unconfirmed(session)
            # These processes followed the database that was lost.
            replicas.forget_all(session)
    except SQLAlchemyError as error:
        raise CommandError(
            f"The database failed ({type(error).__name__}). Nothing has changed."
        ) from None
    print(
        f"Messages that waited in the copy: {count}. The bot looks for each in Slack"
        " before it sends it."
    )
    return 0
