"""Renew the tokens that expire, if the app has Slack's token rotation turned on."""

import logging
from datetime import datetime, timedelta

from sqlalchemy.orm import Session, sessionmaker

from bot.db.sealing import WrongKey
from bot.slack.api import Rejected, SlackError
from bot.slack.oauth import Grant, OAuthClient
from bot.workspace import tokens
from bot.workspace.token_keys import TokenKeys
from bot.workspace.tokens import Token
from models import WorkspaceToken

log = logging.getLogger(__name__)

# With other errors Slack refuses the app, not the token.
DEAD_TOKEN_ERRORS = {"invalid_refresh_token", "token_revoked", "account_inactive"}


def to_token(grant: Grant, *, now: datetime) -> Token:
    seconds = grant.expires_in_seconds
    return Token(
        grant.access_token,
        grant.refresh_token,
        now + timedelta(seconds=seconds) if seconds is not None else None,
    )


def refresh_tokens(
    write_session: sessionmaker[Session],
    keys: TokenKeys,
    oauth: OAuthClient,
    *,
    now: datetime,
) -> int:
    """Renew the tokens that expire soon; return the number of renewed ones.

    If Slack's answer gets lost, the next run asks with the same refresh token, which
    Slack still takes for a while.
    """
    with write_session.begin() as session:
        claimed = tokens.claim_refreshes(session, now=now)
    count = 0
    for installation_id in claimed:
        details = {"installation": installation_id}
        with write_session.begin() as session:
            row = session.get(WorkspaceToken, installation_id)
            if row is None:
                continue
            version = row.version
            try:
                refresh_token = tokens.open_row(row, keys).refresh
            except WrongKey:
                # The other tokens are renewed all the same.
                log.error(  # noqa: TRY400 - The trace says nothing.
                    "token does not open", extra=details
                )
                continue
        if refresh_token is None:
            continue
        try:
            grant = oauth.refresh(refresh_token)
        except Rejected as error:
            if error.code not in DEAD_TOKEN_ERRORS:
                log.error(  # noqa: TRY400 - The trace says nothing.
                    "token not renewed: check the app's client id and secret",
                    extra={**details, "error": error.code},
                )
                continue
            log.error(  # noqa: TRY400 - The trace says nothing.
                "token can't be renewed: install the app in this workspace again",
                extra={**details, "error": error.code},
            )
            with write_session.begin() as session:
                _give_up(session, installation_id, version)
            continue
        except SlackError as error:
            log.warning("token not renewed", extra={**details, "error": error.code})
            continue
        with write_session.begin() as session:
            if _unchanged(session, installation_id, version) is not None:
                tokens.store(session, keys, installation_id, to_token(grant, now=now))
                count += 1
    return count


def _give_up(session: Session, installation_id: int, version: int) -> None:
    """Ask no more; the token works until it expires, and then Slack says so."""
    row = _unchanged(session, installation_id, version)
    if row is not None:
        row.refresh_token = None


def _unchanged(
    session: Session, installation_id: int, version: int
) -> WorkspaceToken | None:
    """Return the row, locked; None if another token or none is stored by now."""
    row = session.get(WorkspaceToken, installation_id, with_for_update=True)
    return row if row is not None and row.version == version else None
