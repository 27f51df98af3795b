"""`app.py migrate`: bring the database up to date, or say whether it is."""

import argparse

from sqlalchemy.exc import SQLAlchemyError

from bot.clock import utc_now
from bot.config.settings import Settings
from bot.db import engine as db_engine
from bot.db import schema, versions
from bot.db.open import describe_failure, open_database, refuse_newer
from bot.errors import SettingsError
from cli.arguments import version

_DONE = {
    "empty": "The tables were made. The database is up to date.",
    "older": "The tables were migrated. The database is up to date.",
}


def migrate(settings: Settings, args: argparse.Namespace) -> int:
    """Migrate; with `--check` return 1 if that has to be done, and change nothing."""
    if args.check:
        return check(settings.database_url)
    before = _revision_before(settings.database_url)
    database = open_database(settings.database_url, migrate=True)
    with database.write_session.begin() as session:
        versions.record(session, version(), now=utc_now())
    database.close()
    print(_DONE.get(before, "The database is up to date."))
    return 0


def _revision_before(url: str) -> str:
    """Return how the tables compare; "" if they can't be read, which others report."""
    try:
        parsed = db_engine.parse_url(url)
        file = db_engine.sqlite_file(parsed)
        if file is not None and not file.exists():
            return "empty"
        engine = db_engine.open_read_only(parsed)
    except (ValueError, SQLAlchemyError):
        return ""
    try:
        return schema.compare_revision(engine)
    except SQLAlchemyError:
        return ""
    finally:
        engine.dispose()


def check(url: str) -> int:
    """Return 0 if the database has this version's tables, 1 if it has older or none.

    Raises SettingsError if it has newer ones, or can't be read.
    """
    try:
        parsed = db_engine.parse_url(url)
    except (ValueError, SQLAlchemyError):
        raise SettingsError("DATABASE_URL is not a valid address.") from None
    file = db_engine.sqlite_file(parsed)
    if file is not None and not file.exists():
        print("There is no database yet: the next start makes it.")
        return 1
    engine = db_engine.open_read_only(parsed)
    try:
        with engine.connect() as connection:
            last = versions.last(connection)
        revision = schema.compare_revision(engine)
    except SQLAlchemyError as error:
        raise SettingsError(f"DATABASE_URL: {describe_failure(error)}") from None
    finally:
        engine.dispose()
    if revision == "unknown":
        refuse_newer(by=last[0] if last else None)
    if revision == "same":
        print("The database is up to date.")
        return 0
    if revision == "empty":
        print("The database has no tables yet: run `uv run app.py migrate`.")
    else:
        origin = f"version {last[0]}" if last else "an older version"
        print(f"The tables are from {origin}: run `uv run app.py migrate`.")
    return 1
