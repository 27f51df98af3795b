"""`app.py erase-workspace`: erase a workspace that has removed the app, at once."""

import argparse
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from bot.clock import utc_now
from bot.config.many_workspaces import ManyWorkspaces
from bot.config.settings import Settings
from bot.db.engine import Database
from bot.db.sealing import WrongKey
from bot.outbox.refusals import TokenVersion, find_token
from bot.slack.api import SlackError
from bot.slack.client import SlackClient
from bot.workspace import organisations, tokens, workspace_erasure
from bot.workspace.removal import REMOVED_ERRORS, end
from bot.workspace.tokens import Token
from cli.database import current_database
from cli.errors import CommandError
from cli.token_key import token_keys_of
from models import Installation, WorkspaceToken


def erase(settings: Settings, args: argparse.Namespace) -> int:
    """Raises CommandError and SettingsError."""
    many = settings.many_workspaces
    if many is None:
        raise CommandError("This command is for a bot that serves many workspaces.")
    now = utc_now()
    try:
        with current_database(settings, purpose="to erase") as database:
            with database.read_session() as session:
                row = session.scalar(select(Installation).filter_by(team_id=args.team))
            if row is None:
                raise CommandError(f"The database has no workspace {args.team}.")
            if row.uninstalled_at is None:
                token = _check_removal(settings, many, database, row)
                with database.write_session.begin() as session:
                    _record_removal(session, row.id, token=token, now=now)
            with database.read_session() as session:
                ended = workspace_erasure.parts_of(session, row)
            erased = [
                workspace_erasure.erase(
                    database.write_session, installation_id, before=now, now=now
                )
                for installation_id in ended
            ]
    except SQLAlchemyError as error:
        raise CommandError(
            f"It stopped ({error}). The bot goes on with it, at the latest after"
            " ERASE_UNINSTALLED_AFTER_DAYS."
        ) from None
    if not erased[-1]:
        raise CommandError(f"{args.team} has just installed the app again.")
    more = f" and of {len(erased) - 1} of its workspaces" if len(erased) > 1 else ""
    print(f"Erased everything of {args.team}{more}.")
    return 0


def _record_removal(
    session: Session, installation_id: int, *, token: TokenVersion | None, now: datetime
) -> None:
    """Record it, unless there is another token by now. Raises CommandError."""
    row = session.get_one(Installation, installation_id, with_for_update=True)
    if _version(find_token(session, installation_id)) != token:
        raise CommandError(f"{row.team_id} has just installed the app again.")
    if row.is_organisation:
        organisations.remove(session, row, at=now, reason="app_uninstalled")
    else:
        end(session, row, at=now, reason="app_uninstalled")


def _version(row: WorkspaceToken | None) -> TokenVersion | None:
    return None if row is None else TokenVersion(row.installation_id, row.version)


def _check_renewal(row: Installation, token: Token) -> None:
    """Raise CommandError unless the bot has learned that an expired token is dead."""
    if token.refresh is not None:
        raise CommandError(
            f"The token of {row.team_id} has expired, so Slack does not say whether the"
            " app was removed. Let the bot run for some minutes: it renews the token,"
            " or learns that it can't. Then try again."
        )


def _check_removal(
    settings: Settings, many: ManyWorkspaces, database: Database, row: Installation
) -> TokenVersion | None:
    """Ask Slack whether the app was removed: its event about it may be lost.

    A workspace whose token was lost, or expired for good, can't be asked. Returns the
    version of the token that Slack was asked with. Raises CommandError if the app is
    installed, or if Slack does not say so.
    """
    token: Token | None = None
    try:
        with database.read_session() as session:
            token = tokens.load(session, token_keys_of(many), row.id)
            version = _version(find_token(session, row.id))
        if token is None:
            return None
        SlackClient(token.access, base_url=settings.slack_api_url).auth_test()
    except WrongKey:
        raise CommandError(
            f"The token of {row.team_id} does not open, so Slack can't be asked whether"
            " the app was removed. Set the right TOKEN_KEY, or run `uv run app.py"
            " rotate-token-key --lost`."
        ) from None
    except SlackError as error:
        if error.code in REMOVED_ERRORS:
            return version
        if error.code == "token_expired" and token is not None:
            _check_renewal(row, token)
            return version
        raise CommandError(
            f"Slack does not say whether {row.team_id} removed the app ({error.code})."
        ) from None
    raise CommandError(
        f"{row.team_id} has the app installed. Let it remove the app in Slack first."
    )
