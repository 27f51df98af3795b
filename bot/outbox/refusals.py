"""Stop sending to a workspace whose token Slack refuses."""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import update
from sqlalchemy.orm import Session

from models import Installation, OrganisationWorkspace, WorkspaceToken

# Each process uses a new token after so long.
FOLLOW_TOKENS_EVERY = timedelta(seconds=10)
# Slack's error for a token that has to be renewed.
TOKEN_EXPIRED = "token_expired"  # noqa: S105 - a code
# Tokens are renewed in the order in which they expire.
_BEFORE_ALL_OTHERS = datetime.fromtimestamp(0, UTC)


class TokenVersion(NamedTuple):
    # The installation whose token it is: the workspace's, or its organisation's.
    owner_id: int
    version: int


def find_token(session: Session, installation_id: int) -> WorkspaceToken | None:
    """Return the row with a workspace's own token, or with its organisation's."""
    row = session.get(WorkspaceToken, installation_id)
    if row is not None:
        return row
    access = session.get(OrganisationWorkspace, installation_id)
    return session.get(WorkspaceToken, access.organisation_id) if access else None


def lock_if_current(
    session: Session, installation_id: int, token: TokenVersion | None
) -> Installation | None:
    """Lock and return a workspace; None if another token serves it by now, or none.

    `token` is the one that was used; None: it is in the settings, and the only one.
    """
    installation = session.get(
        Installation, installation_id, with_for_update={"key_share": True}
    )
    if installation is None or token is None:
        return installation
    row = find_token(session, installation_id)
    is_current = row is not None and (row.installation_id, row.version) == token
    return installation if is_current else None


def record(
    session: Session,
    installation_id: int,
    reason: str,
    *,
    token: TokenVersion | None,
    now: datetime,
) -> bool:
    """Send nothing more to a workspace whose token Slack refuses, until one works.

    Nothing changes if the refused token is no longer the workspace's. One that has
    expired is renewed at once, if it can be. Returns True if sending is disabled.
    """
    installation = lock_if_current(session, installation_id, token)
    if installation is None:
        return False
    row = find_token(session, installation_id)
    if reason == TOKEN_EXPIRED and row is not None and row.refresh_token is not None:
        # Slack says so, whatever clocks say.
        row.expires_at = min(row.expires_at or now, now)
        return False
    installation.disabled_reason = installation.disabled_reason or reason
    return True


def renew_first(session: Session, token: TokenVersion) -> None:
    """Have an expired token renewed before all others, because a person waits for it.

    Nothing changes if there is another token by now, or if this one can't be renewed.
    """
    session.execute(
        update(WorkspaceToken)
        .where(
            WorkspaceToken.installation_id == token.owner_id,
            WorkspaceToken.version == token.version,
            WorkspaceToken.refresh_token.is_not(None),
        )
        .values(expires_at=_BEFORE_ALL_OTHERS)
    )
