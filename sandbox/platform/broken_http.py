"""Broken HTTP responses: reset, too late, cut short, not JSON."""

import asyncio
import json
import socket
import struct
from typing import Any

from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from sandbox.workspace.records import Json

_SERVER_ERROR_PAGE = (
    "<!DOCTYPE html><html><head><title>Slack</title></head>"
    "<body><h1>Server Error</h1></body></html>"
)
# A linger time of zero makes close() send a reset.
_NO_LINGER = struct.pack("ii", 1, 0)


class TransportExposingProtocol(H11Protocol):
    """Gives the application its transport, to break it."""

    def connection_made(self, transport: Any) -> None:
        self.app_state = {**self.app_state, "transport": transport}
        super().connection_made(transport)


class BrokenResponse(Response):
    """Breaks the connection after `seconds`, with or without half a body."""

    def __init__(self, *, body: Json | None = None, seconds: float = 0) -> None:
        super().__init__(json.dumps(body) if body is not None else b"")
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        del receive
        transport = scope["state"]["transport"]
        if self._seconds:
            await asyncio.sleep(self._seconds)
        if self.body:
            headers = [
                (b"content-type", b"application/json; charset=utf-8"),
                (b"content-length", str(len(self.body)).encode()),
            ]
            await send(
                {"type": "http.response.start", "status": 200, "headers": headers}
            )
            half = bytes(self.body[: len(self.body) // 2])
            await send({"type": "http.response.body", "body": half, "more_body": True})
            transport.close()
        else:
            sock = transport.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
            transport.abort()
        # The server notices the closed connection before it expects the rest.
        await asyncio.sleep(0)
        await asyncio.sleep(0)


def server_error() -> Response:
    return Response(_SERVER_ERROR_PAGE, 503, media_type="text/html")
