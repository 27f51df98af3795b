"""Open the database for a command that needs one with the current schema."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import SQLAlchemyError

from bot.config.settings import Settings
from bot.db import engine
from bot.db.engine import Database
from bot.db.open import require_current_schema
from bot.errors import SettingsError
from cli.errors import CommandError


@contextmanager
def current_database(settings: Settings, *, purpose: str) -> Iterator[Database]:
    """Open the database, which the bot may have open, too.

    `purpose` is an infinitive, such as "to export". Raises CommandError for a file that
    does not exist, and for another schema.
    """
    try:
        url = engine.parse_url(settings.database_url)
    except (ValueError, SQLAlchemyError):
        raise SettingsError("DATABASE_URL is not a valid address.") from None
    file = engine.sqlite_file(url)
    if file is not None and not file.exists():
        raise CommandError(
            f"{file.name} does not exist, so there is nothing {purpose}."
        )
    database = engine.connect(url)
    try:
        require_current_schema(database.autocommit)
        yield database
    finally:
        database.close()
