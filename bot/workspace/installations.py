"""Rows of installed workspaces, and `Workspace` values from them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Connection,
    Select,
    SQLColumnExpression,
    literal,
    select,
    union_all,
)
from sqlalchemy.orm import Session, sessionmaker

from bot.db.statement_time import StatementTime
from bot.db.statements import upsert
from bot.errors import SettingsError
from bot.feature.hooks import RowsOf
from bot.outbox import refusals
from bot.outbox.enqueue import wake_worker
from bot.outbox.refusals import TokenVersion
from bot.runtime import Transaction, Workspace
from bot.slack.api import REVOKED_TOKEN_ERRORS, SlackApi, SlackError
from bot.workspace import job_runs, workspace_erasure
from models import Installation

T = TypeVar("T")


def install(
    sessions: sessionmaker[Session], slack: SlackApi, *, now: datetime
) -> Workspace:
    """Call `auth.test`, and store and return the workspace of the token.

    Raises SlackError, and SettingsError if the database belongs to another workspace,
    or the token to an organisation.
    """
    identity = slack.auth_test()
    if identity.get("is_enterprise_install"):
        raise SettingsError(
            "SLACK_BOT_TOKEN belongs to an organisation. Install the app in one"
            " workspace, or let the organisation install it through the install page"
            " (docs/operate/many-workspaces.md)."
        )
    with sessions.begin() as session:
        team_ids = session.scalars(select(Installation.team_id)).all()
        if team_ids and identity["team_id"] not in team_ids:
            raise SettingsError(
                "The database belongs to another workspace than the token. Give each"
                " workspace its own DATABASE_URL."
            )
        return save(session, identity, now=now)


def save(
    session: Session,
    identity: Mapping[str, Any],
    *,
    now: datetime,
    is_organisation: bool = False,
) -> Workspace:
    """Insert or update a workspace from the result of `SlackApi.auth_test`.

    An organisation has the id of its enterprise.
    """
    enterprise_id = identity.get("enterprise_id")
    team_id = str(enterprise_id if is_organisation else identity["team_id"])
    columns = {
        "enterprise_id": enterprise_id,
        "is_organisation": is_organisation,
        "bot_id": str(identity.get("bot_id", "")),
        "bot_user_id": str(identity["user_id"]),
        "team_name": str(identity.get("team", "")),
        "team_url": str(identity["url"]),
        "scopes": scopes_of(identity),
        # The token works, so the reason for disabled sending is gone.
        "disabled_reason": None,
        "uninstalled_at": None,
    }
    session.execute(
        upsert(session, Installation)
        .values(team_id=team_id, installed_at=now, **columns)
        .on_conflict_do_update(index_elements=["team_id"], set_=columns)
    )
    workspace = _load(session, team_id)
    if is_organisation:
        job_runs.ask_again(session, job_runs.FOLLOW_ORGANISATION, workspace.id)
    else:
        # The bot may still be in the channels of an earlier installation.
        job_runs.ask_again(session, job_runs.SYNC_CHANNELS, workspace.id)
    return workspace


def use_bot_of(row: Installation, organisation: Installation) -> None:
    """Let a workspace act as the bot of its organisation."""
    row.bot_id, row.bot_user_id = organisation.bot_id, organisation.bot_user_id
    row.scopes = organisation.scopes


def is_token_of(
    identity: Mapping[str, Any], team_id: str, enterprise_id: str | None
) -> bool:
    """Return True if a token is the workspace's, or its organisation's.

    `identity` is the result of `SlackApi.auth_test`.
    """
    if identity.get("is_enterprise_install"):
        return identity.get("enterprise_id") in {enterprise_id} - {None}
    return identity.get("team_id") == team_id


def scopes_of(identity: Mapping[str, Any]) -> list[str]:
    """Return the scopes in the result of `SlackApi.auth_test`."""
    named = str(identity.get("scopes") or "").split(",")
    return sorted(filter(None, (scope.strip() for scope in named)))


def has_scope(tx: Transaction, scope: str) -> bool:
    """Return True if the workspace's token has an optional scope."""
    return scope in tx.session.get_one(Installation, tx.workspace.id).scopes


