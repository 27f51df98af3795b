"""Organisations that installed the app, and the workspaces that their tokens serve.

Slack tells of a workspace by an event, by its first request, and when asked for a list.
Each has a time of Slack's clock. The latest counts, whatever order they come in.

An organisation may have a thousand workspaces, whose people work on meanwhile. So their
rows are locked against other changes, and not against new rows that refer to them.
"""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from bot.clock import parse_http_date
from bot.db.sealing import WrongKey
from bot.db.statements import upsert
from bot.outbox.enqueue import wake_worker
from bot.slack.api import OrganisationApi, Rejected
from bot.workspace import installations, job_runs, tokens
from bot.workspace.removal import REMOVED_ERRORS, end, is_earlier
from bot.workspace.token_keys import TokenKeys
from models import Installation, OrganisationWorkspace, WorkspaceToken

# The reason for which a workspace is stopped: Slack's name for the event.
ACCESS_REVOKED = "team_access_revoked"


def find(
    session: Session, enterprise_id: str | None, *, for_update: bool = False
) -> Installation | None:
    """Return an organisation; None if it has not installed the app."""
    statement = select(Installation).filter_by(
        team_id=enterprise_id, is_organisation=True
    )
    return session.scalar(
        statement.with_for_update(key_share=True) if for_update else statement
    )


def grant(
    session: Session,
    organisation: Installation,
    team_id: str,
    *,
    name: str = "",
    at: datetime,
) -> bool:
    """Serve a workspace with the organisation's token, unless it ended later.

    `at` is Slack's time. Returns False if the workspace ended, or the organisation did.
    """
    if session.get(WorkspaceToken, organisation.id) is None:
        return False
    row = _lock(session, organisation, team_id, at=at)
    if row.is_organisation:
        return False
    access = session.get(OrganisationWorkspace, row.id)
    if access is not None and access.organisation_id == organisation.id:
        access.granted_at = max(access.granted_at, at)
        row.team_name = name or row.team_name
        return True
    if row.uninstalled_at is not None and at <= row.uninstalled_at:
        return False
    if access is not None:
        # It moved here from another organisation.
        session.delete(access)
        session.flush()
    session.add(
        OrganisationWorkspace(
            installation_id=row.id, organisation_id=organisation.id, granted_at=at
        )
    )
    row.enterprise_id = organisation.team_id
    row.team_name = name or row.team_name
    job_runs.ask_again(session, job_runs.SYNC_CHANNELS, row.id)
    if session.get(WorkspaceToken, row.id) is None:
        installations.use_bot_of(row, organisation)
        row.disabled_reason = row.uninstalled_at = None
        # Messages may have waited.
        wake_worker(session, row.id)
    return True


def serve_again(session: Session, organisation: Installation) -> None:
    """Serve its workspaces after a new installation, whose bot may be another one."""
    for row, _ in _accesses(session, organisation):
        if session.get(WorkspaceToken, row.id) is None:
            installations.use_bot_of(row, organisation)
            row.disabled_reason = None
            job_runs.ask_again(session, job_runs.SYNC_CHANNELS, row.id)
            # Messages may have waited.
            wake_worker(session, row.id)


def revoke(
    session: Session, organisation: Installation, team_id: str, *, at: datetime
) -> int | None:
    """Stop a workspace, unless it was granted later; `at` is Slack's time.

    Returns the id of its installation if it is stopped now.
    """
    row = _lock(session, organisation, team_id, at=at)
    access = session.get(OrganisationWorkspace, row.id)
    if access is None:
        # This event came before the one that it ends.
        if row.uninstalled_at is not None:
            row.uninstalled_at = max(row.uninstalled_at, at)
        elif not row.bot_id:
            end(session, row, at=at, reason=ACCESS_REVOKED)
        return None
    if access.organisation_id != organisation.id or is_earlier(at, access.granted_at):
        return None
    _detach(session, row, access, at=at, reason=ACCESS_REVOKED)
    return row.id


