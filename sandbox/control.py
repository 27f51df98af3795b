"""What a page needs under /_/: the state as somebody sees it."""

from importlib.resources import files
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox import shapes
from sandbox.records import Channel, Json, Message
from sandbox.workspace import SLACKBOT, Workspace, micros_of

if TYPE_CHECKING:
    from sandbox.sandbox import Sandbox


def snapshot(workspace: Workspace, acting: str | None) -> Json:
    """Everything that the acting person may see; without one, everything."""
    with workspace.lock:
        return {
            "team": {"id": workspace.team_id, "name": workspace.team_name},
            "now": workspace.clock().isoformat(),
            "acting": acting,
            "bot": workspace.bot_user_id,
            "people": [
                shapes.user(workspace, person)
                for person in workspace.people.values()
                if person.id != SLACKBOT
            ],
            "channels": [
                _room(workspace, room, acting)
                for room in workspace.channels.values()
                if acting is None or acting in room.members or not room.is_private
            ],
        }


def _room(workspace: Workspace, room: Channel, acting: str | None) -> Json:
    def in_order(messages: list[Message]) -> list[Json]:
        ordered = sorted(messages, key=lambda m: micros_of(m.ts))
        return [
            shapes.message(workspace, m) | {"is_ephemeral": m.is_ephemeral}
            for m in ordered
        ]

    private = [
        m
        for m in workspace.ephemerals.get(acting or "", [])
        if m.channel == room.id and m.is_parent
    ]
    tops = [m for m in room.messages.values() if m.is_parent or m.is_broadcast]
    return {
        **shapes.channel(workspace, room),
        "members": list(room.members),
        "messages": in_order(tops + private),
        "threads": {ts: in_order(workspace.replies(room, ts)) for ts in room.threads},
    }


def routes(sandbox: "Sandbox") -> list[BaseRoute]:
    def page(_request: Request) -> Response:
        html = files("sandbox").joinpath("page.html").read_text(encoding="utf-8")
        return HTMLResponse(html)

    def state(request: Request) -> Response:
        acting = request.query_params.get("as")
        if acting and acting not in sandbox.workspace.people:
            return JSONResponse({"error": "no such person"}, 404)
        return JSONResponse(snapshot(sandbox.workspace, acting or None))

    return [Route("/", page), Route("/_/state", state)]
