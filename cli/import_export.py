"""`app.py import`: import a Slack export as history."""

import argparse
import sys

from sqlalchemy.exc import SQLAlchemyError

from bot.clock import utc_now
from bot.config.settings import Settings
from bot.db.open import open_database
from cli.errors import CommandError

# The exit code of a process that Ctrl-C ended.
INTERRUPTED = 130
NOTHING_FOUND = 1


def load(settings: Settings, args: argparse.Namespace) -> int:
    """Import a Slack export as history. Nobody is notified of what happened then."""
    # Imported only here: most processes never need it.
    from tqdm import tqdm  # noqa: PLC0415

    from bot.features import FEATURES  # noqa: PLC0415
    from bot.imports import export, service  # noqa: PLC0415
    from bot.imports.report import format_report  # noqa: PLC0415

    try:
        with export.Export(args.export) as opened:
            rooms = opened.select(args.channel)
            total = service.count_steps(opened, rooms)
            database = open_database(settings.database_url)
            # The progress bar is for a terminal; elsewhere it would only fill a log.
            with tqdm(total=total, unit="day", disable=None) as bar:
                summary = service.load(
                    database.write_session,
                    opened,
                    rooms,
                    capture=args.capture,
                    features=FEATURES,
                    now=utc_now(),
                    on_step=bar.update,
                )
    except export.BadExport as error:
        raise CommandError(str(error)) from None
    except SQLAlchemyError as error:
        raise CommandError(
            f"The database failed ({type(error).__name__}). Loaded messages stay. Run"
            " it again to load the rest."
        ) from None
    except KeyboardInterrupt:
        print("Interrupted. Run it again to load the rest.", file=sys.stderr)
        return INTERRUPTED
    print(format_report(summary))
    return 0 if summary.messages else NOTHING_FOUND
