"""Stop a workspace that has removed the app, whatever order Slack's events come in."""

from datetime import UTC, datetime, timedelta

from sqlalchemy.orm import Session

from bot.runtime import Transaction
from bot.workspace import installations
from models import Installation, OrganisationWorkspace, WorkspaceToken

# With these errors Slack says that the app was removed, or its token revoked.
REMOVED_ERRORS = {"account_inactive", "token_revoked"}
# Slack gives the time of an event in whole seconds, rounded down.
_PRECISION = timedelta(seconds=1)


def is_earlier(event_at: datetime, installed_at: datetime) -> bool:
    """Return True if an event is certainly from before the installation."""
    return event_at + _PRECISION <= installed_at


def time_of(event_time: int | None, *, now: datetime) -> datetime:
    """Return the time of an event (UTC); Slack names it in Unix seconds."""
    return datetime.fromtimestamp(event_time, UTC) if event_time else now


def record_removal(
    tx: Transaction, *, event_time: int | None, reason: str, keeps_token: bool
) -> bool:
    """Record that the app was removed; `event_time` is Slack's, in Unix seconds.

    Its token is deleted, and messages wait. If the app was installed again meanwhile,
    nothing changes. `keeps_token`: without a token in the database, it is in the
    settings, and works again after a new installation. Returns True if the workspace
    is no longer to be served.
    """
    installation = tx.session.get_one(
        Installation, tx.workspace.id, with_for_update={"key_share": True}
    )
    token = tx.session.get(WorkspaceToken, tx.workspace.id)
    if token is None and keeps_token:
        installation.disabled_reason = reason
        return False
    if token is None and installation.uninstalled_at is not None:
        return True
    event_at = time_of(event_time, now=tx.now)
    if token is not None and is_earlier(event_at, token.installed_at):
        return False
    access = tx.session.get(OrganisationWorkspace, tx.workspace.id)
    if access is not None:
        # The organisation has the app, and its token serves the workspace from now on.
        if token is not None:
            tx.session.delete(token)
            organisation = tx.session.get_one(Installation, access.organisation_id)
            installations.use_bot_of(installation, organisation)
        return token is not None
    end(tx.session, installation, at=min(event_at, tx.now), reason=reason)
    return True


def end(
    session: Session, installation: Installation, *, at: datetime, reason: str
) -> None:
    """Record that the app is gone since then. A token that was lost is gone, too."""
    for model in (WorkspaceToken, OrganisationWorkspace):
        row = session.get(model, installation.id)
        if row is not None:
            session.delete(row)
    installation.disabled_reason = reason
    installation.uninstalled_at = at