def check_token(
    sessions: sessionmaker[Session],
    slack: SlackApi,
    sharing: Sequence[Workspace],
    *,
    token: TokenVersion | None,
    now: datetime,
) -> str | None:
    """Call `auth.test`, and enable or disable sending in the token's workspaces.

    Slack's events about revoked tokens may come late or never, and a reinstalled app
    may keep its token. `token` is the one that `slack` has; if there is another one by
    now, nothing changes. Returns Slack's error code if sending is disabled, else None.
    Raises SlackError if the call fails for another reason.
    """
    identity: Mapping[str, Any] = {}
    error_code = None
    try:
        identity = slack.auth_test()
    except SlackError as error:
        if error.code not in REVOKED_TOKEN_ERRORS:
            raise
        error_code = error.code
    reasons = []
    with sessions.begin() as session:
        # The events about an organisation lock its workspaces in the same order.
        for workspace in sorted(sharing, key=lambda each: each.team_id):
            if error_code is not None:
                refusals.record(session, workspace.id, error_code, token=token, now=now)
            row = refusals.lock_if_current(session, workspace.id, token)
            if row is not None:
                if error_code is None:
                    _enable(session, row, identity)
                reasons.append(row.disabled_reason)
    return next(filter(None, reasons), None)


def _enable(session: Session, row: Installation, identity: Mapping[str, Any]) -> None:
    """Send to a workspace again, whose token works."""
    if not is_token_of(identity, row.team_id, row.enterprise_id):
        return
    scopes = scopes_of(identity)
    if row.scopes != scopes:
        # The app was reinstalled with others.
        row.scopes = scopes
    if row.disabled_reason:
        row.disabled_reason = None
        wake_worker(session, row.id)


def get_or_create(session: Session, team_id: str, *, now: datetime) -> Workspace:
    """Return a workspace that may have no token yet; `install` completes its row."""
    session.execute(
        upsert(session, Installation)
        .values(
            team_id=team_id,
            bot_id="",
            bot_user_id="",
            team_name="",
            team_url="",
            installed_at=now,
        )
        .on_conflict_do_nothing()
    )
    return _load(session, team_id)


def _load(session: Session, team_id: str) -> Workspace:
    row = session.scalars(select(Installation).filter_by(team_id=team_id)).one()
    return to_workspace(row)


def all_workspaces(session: Session) -> list[Workspace]:
    """Return each workspace in the database, also those that removed the app.

    Those that are being erased are left out.
    """
    return [to_workspace(row) for row in workspace_rows(session)]


def workspace_rows(session: Session) -> Sequence[Installation]:
    """Return the row of each workspace; organisations have no data of their own."""
    return session.scalars(
        select(Installation)
        .where(Installation.is_organisation.is_(False), ~workspace_erasure.IS_ERASED)
        .order_by(Installation.id)
    ).all()


def ids_with(
    session: Session | Connection, rows_of: Iterable[RowsOf], *, now: datetime
) -> set[int]:
    """Return the ids of the installations with any such rows, in one statement."""
    # Jobs ask again and again, and to build a statement takes longer than to run it.
    statement, time = _built_once(tuple(rows_of))
    return set(session.scalars(statement, time.values(now)))


@cache
def _built_once(
    rows_of: tuple[RowsOf, ...],
) -> tuple[CompoundSelect[int], StatementTime]:
    time = StatementTime()
    return select_with(have_rows(rows_of, time)), time


def select_with(conditions: Iterable[ColumnElement[bool]]) -> CompoundSelect[int]:
    """Select the ids of the installations that meet any of these conditions."""
    return union_all(*(select(Installation.id).where(each) for each in conditions))


def have_rows(
    rows_of: Iterable[Callable[[SQLColumnExpression[int], T], Select[Any]]], now: T
) -> list[ColumnElement[bool]]:
    """Return for each of these the condition that an installation has such rows."""
    return [
        rows(Installation.id, now)
        .with_only_columns(literal(1), maintain_column_froms=True)
        .correlate(Installation)
        .exists()
        for rows in rows_of
    ]


def to_workspace(row: Installation) -> Workspace:
    return Workspace(
        row.id,
        row.team_id,
        row.bot_id,
        row.bot_user_id,
        row.team_url,
        row.enterprise_id,
    )
