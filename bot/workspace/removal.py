"""Stop a workspace that has removed the app, whatever order Slack's events come in."""

from datetime import UTC, datetime, timedelta

from bot.runtime import Transaction
from models import Installation, WorkspaceToken

# Slack gives the time of an event in whole seconds, rounded down.
_PRECISION = timedelta(seconds=1)


def is_earlier(event_at: datetime, installed_at: datetime) -> bool:
    """Return True if an event is certainly from before the installation."""
    return event_at + _PRECISION <= installed_at


def record_removal(tx: Transaction, *, event_time: int | None, reason: str) -> bool:
    """Record that the app was removed; `event_time` is Slack's, in Unix seconds.

    Its token is deleted, and messages wait. If the app was installed again meanwhile,
    nothing changes. A token in the settings stays, and works again after a new
    installation. Returns True if the workspace is no longer to be served.
    """
    installation = tx.session.get_one(
        Installation, tx.workspace.id, with_for_update=True
    )
    token = tx.session.get(WorkspaceToken, tx.workspace.id)
    if token is None:
        installation.disabled_reason = reason
        return False
    event_at = datetime.fromtimestamp(event_time, UTC) if event_time else tx.now
    if is_earlier(event_at, token.installed_at):
        return False
    tx.session.delete(token)
    installation.disabled_reason = reason
    installation.uninstalled_at = min(event_at, tx.now)
    return True