def remove(
    session: Session, organisation: Installation, *, at: datetime, reason: str
) -> list[int]:
    """Stop an organisation and its workspaces, unless it was installed later.

    `at` is Slack's time. Returns the ids of the workspaces' installations.
    """
    token = session.get(WorkspaceToken, organisation.id)
    if token is not None and is_earlier(at, token.installed_at):
        return []
    if token is not None or organisation.uninstalled_at is None:
        end(session, organisation, at=at, reason=reason)
    accesses = _accesses(session, organisation)
    for row, access in accesses:
        _detach(session, row, access, at=at, reason=reason)
    return [row.id for row, _ in accesses]


def clients(
    session: Session,
    keys: TokenKeys,
    new_client: Callable[[str], OrganisationApi],
) -> list[tuple[int, int, OrganisationApi]]:
    """Return each organisation's id, its token's version, and a client with it."""
    rows = session.scalars(
        select(WorkspaceToken)
        .join(Installation, Installation.id == WorkspaceToken.installation_id)
        .where(Installation.is_organisation)
        .order_by(Installation.id)
    )
    opened = []
    for row in rows:
        try:
            token = tokens.open_row(row, keys)
        except WrongKey:
            # The doctor counts them.
            continue
        opened.append((row.installation_id, row.version, new_client(token.access)))
    return opened


def follow(
    sessions: sessionmaker[Session],
    slack: OrganisationApi,
    organisation_id: int,
    *,
    version: int,
    now: datetime,
) -> None:
    """Ask Slack for the organisation's workspaces, and serve these and no other ones.

    Events may be lost, and an organisation may add the app to workspaces before or
    while it is installed. If Slack says that the organisation removed the app, it is
    stopped. `version` is that of the token that `slack` has. Raises SlackError.
    """
    try:
        # The list undoes no change after that time.
        at = parse_http_date(slack.auth_test()["date"]) or now
        names = dict(slack.teams())
    except Rejected as error:
        if error.code not in REMOVED_ERRORS:
            raise
        with sessions.begin() as session:
            organisation = _lock_organisation(session, organisation_id)
            token = session.get(WorkspaceToken, organisation_id)
            # Slack ends the old token after a new one.
            is_current = token is not None and token.version == version
            if organisation is not None and is_current:
                at = parse_http_date(error.date) or now
                remove(session, organisation, at=at, reason=error.code)
        return
    with sessions.begin() as session:
        organisation = _lock_organisation(session, organisation_id)
        if organisation is None:
            return
        known = {row.team_id for row, _ in _accesses(session, organisation)}
        for team_id in sorted(names):
            grant(session, organisation, team_id, name=names[team_id], at=at)
        for team_id in sorted(known - names.keys()):
            revoke(session, organisation, team_id, at=at)


def _lock_organisation(session: Session, organisation_id: int) -> Installation | None:
    return session.get(
        Installation, organisation_id, with_for_update={"key_share": True}
    )


def _lock(
    session: Session, organisation: Installation, team_id: str, *, at: datetime
) -> Installation:
    """Return the row of a workspace, locked; insert it if there is none."""
    session.execute(
        upsert(session, Installation)
        .values(
            team_id=team_id,
            enterprise_id=organisation.team_id,
            bot_id="",
            bot_user_id="",
            team_name="",
            # Links to messages work with the organisation's address, too.
            team_url=organisation.team_url,
            installed_at=at,
        )
        .on_conflict_do_nothing()
    )
    return session.scalars(
        select(Installation).filter_by(team_id=team_id).with_for_update(key_share=True)
    ).one()


def _detach(
    session: Session,
    row: Installation,
    access: OrganisationWorkspace,
    *,
    at: datetime,
    reason: str,
) -> None:
    session.delete(access)
    # It may go on with a token of its own.
    if session.get(WorkspaceToken, row.id) is None:
        end(session, row, at=at, reason=reason)


def _accesses(
    session: Session, organisation: Installation
) -> list[tuple[Installation, OrganisationWorkspace]]:
    """Return the workspaces of an organisation, locked, in the order of their ids."""
    rows = session.execute(
        select(Installation, OrganisationWorkspace)
        .join(
            OrganisationWorkspace,
            OrganisationWorkspace.installation_id == Installation.id,
        )
        .where(OrganisationWorkspace.organisation_id == organisation.id)
        .order_by(Installation.team_id)
        .with_for_update(key_share=True)
    )
    return [(row, access) for row, access in rows]
