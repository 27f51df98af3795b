"""Store workspaces' tokens, and renew those that expire."""

import secrets
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from bot.outbox.refusals import TokenVersion, find_token
from bot.workspace.job_runs import MAX_CLOCK_DIFFERENCE
from bot.workspace.token_keys import TokenKeys, access_row, refresh_row
from models import Installation, OrganisationWorkspace, WorkspaceToken

# A token of an app with token rotation lasts twelve hours.
REFRESH_BEFORE = timedelta(hours=2)
# Longer than a call to Slack takes. If the process ends meanwhile, another one asks.
REFRESH_LEASE = timedelta(seconds=60)
_VERSION_BITS = 60
# The installations whose token can serve a workspace.
_OWNERS = (Installation.id, OrganisationWorkspace.organisation_id)


@dataclass(frozen=True, slots=True)
class Token:
    """A workspace's token as Slack gave it."""

    access: str = field(repr=False)
    refresh: str | None = field(default=None, repr=False)
    # UTC; None: it does not expire.
    expires_at: datetime | None = None


def store(
    session: Session,
    keys: TokenKeys,
    installation_id: int,
    token: Token,
    *,
    installed_at: datetime | None = None,
) -> None:
    """Store a workspace's token in place of the one before.

    `installed_at` is Slack's time of a new installation; None: the token was renewed.
    """
    row = session.get(WorkspaceToken, installation_id, with_for_update=True)
    if row is None:
        if installed_at is None:
            # The app was removed while Slack renewed its token.
            return
        # No number that an earlier installation had.
        first = secrets.randbits(_VERSION_BITS)
        row = WorkspaceToken(installation_id=installation_id, version=first)
        session.add(row)
    row.access_token = keys.seal(token.access, access_row(installation_id))
    row.refresh_token = (
        keys.seal(token.refresh, refresh_row(installation_id))
        if token.refresh is not None
        else None
    )
    row.expires_at = token.expires_at
    row.version += 1
    row.installed_at = installed_at or row.installed_at
    row.refreshing_until = None


def load(session: Session, keys: TokenKeys, installation_id: int) -> Token | None:
    """Return the token for a workspace; None if there is none. Raises WrongKey."""
    row = find_token(session, installation_id)
    return None if row is None else open_row(row, keys)


def rows_of(
    session: Session, installation_ids: Collection[int]
) -> list[tuple[Installation, WorkspaceToken]]:
    """Return workspaces with the row of their own token, or of their organisation's."""
    rows = session.execute(
        select(Installation, WorkspaceToken)
        .outerjoin(
            OrganisationWorkspace,
            OrganisationWorkspace.installation_id == Installation.id,
        )
        .join(WorkspaceToken, WorkspaceToken.installation_id.in_(_OWNERS))
        .where(
            Installation.id.in_(installation_ids),
            Installation.is_organisation.is_(False),
        )
        # A workspace's own token comes last, and wins.
        .order_by(Installation.id, WorkspaceToken.installation_id == Installation.id)
    )
    return list({row.id: (row, token) for row, token in rows}.values())


def find_team(session: Session, team_id: str) -> int | None:
    """Return the installation of a workspace; None without a token that serves it."""
    return session.scalar(
        select(Installation.id)
        .outerjoin(
            OrganisationWorkspace,
            OrganisationWorkspace.installation_id == Installation.id,
        )
        .join(WorkspaceToken, WorkspaceToken.installation_id.in_(_OWNERS))
        .where(Installation.team_id == team_id, Installation.is_organisation.is_(False))
        .limit(1)
    )


def open_row(row: WorkspaceToken, keys: TokenKeys) -> Token:
    """Return the token of a row. Raises WrongKey."""
    return Token(
        keys.open(row.access_token, access_row(row.installation_id)),
        keys.open(row.refresh_token, refresh_row(row.installation_id))
        if row.refresh_token is not None
        else None,
        row.expires_at,
    )


def claim_refresh(session: Session, *, begun_at: datetime, now: datetime) -> int | None:
    """Claim the next token that expires soon; return its installation, or None.

    Only one of several processes at once gets it, until the lease runs out. A caller
    that began at `begun_at` gets none twice.
    """
    next_id = (
        select(WorkspaceToken.installation_id)
        .where(
            WorkspaceToken.refresh_token.is_not(None),
            WorkspaceToken.expires_at <= begun_at + REFRESH_BEFORE,
            or_(
                WorkspaceToken.refreshing_until.is_(None),
                WorkspaceToken.refreshing_until <= begun_at,
                # The clock was set back. Another replica's may be a little ahead.
                WorkspaceToken.refreshing_until
                > now + REFRESH_LEASE + MAX_CLOCK_DIFFERENCE,
            ),
        )
        .order_by(WorkspaceToken.expires_at, WorkspaceToken.installation_id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    return session.scalar(
        update(WorkspaceToken)
        .where(WorkspaceToken.installation_id == next_id.scalar_subquery())
        .values(refreshing_until=now + REFRESH_LEASE)
        .returning(WorkspaceToken.installation_id)
    )


def versions(session: Session) -> dict[int, TokenVersion]:
    """Return the version of the token that serves each workspace, by installation."""
    own = select(
        Installation.id, WorkspaceToken.installation_id, WorkspaceToken.version
    ).join(WorkspaceToken, WorkspaceToken.installation_id == Installation.id)
    shared = select(
        OrganisationWorkspace.installation_id,
        WorkspaceToken.installation_id,
        WorkspaceToken.version,
    ).join(
        WorkspaceToken,
        WorkspaceToken.installation_id == OrganisationWorkspace.organisation_id,
    )
    is_workspace = Installation.is_organisation.is_(False)
    by_installation: dict[int, TokenVersion] = {}
    # A workspace's own token comes last, and wins.
    for statement in (shared, own.where(is_workspace)):
        for installation_id, owner_id, version in session.execute(statement):
            by_installation[installation_id] = TokenVersion(owner_id, version)
    return by_installation
