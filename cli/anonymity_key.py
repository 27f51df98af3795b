"""The key of asks without a name, and `app.py rotate-anonymity-key`."""

import argparse

from sqlalchemy.exc import SQLAlchemyError

from bot.anonymity import rotation
from bot.anonymity.keys import AnonymityKeys
from bot.clock import utc_now
from bot.config.settings import Settings
from bot.config.tokens import check_key
from cli.database import current_database
from cli.errors import CommandError


def anonymity_keys(settings: Settings) -> AnonymityKeys | None:
    """Return the keys of asks without a name. Raises SettingsError if one is wrong."""
    return AnonymityKeys.of(
        check_key("ANONYMITY_KEY", settings.anonymity_key),
        check_key("ANONYMITY_KEY_PREVIOUS", settings.anonymity_key_previous),
    )


def rotate(settings: Settings, args: argparse.Namespace) -> int:
    """Change the key of the database. Raises CommandError and SettingsError."""
    keys = anonymity_keys(settings)
    if keys is None:
        raise CommandError("ANONYMITY_KEY is not set.")
    try:
        with current_database(settings, purpose="to change") as database:
            if args.lost:
                count = rotation.lose(database.write_session, keys, now=utc_now())
                print(
                    f"Cut {_links(count)}. The database now has the key"
                    f" {keys.current.fingerprint}. Everyone reads about it on their"
                    " Home tab."
                )
                return 0
            resealed = rotation.rotate(database.write_session, keys, now=utc_now())
    except SQLAlchemyError as error:
        raise CommandError(
            f"It stopped ({error}). Run it again: it goes on where it stopped."
        ) from None
    print(
        f"The database has the key {keys.current.fingerprint}. Sealed"
        f" {_links(resealed.count)} and drafts anew. Keep ANONYMITY_KEY_PREVIOUS set"
        f" for {rotation.PREVIOUS_KEY_FOR.days} days: limits and blocks need it."
    )
    if resealed.dead_count:
        print(f"{_links(resealed.dead_count)} can't be opened with either key.")
    return 0


def _links(count: int) -> str:
    return f"{count} link{'s' * (count != 1)}"
