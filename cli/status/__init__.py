"""`app.py status`: one screen about the process, its workspaces and its work."""

import argparse
import json
from dataclasses import asdict
from datetime import datetime

from sqlalchemy.exc import SQLAlchemyError

from bot.clock import utc_now
from bot.config.settings import Settings
from bot.db.open import describe_failure
from bot.errors import SettingsError
from cli.database import current_database
from cli.status.figures import read
from cli.status.screen import lines


def show(settings: Settings, args: argparse.Namespace) -> int:
    """Print the status. Raises CommandError and SettingsError."""
    try:
        with current_database(settings, purpose="to show") as database:
            status = read(settings, database, clock=utc_now)
    except SQLAlchemyError as error:
        raise SettingsError(f"DATABASE_URL: {describe_failure(error)}") from None
    if args.json:
        print(json.dumps(asdict(status), default=datetime.isoformat, indent=2))
    else:
        print("\n".join(lines(status)))
    return 0
