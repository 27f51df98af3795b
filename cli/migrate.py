"""`app.py migrate`: bring the database up to date."""

import argparse

from bot.config.settings import Settings
from bot.db.open import open_database


def migrate(settings: Settings, _args: argparse.Namespace) -> int:
    open_database(settings.database_url, migrate=True).close()
    print("The database is up to date.")
    return 0
