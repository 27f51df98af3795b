"""Renew the tokens that expire, if the app has Slack's token rotation turned on."""

import logging
from datetime import datetime, timedelta

from sqlalchemy.orm import Session, sessionmaker

from bot.slack.api import Rejected, SlackError
from bot.slack.oauth import Grant, OAuthClient
from bot.workspace import tokens
from bot.workspace.token_keys import TokenKeys
from bot.workspace.tokens import Token
from models import WorkspaceToken

log = logging.getLogger(__name__)


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
        with write_session.begin() as session:
            token = tokens.load(session, keys, installation_id)
        if token is None or token.refresh is None:
            continue
        details = {"installation": installation_id}
        try:
            grant = oauth.refresh(token.refresh)
        except Rejected as error:
            log.error(  # noqa: TRY400 - The trace says nothing.
                "token can't be renewed: install the app in this workspace again",
                extra={**details, "error": error.code},
            )
            with write_session.begin() as session:
                _give_up(session, installation_id)
            continue
        except SlackError as error:
            log.warning("token not renewed", extra={**details, "error": error.code})
            continue
        with write_session.begin() as session:
            tokens.store(session, keys, installation_id, to_token(grant, now=now))
        count += 1
    return count


def _give_up(session: Session, installation_id: int) -> None:
    """Ask no more; the token works until it expires, and then Slack says so."""
    row = session.get(WorkspaceToken, installation_id, with_for_update=True)
    if row is not None:
        row.refresh_token = None
