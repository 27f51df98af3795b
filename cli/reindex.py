"""`app.py reindex`: let every process build its search index anew."""

import argparse

from sqlalchemy.exc import SQLAlchemyError

from bot.clock import utc_now
from bot.config.settings import Settings
from cli.database import current_database
from cli.errors import CommandError
from models import SearchRebuild


def request(settings: Settings, _args: argparse.Namespace) -> int:
    """Record the request; the bot may be running. Raises CommandError."""
    try:
        with (
            current_database(settings, purpose="to index") as database,
            database.write_session.begin() as session,
        ):
            session.add(SearchRebuild(requested_at=utc_now(), reason="operator"))
    except SQLAlchemyError as error:
        raise CommandError(f"The request failed ({error}).") from None
    print(
        "A running bot builds its search index now; otherwise the next start does."
        " `app.py doctor` shows when it is done."
    )
    return 0
