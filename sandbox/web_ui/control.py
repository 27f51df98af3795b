"""The JSON API under /_/ for the page in the browser; responses are UTF-8 JSON.

`as` is the id of the acting person. An error is `{"error": "reason"}` with 400
(invalid), 403 (not permitted), 404 (not found) or 409 (the name of Slack's error).

GET  /_/state?as=U           team, clock, people, channels (with `unread`), commands,
                             shortcuts, the open modal (`view`) and the `home` tab
GET  /_/channels/C?as=U      newest messages: `limit` (100), `before` a ts,
                             `replies=1` for the threads as well
GET  /_/channels/C/TS?as=U   a thread: parent and replies
POST /_/act                  {"as": U, "do": name, …}: see page_actions.py for names
GET  /_/files/F?as=U         the content of a file that the person can see
GET  /_/changes              server-sent events, one for each change: {"what", …ids}
POST /_/clock                {"seconds": N} or {"to": ISO time}, on a TravelClock
GET  /_/faults               the active faults; POST adds one (`kind`, `target`,
                             `times`, `chance`, `after`, `seconds`, `retry_after`);
                             DELETE removes all, DELETE /_/faults/N one
POST /_/seed                 {"seed": N} for the faults' random choices
GET  /_/history              the last calls, deliveries and faults, `limit` each
POST /_/sockets              {"do": "warning" | "refresh_requested" | "link_disabled" |
                             "stall" | "cut"}
POST /_/reset                empty the workspace, or what `on_reset` says
"""

import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox.users.page_actions import perform
from sandbox.web_ui import snapshots
from sandbox.web_ui.changes import stream
from sandbox.workspace.clock import TravelClock
from sandbox.workspace.errors import SlackError
from sandbox.workspace.records import Json

if TYPE_CHECKING:
    from sandbox.sandbox import Sandbox

_MAX_HISTORY = 1000


def _error_response(error: Exception) -> Response:
    status = 400
    if isinstance(error, LookupError):
        status = 404
    elif isinstance(error, PermissionError):
        status = 403
    elif isinstance(error, SlackError):
        status = 409
    # A KeyError's text is a name in quotes, not a sentence.
    text = f"missing: {error}" if isinstance(error, KeyError) else str(error)
    return JSONResponse({"error": text}, 400 if isinstance(error, KeyError) else status)


def _endpoint(
    handler: Callable[[Request, Json], Any],
) -> Callable[[Request], Awaitable[Response]]:
    """Make an endpoint: read the body, run off the event loop, errors in JSON."""

    async def answer(request: Request) -> Response:
        body: Any = {}
        if request.method == "POST":
            # A page of another site can't send this type without a preflight request.
            if not request.headers.get("content-type", "").startswith(
                "application/json"
            ):
                return JSONResponse({"error": "send application/json"}, 400)
            try:
                body = json.loads(await request.body() or b"{}")
            except ValueError:
                body = None
            if not isinstance(body, dict):
                return JSONResponse({"error": "send a JSON object"}, 400)
        try:
            return JSONResponse(await run_in_threadpool(handler, request, body))
        except (
            LookupError,
            PermissionError,
            SlackError,
            ValueError,
            TypeError,
        ) as error:
            return _error_response(error)

    return answer


def _move_clock(clock: object, body: Json) -> Json:
    if not isinstance(clock, TravelClock):
        raise PermissionError("this sandbox runs on a clock that cannot be moved")
    if "to" in body:
        now = clock.travel_to(datetime.fromisoformat(str(body["to"])))
    else:
        now = clock.advance(timedelta(seconds=float(body["seconds"])))
    return {"now": now.isoformat()}


