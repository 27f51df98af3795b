"""`app.py reindex`: let every process build its search index anew."""

import argparse

from sqlalchemy.exc import SQLAlchemyError

from bot.clock import utc_now
from bot.config.settings import Settings
from bot.db import engine
from bot.db.open import require_current_schema
from bot.errors import SettingsError
from cli.errors import CommandError
from models import SearchRebuild


def request(settings: Settings, _args: argparse.Namespace) -> int:
    """Record the request; the bot may be running. Raises CommandError."""
    try:
        parsed = engine.parse_url(settings.database_url)
    except (ValueError, SQLAlchemyError):
        raise SettingsError("DATABASE_URL is not a valid address.") from None
    file = engine.sqlite_file(parsed)
    if file is not None and not file.exists():
        raise CommandError(f"{file.name} does not exist, so there is nothing to index.")
    database = engine.connect(parsed)
    try:
        require_current_schema(database.autocommit)
        with database.write_session.begin() as session:
            session.add(SearchRebuild(requested_at=utc_now(), reason="operator"))
    except SQLAlchemyError as error:
        raise CommandError(f"The request failed ({error}).") from None
    finally:
        database.close()
    print(
        "A running bot builds its search index now; otherwise the next start does."
        " `app.py doctor` shows when it is done."
    )
    return 0
