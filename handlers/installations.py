"""Handle Slack's events about the app's installation, also where it is not served."""

import logging
from collections.abc import Iterable
from typing import Annotated, Any

from pydantic import Field
from slack_bolt import App, BoltContext, BoltRequest
from sqlalchemy import select

from bot.runtime import Runtime, Transaction, Workspace
from bot.workspace import organisations
from bot.workspace.installations import to_workspace
from bot.workspace.removal import record_removal, time_of
from handlers.batching import event_type
from handlers.payloads import Payload, SlackId
from models import Installation

log = logging.getLogger(__name__)

Body = dict[str, Any]
_REMOVALS = ("app_uninstalled", "tokens_revoked")
_ACCESS_CHANGES = ("team_access_granted", "team_access_revoked")


class Envelope(Payload):
    """The envelope of an event, with Unix seconds."""

    event_time: Annotated[int, Field(ge=0, lt=2**37)] | None = None


class TeamAccessEvent(Payload):
    """`team_access_granted` or `team_access_revoked`."""

    type: str
    team_ids: list[SlackId]


class TeamAccess(Envelope):
    event: TeamAccessEvent


def register(bolt: App, rt: Runtime) -> None:
    def on_removal(body: Body, workspace: Workspace, context: BoltContext) -> None:
        app_removed(rt, workspace, context, body)

    def on_access_change(
        body: Body, workspace: Workspace, context: BoltContext
    ) -> None:
        access_changed(rt, workspace, context, body)

    for name in _REMOVALS:
        bolt.event(name)(on_removal)
    for name in _ACCESS_CHANGES:
        bolt.event(name)(on_access_change)


def team_of(request: BoltRequest) -> str | None:
    """Return the id of the request's workspace; None if it names none.

    Views that an organisation's app has opened name the organisation (E…) as the team
    that installed the app.
    """
    team_id = request.context.team_id
    if not (team_id and team_id.startswith("E")):
        return team_id
    objects = {key: request.body.get(key) for key in ("team", "view", "user")}
    ids = [
        *(each.get("id") for each in [objects["team"]] if isinstance(each, dict)),
        *(each.get("team_id") for each in objects.values() if isinstance(each, dict)),
        request.body.get("team_id"),
    ]
    return next((each for each in ids if str(each).startswith("T")), None)


def find_unserved(rt: Runtime, request: BoltRequest) -> Workspace | None:
    """Return the workspace of a request whose team is not served, or None.

    1. An event about the app's installation needs no token: a workspace's token may be
       lost, or it is about an organisation.
    2. The first request of an organisation's workspace has it served from now on.
    """
    context = request.context
    team_id, enterprise_id = team_of(request), context.enterprise_id
    if event_type(request.body) in (*_REMOVALS, *_ACCESS_CHANGES):
        known_as = enterprise_id if _is_about_organisation(context) else team_id
        with rt.read_session() as session:
            row = session.scalar(select(Installation).filter_by(team_id=known_as))
            return to_workspace(row) if row is not None else None
    if not (context.is_enterprise_install and enterprise_id and team_id):
        return None
    with rt.read_session() as session:
        if organisations.find(session, enterprise_id) is None:
            return None
    sent_at = Envelope.model_validate(request.body).event_time or _sent_at(request)
    with rt.write_session.begin() as session:
        organisation = organisations.find(session, enterprise_id, for_update=True)
        at = time_of(sent_at, now=rt.clock())
        if organisation is None or not organisations.grant(
            session, organisation, team_id, at=at
        ):
            return None
    log.info("serving a workspace of an organisation", extra={"team": team_id})
    return rt.workspaces.find(team_id, is_new=True)


def _sent_at(request: BoltRequest) -> int | None:
    """Return the time at which Slack sent a request over HTTP, by its clock (Unix)."""
    values = request.headers.get("x-slack-request-timestamp", [])
    return int(values[0]) if len(values) == 1 and values[0].isdigit() else None


def app_removed(
    rt: Runtime, workspace: Workspace, context: BoltContext, body: Body
) -> None:
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
    event_time = Envelope.model_validate(body).event_time
    with rt.write(workspace) as tx:
        if _is_about_organisation(context):
            ended = _removed_by_organisation(tx, context, event_time, reason)
        else:
            is_over = record_removal(
                tx,
                event_time=event_time,
                reason=reason,
                keeps_token=not rt.workspaces.follow_database,
            )
            ended = [workspace.id] if is_over else []
    _stop(rt, ended, reason)


def _removed_by_organisation(
    tx: Transaction, context: BoltContext, event_time: int | None, reason: str
) -> list[int]:
    """Return the ids of the workspaces that are stopped.

    If Slack names a workspace, only that is certainly meant. If the organisation is,
    its token ends, and Slack says so when it is asked for the list of workspaces.
    """
    organisation = organisations.find(
        tx.session, context.enterprise_id, for_update=True
    )
    if organisation is None:
        return []
    at = min(time_of(event_time, now=tx.now), tx.now)
    team_id = context.team_id
    if team_id in (None, "", organisation.team_id):
        return organisations.remove(tx.session, organisation, at=at, reason=reason)
    stopped = organisations.revoke(tx.session, organisation, team_id, at=at)
    return [stopped] if stopped is not None else []


def access_changed(
    rt: Runtime, workspace: Workspace, context: BoltContext, body: Body
) -> None:
    """Serve or stop workspaces after `team_access_granted` or `…_revoked`."""
    change = TeamAccess.model_validate(body)
    with rt.write(workspace) as tx:
        organisation = organisations.find(
            tx.session, context.enterprise_id, for_update=True
        )
        if organisation is None:
            return
        at = time_of(change.event_time, now=tx.now)
        is_granted = change.event.type == "team_access_granted"
        act = organisations.grant if is_granted else organisations.revoke
        team_ids = sorted(set(change.event.team_ids))
        results = [
            act(tx.session, organisation, team_id, at=at) for team_id in team_ids
        ]
    if is_granted:
        for team_id in team_ids:
            rt.workspaces.find(team_id, is_new=True)
    else:
        _stop(rt, filter(None, results), change.event.type)


def _stop(rt: Runtime, installation_ids: Iterable[int], reason: str) -> None:
    stopped = list(installation_ids)
    rt.workspaces.remove_all(stopped)
    for installation_id in stopped:
        details = {"installation": installation_id, "why": reason}
        log.info("app removed", extra=details)


def _is_about_organisation(context: BoltContext) -> bool:
    """Return True if an event is about an organisation's installation.

    It is of a workspace's own installation if it names the workspace and not the
    organisation's installation.
    """
    enterprise_id = context.enterprise_id
    return bool(enterprise_id) and (
        bool(context.is_enterprise_install)
        or context.team_id in (None, "", enterprise_id)
    )
