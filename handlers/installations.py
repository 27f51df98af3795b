"""Handle Slack's events about the app's installation, also where it is not served."""

import logging
from typing import Any

from slack_bolt import App, BoltRequest
from sqlalchemy import select

from bot.runtime import Runtime, Workspace
from bot.workspace.installations import to_workspace
from bot.workspace.removal import record_removal
from handlers.batching import event_type
from handlers.payloads import AppRemoved
from models import Installation

log = logging.getLogger(__name__)

_REMOVALS = ("app_uninstalled", "tokens_revoked")


def register(bolt: App, rt: Runtime) -> None:
    def on_removal(body: dict[str, Any], workspace: Workspace) -> None:
        app_removed(rt, workspace, body)

    for name in _REMOVALS:
        bolt.event(name)(on_removal)


def find_unserved(rt: Runtime, request: BoltRequest) -> Workspace | None:
    """Return the workspace of an event about its end, which needs no token.

    A token may not open, or its key was lost. Returns None for other requests.
    """
    if event_type(request.body) not in _REMOVALS:
        return None
    team_id = request.context.team_id
    with rt.read_session() as session:
        row = session.scalar(select(Installation).filter_by(team_id=team_id))
        return to_workspace(row) if row is not None else None


def app_removed(rt: Runtime, workspace: Workspace, body: dict[str, Any]) -> None:
    """Stop at once after `app_uninstalled` or `tokens_revoked`.

    The latter lists the people and bots whose tokens were revoked.
    """
    match body["event"]:
        case {"type": "app_uninstalled"}:
            reason = "app_uninstalled"
        case {"tokens": {"bot": [_, *_]}}:
            reason = "token_revoked"
        case _:
            return
    event_time = AppRemoved.model_validate(body).event_time
    with rt.write(workspace) as tx:
        is_over = record_removal(
            tx,
            event_time=event_time,
            reason=reason,
            keeps_token=not rt.workspaces.follow_database,
        )
    if is_over:
        rt.workspaces.remove(workspace.id)
        log.info("app removed", extra={"team": workspace.team_id, "why": reason})