class ControlApi:
    def __init__(self, sandbox: "Sandbox") -> None:
        self._sandbox = sandbox

    def state(self, request: Request, _body: Json) -> Json:
        return snapshots.state(self._sandbox, request.query_params.get("as"))

    def channel(self, request: Request, _body: Json) -> Json:
        query = request.query_params
        return snapshots.channel(
            self._sandbox,
            request.path_params["channel"],
            query.get("as"),
            before=query.get("before"),
            limit=int(query.get("limit", 100)),
            replies=query.get("replies") == "1",
        )

    def thread(self, request: Request, _body: Json) -> Json:
        return snapshots.thread(
            self._sandbox,
            request.path_params["channel"],
            request.path_params["ts"],
            request.query_params.get("as"),
        )

    def file(self, request: Request) -> Response:
        """Return a file's content as text, so that a browser runs nothing in it."""
        try:
            name, content = self._sandbox.file(
                request.query_params.get("as", ""), request.path_params["file"]
            )
        except (LookupError, PermissionError) as error:
            return _error_response(error)
        kind = "application/json" if name.endswith(".json") else "text/plain"
        return Response(content, media_type=kind)

    def act(self, _request: Request, body: Json) -> Json:
        return perform(self._sandbox, body)

    def clock(self, _request: Request, body: Json) -> Json:
        moved = _move_clock(self._sandbox.clock, body)
        self._sandbox.workspace.notify("clock", now=moved["now"])
        return moved

    def faults(self, request: Request, body: Json) -> Json:
        faults = self._sandbox.faults
        if request.method == "POST":
            faults.add(**body)
        elif request.method == "DELETE":
            if "fault" in request.path_params:
                faults.remove(request.path_params["fault"])
            else:
                faults.clear()
        if request.method != "GET":
            self._sandbox.workspace.notify("faults")
        return {"faults": faults.to_json()}

    def seed(self, _request: Request, body: Json) -> Json:
        self._sandbox.faults.seed(int(body["seed"]))
        return {}

    def history(self, request: Request, _body: Json) -> Json:
        limit = min(int(request.query_params.get("limit", 100)), _MAX_HISTORY)
        sandbox = self._sandbox
        rows: dict[str, list[Any]] = {
            "calls": sandbox.calls[-limit:],
            "deliveries": sandbox.deliveries[-limit:],
            "faults": sandbox.faults.history[-limit:],
        }
        return {
            name: [asdict(row) | {"at": row.at.isoformat()} for row in records]
            for name, records in rows.items()
        }

    def sockets(self, _request: Request, body: Json) -> Json:
        sockets = self._sandbox.sockets
        match body["do"]:
            case "warning" | "refresh_requested" | "link_disabled" as reason:
                sockets.disconnect(reason)
            case "stall":
                sockets.stall()
            case "cut":
                sockets.drop()
            case other:
                raise ValueError(f"nothing like {other!r} can be done to a socket")
        return {"connections": len(sockets.connections)}

    def reset(self, _request: Request, _body: Json) -> Json:
        self._sandbox.reset()
        return {}


def routes(sandbox: "Sandbox") -> list[BaseRoute]:
    control = ControlApi(sandbox)

    def changes(_request: Request) -> Response:
        return stream(sandbox.workspace)

    def get(path: str, work: Callable[[Request, Json], Any]) -> Route:
        return Route(path, _endpoint(work), methods=["GET"])

    def post(path: str, work: Callable[[Request, Json], Any]) -> Route:
        return Route(path, _endpoint(work), methods=["POST"])

    faults = _endpoint(control.faults)
    return [
        get("/_/state", control.state),
        get("/_/channels/{channel}", control.channel),
        get("/_/channels/{channel}/{ts}", control.thread),
        Route("/_/files/{file}", control.file),
        post("/_/act", control.act),
        Route("/_/changes", changes),
        post("/_/clock", control.clock),
        Route("/_/faults", faults, methods=["GET", "POST", "DELETE"]),
        Route("/_/faults/{fault:int}", faults, methods=["DELETE"]),
        post("/_/seed", control.seed),
        get("/_/history", control.history),
        post("/_/sockets", control.sockets),
        post("/_/reset", control.reset),
    ]
