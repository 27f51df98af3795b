"""Check a bot that many workspaces install: its page, and the key of their tokens."""

from collections.abc import Iterable, Iterator, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.config.many_workspaces import ManyWorkspaces
from bot.db.sealing import WrongKey
from bot.workspace import tokens
from bot.workspace.token_keys import NAME
from cli.doctor.findings import Finding, ok, warning, wrong
from cli.manifest import manifest
from cli.token_key import token_keys_of
from models import Installation, SecretKey, WorkspaceToken

MAX_IDS = 10
_ROTATE = (
    "Set that key. To change keys, run `uv run app.py rotate-token-key`; see"
    " docs/operate/many-workspaces.md."
)


def examine(many: ManyWorkspaces) -> Iterator[Finding]:
    yield ok("Tokens", "Each workspace that installs the app brings its own.")
    about = "Install page"
    if many.allowed:
        yield ok(about, f"{many.install_url}, for {_few(sorted(many.allowed))}.")
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
            f"Slack does not renew the token of {_few(stuck)}.",
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


def _few(ids: Sequence[str]) -> str:
    """List some ids of a thousand, and count the others."""
    shown = ", ".join(ids[:MAX_IDS])
    more = len(ids) - MAX_IDS
    return f"{shown} and {more:,} more" if more > 0 else shown


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


def examine_workspaces(
    session: Session, known: Sequence[Installation]
) -> Iterator[Finding]:
    """Count the workspaces with the app, those that removed it, and look at scopes."""
    served = len(tokens.versions(session))
    present = [row for row in known if row.uninstalled_at is None]
    yield ok(
        "Workspace",
        f"Workspaces with the app: {served}. Workspaces that removed it:"
        f" {len(known) - len(present)}.",
    )
    yield _scopes(present)


def _scopes(present: Iterable[Installation]) -> Finding:
    about = "Scopes"
    scopes = manifest()["oauth_config"]["scopes"]
    needed = {*scopes["bot"]} - {*scopes["bot_optional"]}
    # Without any, Slack did not say which a workspace has.
    missing = {row.team_id: needed - {*row.scopes} for row in present if row.scopes}
    lacking = [team for team, names in missing.items() if names]
    if not lacking:
        return ok(about, "No workspace lacks one that the bot needs.")
    names = ", ".join(sorted(set().union(*missing.values())))
    return wrong(
        about,
        f"Missing in {_few(lacking)}: {names}.",
        "Let them install the app again, on the install page.",
    )
