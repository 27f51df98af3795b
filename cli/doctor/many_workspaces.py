"""Check a bot that many workspaces install: its page, and the key of their tokens."""

from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.config.many_workspaces import ManyWorkspaces
from bot.db.sealing import WrongKey
from bot.workspace import tokens
from bot.workspace.installations import workspace_rows
from bot.workspace.token_keys import NAME
from cli.doctor.findings import Finding, ok, warning, wrong
from cli.token_key import token_keys_of
from models import Installation, SecretKey, WorkspaceToken

_ROTATE = (
    "Set that key. To change keys, run `uv run app.py rotate-token-key`; see"
    " docs/operate/many-workspaces.md."
)


def examine(many: ManyWorkspaces) -> Iterator[Finding]:
    yield ok("Tokens", "Each workspace that installs the app brings its own.")
    about = "Install page"
    if many.allowed:
        names = ", ".join(sorted(many.allowed))
        yield ok(about, f"{many.install_url}, for {names}.")
    else:
        yield warning(
            about,
            f"{many.install_url}. Everyone who knows the address can install the app in"
            " their workspace.",
            "Set ALLOWED_WORKSPACES, unless you want that.",
        )


def examine_key(session: Session, many: ManyWorkspaces) -> Iterator[Finding]:
    """Yield one finding. It shows fingerprints, which say nothing about the keys."""
    about = "Token key"
    keys = token_keys_of(many)
    current = keys.current.fingerprint
    recorded = session.get(SecretKey, NAME)
    if recorded is None:
        yield ok(about, "Set. The bot records it when it next starts.")
        return
    if recorded.fingerprint != current:
        yield wrong(
            about,
            f"TOKEN_KEY is {current}, but the database was written with the key"
            f" {recorded.fingerprint}. The bot does not start.",
            _ROTATE,
        )
        return
    closed = 0
    for row in session.scalars(select(WorkspaceToken)):
        try:
            tokens.open_row(row, keys)
        except WrongKey:
            closed += 1
    if closed:
        yield wrong(
            about,
            f"Tokens that don't open with it: {closed}.",
            "Install the app in these workspaces again. The log names them.",
        )
    elif stuck := _that_expire(session):
        yield wrong(
            about,
            f"Slack does not renew the token of {', '.join(stuck)}.",
            f"Install the app there again: {many.install_url}",
        )
    elif keys.previous is not None:
        yield warning(
            about,
            "TOKEN_KEY_PREVIOUS is set, and no longer needed.",
            "Remove it, and destroy that key.",
        )
    else:
        yield ok(about, f"The database was written with it ({current}).")


def _that_expire(session: Session) -> list[str]:
    """Return the ids of workspaces whose tokens expire and can't be renewed."""
    return list(
        session.scalars(
            select(Installation.team_id)
            .join(WorkspaceToken, WorkspaceToken.installation_id == Installation.id)
            .where(
                WorkspaceToken.expires_at.is_not(None),
                WorkspaceToken.refresh_token.is_(None),
            )
            .order_by(Installation.id)
        )
    )


def examine_workspaces(session: Session) -> Finding:
    """Count the workspaces that have the app, and those that have removed it."""
    served = len(tokens.versions(session))
    removed = sum(row.uninstalled_at is not None for row in workspace_rows(session))
    return ok(
        "Workspace",
        f"Workspaces with the app: {served}. Workspaces that removed it: {removed}.",
    )
