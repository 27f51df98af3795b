"""Limit the duration of a request, its size, and the number of connections.

uvicorn has no timeout for the rest of a request.
"""

import asyncio
import os
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

# Slack sends a request's headers and body at once.
HEADER_TIMEOUT_SECONDS = 10.0
BODY_TIMEOUT_SECONDS = 10.0
# The time for the rest of a body after an early refusal.
LINGER_SECONDS = 2.0
# Slack's headers are far smaller. The application limits the body.
MAX_HEADER_BYTES = 64 * 1024
# The body with the overhead of a chunked transfer.
MAX_REQUEST_BYTES = 4 * 1024 * 1024
MAX_CONNECTIONS = 512
# Connections that wait to be accepted.
BACKLOG = 256

_REQUEST_TIMEOUT = (
    b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
)


def connection_limit() -> int:
    """Return the maximum, or half of the process's file limit if that is smaller."""
    if os.name != "posix":
        return MAX_CONNECTIONS
    import resource  # noqa: PLC0415 - missing on Windows

    allowed, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if allowed == resource.RLIM_INFINITY:
        return MAX_CONNECTIONS
    return min(MAX_CONNECTIONS, allowed // 2)


class LimitedHttpProtocol(HttpToolsProtocol):
    """A connection with time limits.

    If there are too many connections, the one with the nearest deadline is closed, so
    that idle connections can't keep others out.
    """

    header_timeout_seconds = HEADER_TIMEOUT_SECONDS
    body_timeout_seconds = BODY_TIMEOUT_SECONDS
    linger_seconds = LINGER_SECONDS

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._timer: asyncio.TimerHandle | None = None
        self._is_in_body = False
        # Bytes received of the incomplete part of a request.
        self._size = 0

    @property
    def deadline(self) -> float | None:
        """The end of the peer's time limit; None while the application responds."""
        timer = self._timer or self.timeout_keep_alive_task
        return timer.when() if timer else None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._start_timer(self.header_timeout_seconds)
        if len(self.connections) > connection_limit():
            self._drop_slowest()

    def data_received(self, data: bytes) -> None:
        if self._timer is None and not self._is_in_body:
            # The next request over the same connection.
            self._start_timer(self.header_timeout_seconds)
        super().data_received(data)
        if self._timer is None:
            return
        # The parser buffers the headers, and the trailers after a body.
        self._size += len(data)
        if self._size > (MAX_REQUEST_BYTES if self._is_in_body else MAX_HEADER_BYTES):
            self._close()

    def on_headers_complete(self) -> None:
        self._is_in_body = True
        self._size = 0
        self._start_timer(self.body_timeout_seconds)
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._is_in_body = False
        self._size = 0
        self._cancel_timer()
        super().on_message_complete()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self._is_in_body:
            self._start_timer(self.linger_seconds)

    def connection_lost(self, exc: Exception | None) -> None:
        self._cancel_timer()
        super().connection_lost(exc)

    def _start_timer(self, seconds: float) -> None:
        self._cancel_timer()
        self._timer = self.loop.call_later(seconds, self._close)

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _drop_slowest(self) -> None:
        waiting = [
            (until, connection)
            for connection in self.connections
            if isinstance(connection, LimitedHttpProtocol)
            and (until := connection.deadline) is not None
        ]
        _, slowest = min(waiting, key=lambda pair: pair[0])
        self.connections.discard(slowest)
        slowest.transport.abort()

    def _close(self) -> None:
        """Close the connection; respond with a 408 unless a response has begun."""
        if not self.pipeline and not self._has_answered():
            self.transport.write(_REQUEST_TIMEOUT)
        self.transport.close()

    def _has_answered(self) -> bool:
        if self.cycle is None:
            return False
        if self._is_in_body:
            return self.cycle.response_started
        # This is the previous request's cycle; if it is complete, no request followed.
        return not self.cycle.response_complete
