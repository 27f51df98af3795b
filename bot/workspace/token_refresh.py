"""Renew the tokens that expire, if the app has Slack's token rotation turned on."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy.orm import Session, sessionmaker

from bot.db.sealing import WrongKey
from bot.slack.api import RateLimited, Rejected, SlackError
from bot.slack.oauth import Grant, OAuthClient
from bot.workspace import tokens
from bot.workspace.token_keys import TokenKeys
from bot.workspace.tokens import Token
from models import WorkspaceToken

log = logging.getLogger(__name__)

DEAD_TOKEN_ERRORS = {"invalid_refresh_token", "token_revoked", "account_inactive"}
# With these Slack refuses the app, whichever the token.
REFUSED_APP_ERRORS = {"invalid_client_id", "bad_client_secret"}


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
    clock: Callable[[], datetime],
) -> int:
    """Renew the tokens that expire soon; return the number of renewed ones.

    If Slack's answer gets lost, the next run asks with the same refresh token, which
    Slack still takes for a while. Raises RateLimited, and Rejected if Slack refuses the
    app: the others have to wait, too.
    """
    begun_at = clock()
    count = 0
    while True:
        # Each just before its turn: a lease is too short for a thousand.
        with write_session.begin() as session:
            installation_id = tokens.claim_refresh(
                session, begun_at=begun_at, now=clock()
            )
        if installation_id is None:
            return count
        count += _refresh(write_session, keys, oauth, installation_id, now=clock())


def _refresh(
    write_session: sessionmaker[Session],
    keys: TokenKeys,
    oauth: OAuthClient,
    installation_id: int,
    *,
    now: datetime,
) -> bool:
    """Renew a claimed token; return True if the new one is stored."""
    opened = _open(write_session, keys, installation_id)
    if opened is None:
        return False
    refresh_token, version = opened
    details = {"installation": installation_id}
    try:
        grant = oauth.refresh(refresh_token)
    except Rejected as error:
        if error.code in REFUSED_APP_ERRORS:
            raise
        is_dead = error.code in DEAD_TOKEN_ERRORS
        log.error(  # noqa: TRY400 - The trace says nothing.
            "token can't be renewed: install the app in this workspace again"
            if is_dead
            else "token not renewed",
            extra={**details, "error": error.code},
        )
        if is_dead:
            with write_session.begin() as session:
                _give_up(session, installation_id, version)
        return False
    except RateLimited:
        raise
    except SlackError as error:
        log.warning("token not renewed", extra={**details, "error": error.code})
        return False
    with write_session.begin() as session:
        if _unchanged(session, installation_id, version) is None:
            return False
        tokens.store(session, keys, installation_id, to_token(grant, now=now))
    return True


def _open(
    write_session: sessionmaker[Session], keys: TokenKeys, installation_id: int
) -> tuple[str, int] | None:
    """Return a refresh token and its version; None without any that opens."""
    with write_session.begin() as session:
        row = session.get(WorkspaceToken, installation_id)
        if row is None:
            return None
        try:
            refresh_token = tokens.open_row(row, keys).refresh
        except WrongKey:
            # The other tokens are renewed all the same.
            log.error(  # noqa: TRY400 - The trace says nothing.
                "token does not open", extra={"installation": installation_id}
            )
            return None
        return (refresh_token, row.version) if refresh_token is not None else None


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
