"""The key of workspaces' tokens, and `app.py rotate-token-key`."""

import argparse

from sqlalchemy.exc import SQLAlchemyError

from bot.config.many_workspaces import ManyWorkspaces
from bot.config.settings import Settings
from bot.workspace import token_keys
from bot.workspace.token_keys import TokenKey, TokenKeys
from cli.database import current_database
from cli.errors import CommandError


def token_keys_of(many: ManyWorkspaces) -> TokenKeys:
    previous = many.token_key_previous
    return TokenKeys(TokenKey(many.token_key), TokenKey(previous) if previous else None)


def rotate(settings: Settings, args: argparse.Namespace) -> int:
    """Change the key of the database. Raises CommandError and SettingsError."""
    many = settings.many_workspaces
    if many is None:
        raise CommandError("TOKEN_KEY is not set.")
    keys = token_keys_of(many)
    try:
        with current_database(settings, purpose="to change") as database:
            if args.lost:
                count = token_keys.lose(database.write_session, keys)
                print(
                    f"Deleted {_tokens(count)}. The database now has the key"
                    f" {keys.current.fingerprint}. Each workspace has to install the"
                    f" app again: {many.install_url}"
                )
                return 0
            count = token_keys.rotate(database.write_session, keys)
    except SQLAlchemyError as error:
        raise CommandError(f"It changed nothing ({error}). Run it again.") from None
    print(
        f"The database has the key {keys.current.fingerprint}. Sealed {_tokens(count)}"
        " anew. Remove TOKEN_KEY_PREVIOUS, and destroy that key."
    )
    return 0


def _tokens(count: int) -> str:
    return f"{count} token{'s' * (count != 1)}"
