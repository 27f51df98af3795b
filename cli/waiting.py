"""Answer the operator's tools while the bot waits for Slack at its start."""

from threading import Thread
from typing import Self

import uvicorn
from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from cli.ports import ListeningSockets
from cli.server import new_server
from handlers.metrics import CONTENT_TYPE


class WaitingServer:
    """Serves on copies of the bot's sockets from the first `explain` to its end.

    The sockets stay open, so a request that arrives at the end waits for the bot.
    """

    def __init__(self, listening: ListeningSockets) -> None:
        self._listening = listening
        self._reason = ""
        self._server: uvicorn.Server | None = None
        self._thread: Thread | None = None
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)

    def __enter__(self) -> Self:
        return self

    def explain(self, reason: str) -> None:
        """Show why the bot waits; start to serve if this is the first reason."""
        self._reason = reason
        if self._server is None:
            copies = [each.dup() for each in self._listening.sockets]
            host, port = copies[0].getsockname()[:2]
            self._server = new_server(self._app(), host, port)
            self._thread = Thread(
                target=self._server.run, args=(copies,), name="waiting", daemon=True
            )
            self._thread.start()

    def __exit__(self, *_: object) -> None:
        if self._server is not None and self._thread is not None:
            self._server.should_exit = True
            self._thread.join()

    def _app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/healthz", self._healthz),
                Route("/metrics", self._metrics),
                # Slack sends again what it sent to an address that is not ready.
                Route("/{path:path}", self._not_ready, methods=["GET", "POST"]),
            ]
        )

    async def _healthz(self, _: Request) -> Response:
        return PlainTextResponse("ok")

    async def _metrics(self, _: Request) -> Response:
        page = generate_latest(self._registry)
        return Response(page, headers={"content-type": CONTENT_TYPE})

    async def _not_ready(self, _: Request) -> Response:
        return PlainTextResponse(f"not ready\nslack: {self._reason}\n", status_code=503)
