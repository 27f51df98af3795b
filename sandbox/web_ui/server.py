"""Serve the Web API, response URLs and the page on loopback, in a thread."""

import asyncio
import json
import socket
from collections.abc import Callable, Mapping, Sequence
from threading import Thread
from typing import Protocol

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox.platform import broken_http
from sandbox.platform.files import FileStore
from sandbox.platform.response_urls import ResponseUrls
from sandbox.web_api.dispatch import ApiResponse
from sandbox.workspace.errors import SlackError
from sandbox.workspace.workspace import Workspace

_STOP_SECONDS = 10.0


class Calls(Protocol):
    """Answers the calls of the Web API."""

    def handle(
        self, name: str, headers: Mapping[str, str], query: str, body: bytes
    ) -> ApiResponse: ...


def web_api_route(calls: Calls) -> Route:
    async def call(request: Request) -> Response:
        response = await run_in_threadpool(
            calls.handle,
            request.path_params["method"],
            request.headers,
            request.url.query,
            await request.body(),
        )
        fault = response.fault
        match fault and fault.kind:
            case "server_error":
                return broken_http.server_error()
            case "reset":
                return broken_http.BrokenResponse()
            case "truncated":
                return broken_http.BrokenResponse(body=response.body)
            case "timeout" if fault:
                return broken_http.BrokenResponse(seconds=fault.seconds)
            case "slow" if fault:
                await asyncio.sleep(fault.seconds)
        return JSONResponse(response.body, response.status, dict(response.headers))

    return Route("/api/{method}", call, methods=["GET", "POST"])


def response_url_routes(workspace: Workspace, urls: ResponseUrls) -> list[BaseRoute]:
    def use(key: str, body: bytes) -> Response:
        try:
            sent = json.loads(body)
        except ValueError:
            return JSONResponse({"ok": False, "error": "invalid_payload"}, 400)
        if not isinstance(sent, dict):
            return JSONResponse({"ok": False, "error": "invalid_payload"}, 400)
        with workspace.lock:
            try:
                urls.use(key, sent)
            except SlackError as no:
                expired_errors = {"used_url", "expired_url", "no_such_response_url"}
                response = {"ok": False, "error": no.error, **no.extra}
                return JSONResponse(
                    response, 404 if no.error in expired_errors else 200
                )
        return PlainTextResponse("ok")

    async def post(request: Request) -> Response:
        key = request.url.path.lstrip("/")
        return await run_in_threadpool(use, key, await request.body())

    return [
        Route(f"/{kind}/{{team}}/{{token}}", post, methods=["POST"])
        for kind in ("commands", "actions", "app")
    ]


def upload_route(workspace: Workspace, files: FileStore) -> Route:
    """Return the route for a file's bytes, between the calls that begin and end it."""

    def receive(key: str, content: bytes) -> Response:
        with workspace.lock:
            is_taken = files.store_content(key, content)
        if is_taken:
            return PlainTextResponse(f"OK - {len(content)}")
        return PlainTextResponse("no such upload", 404)

    async def post(request: Request) -> Response:
        key = request.path_params["key"]
        return await run_in_threadpool(receive, key, await request.body())

    return Route("/upload/v1/{key}", post, methods=["POST"])


# Rejects a rebinding of another site's name to this address.
_LOOPBACK_ONLY = Middleware(
    TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost"]
)


class Server:
    def __init__(self, routes: Callable[[], Sequence[BaseRoute]]) -> None:
        self._routes = routes
        self._server: uvicorn.Server | None = None
        self._thread: Thread | None = None

    def start(self, listener: socket.socket | None = None) -> int:
        """Serve on the socket, or on any free port; return the port when it listens."""
        if listener is None:
            listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        bound: int = listener.getsockname()[1]
        config = uvicorn.Config(
            Starlette(routes=[*self._routes()], middleware=[_LOOPBACK_ONLY]),
            log_config=None,
            # The workspace's clock gives the time, not the machine's.
            date_header=False,
            http=broken_http.TransportExposingProtocol,
            ws="none",
            log_level="warning",
            access_log=False,
            lifespan="off",
            timeout_graceful_shutdown=1,
        )
        server = self._server = uvicorn.Server(config)

        def serve() -> None:
            with listener:
                asyncio.run(server.serve(sockets=[listener]))

        self._thread = Thread(target=serve, name="sandbox-server", daemon=True)
        self._thread.start()
        return bound

    def stop(self) -> None:
        if self._server and self._thread:
            # Requests are cut off: nothing needs a response from a stopped Slack.
            self._server.should_exit = self._server.force_exit = True
            self._thread.join(_STOP_SECONDS)
            self._server = self._thread = None
