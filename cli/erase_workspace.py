"""`app.py erase-workspace`: erase a workspace that has removed the app, at once."""

import argparse

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from bot.clock import utc_now
from bot.config.settings import Settings
from bot.workspace import workspace_erasure
from cli.database import current_database
from cli.errors import CommandError
from models import Installation


def erase(settings: Settings, args: argparse.Namespace) -> int:
    """Raises CommandError and SettingsError."""
    if settings.many_workspaces is None:
        raise CommandError("This command is for a bot that serves many workspaces.")
    now = utc_now()
    try:
        with current_database(settings, purpose="to erase") as database:
            with database.read_session() as session:
                row = session.scalar(select(Installation).filter_by(team_id=args.team))
            if row is None:
                raise CommandError(f"The database has no workspace {args.team}.")
            is_erased = row.uninstalled_at is not None and workspace_erasure.erase(
                database.write_session, row.id, before=now, now=now
            )
    except SQLAlchemyError as error:
        raise CommandError(
            f"It stopped ({error}). The bot goes on with it, at the latest after"
            " ERASE_UNINSTALLED_AFTER_DAYS."
        ) from None
    if not is_erased:
        raise CommandError(
            f"{args.team} has the app installed. Let it remove the app in Slack first."
        )
    print(f"Erased everything of {args.team}.")
    return 0
