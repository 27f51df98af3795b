"""Clients that open connections and send nothing keep nobody out."""

import resource
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest
import uvicorn
from anyio import to_thread
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from handlers import http_protocol
from handlers.http_protocol import LimitedHttpProtocol

HEAD = b"POST / HTTP/1.1\r\nHost: x\r\n"
WHOLE = HEAD + b"Content-Length: 2\r\n\r\nok"
LONG = 300.0


class Quick(LimitedHttpProtocol):
    header_timeout_seconds = 0.3
    body_timeout_seconds = 0.3
    linger_seconds = 0.3


class Patient(LimitedHttpProtocol):
    header_timeout_seconds = LONG
    body_timeout_seconds = LONG


class Place:
    """A server, and the requests that it has received."""

    def __init__(self, protocol: type[LimitedHttpProtocol]) -> None:
        self.read: list[str] = []
        self.may_answer = threading.Event()
        self.may_answer.set()
        listener = socket.create_server(("127.0.0.1", 0), backlog=2048)
        self.port: int = listener.getsockname()[1]
        routes = [
            Route("/", self.take, methods=["POST"]),
            Route("/no", self.refuse, methods=["POST"]),
        ]
        self.server = uvicorn.Server(
            uvicorn.Config(
                Starlette(routes=routes),
                log_config=None,
                http=protocol,
                backlog=http_protocol.BACKLOG,
                lifespan="off",
                timeout_keep_alive=1,
                timeout_graceful_shutdown=1,
            )
        )
        self._thread = threading.Thread(target=self.server.run, args=([listener],))
        self._thread.start()

    async def take(self, request: Request) -> Response:
        try:
            self.read.append((await request.body()).decode())
        except ClientDisconnect:
            self.read.append("gone")
        await to_thread.run_sync(self.may_answer.wait, 60)
        return PlainTextResponse("taken")

    async def refuse(self, _: Request) -> Response:
        return PlainTextResponse("no", status_code=401)

    def open(self, text: bytes = b"") -> socket.socket:
        peer = socket.create_connection(("127.0.0.1", self.port), timeout=60)
        if text:
            peer.sendall(text)
        return peer

    @property
    def count(self) -> int:
        return len(self.server.server_state.connections)

    def stop(self) -> None:
        self.may_answer.set()
        self.server.should_exit = True
        self._thread.join()


@pytest.fixture
def place(
    request: pytest.FixtureRequest, closing: ThreadPoolExecutor
) -> Iterator[Place]:
    running_server = Place(request.param)
    yield running_server
    closing.submit(running_server.stop)


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not true():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.01)


def open_files() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def rest(peer: socket.socket) -> bytes:
    """Return everything that arrives until the server closes the connection."""
    received = b""
    while part := peer.recv(65536):
        received += part
    return received


@pytest.mark.parametrize("place", [Quick], indirect=True)
@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"P",
        b"\r\n",
        HEAD,
        HEAD + b"Content-Length: 100\r\n\r\n",
        HEAD + b"Content-Length: 100\r\n\r\n{",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nab",
    ],
)
def test_half_a_request_is_awaited_for_a_limited_time(
    place: Place, text: bytes
) -> None:
    with place.open(text) as peer:
        assert rest(peer).startswith(b"HTTP/1.1 408 ")
    until(lambda: place.count == 0)
    with place.open(WHOLE) as peer:
        assert peer.recv(65536).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("place", [Quick], indirect=True)
@pytest.mark.parametrize(
    ("head", "drop"),
    [(b"", b"\r\n"), (HEAD, b"a"), (HEAD + b"Content-Length: 9999\r\n\r\n", b"a")],
)
def test_a_client_that_sends_a_little_now_and_then_gains_nothing(
    place: Place, head: bytes, drop: bytes
) -> None:
    with place.open(head) as peer:
        # It gets a response, and the connection is closed while it still sends.
        peer.settimeout(0.05)
        received = b""
        while not received:
            peer.sendall(drop)
            with suppress(TimeoutError):
                received = peer.recv(65536)
    assert received.startswith(b"HTTP/1.1 408 ")


@pytest.mark.parametrize("place", [Patient], indirect=True)
@pytest.mark.parametrize(
    "begun",
    [
        b"POST /",
        HEAD + b"A: ",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\nA: ",
        HEAD.replace(b"/", b"/no", 1) + b"Transfer-Encoding: chunked\r\n\r\n0\r\nA: ",
    ],
)
def test_endless_data_is_not_kept(place: Place, begun: bytes) -> None:
    sent = 0
    with place.open(begun) as peer, suppress(ConnectionError):
        while sent < 20 * http_protocol.MAX_REQUEST_BYTES:
            peer.sendall(b"a" * http_protocol.MAX_HEADER_BYTES)
            sent += http_protocol.MAX_HEADER_BYTES
    # Some of it is on its way.
    assert sent < 5 * http_protocol.MAX_REQUEST_BYTES
    until(lambda: place.count == 0)
    with place.open(WHOLE) as peer:
        assert peer.recv(65536).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("place", [Quick], indirect=True)
@pytest.mark.parametrize("more", [b"\r\n", b"P", HEAD])
def test_the_next_request_is_awaited_for_a_limited_time_too(
    place: Place, more: bytes
) -> None:
    with place.open(WHOLE + more) as peer:
        received = rest(peer)
    assert received.startswith(b"HTTP/1.1 200 ")
    assert place.read == ["ok"]


@pytest.mark.parametrize("place", [Quick], indirect=True)
def test_the_rest_of_a_rejected_request_is_not_awaited(place: Place) -> None:
    with place.open(b"POST /no HTTP/1.1\r\nContent-Length: 100\r\n\r\n") as peer:
        received = rest(peer)
    assert received.startswith(b"HTTP/1.1 401 ")
    assert received.count(b"HTTP/1.1") == 1


@pytest.mark.parametrize("place", [Quick], indirect=True)
def test_the_applications_time_does_not_count(place: Place) -> None:
    place.may_answer.clear()
    with place.open(WHOLE) as peer:
        until(lambda: place.read == ["ok"])
        time.sleep(1)
        place.may_answer.set()
        assert peer.recv(65536).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("place", [Patient], indirect=True)
@pytest.mark.parametrize("text", [b"", HEAD, HEAD + b"Content-Length: 100\r\n\r\n"])
def test_without_room_the_longest_waiting_connection_is_closed(
    place: Place, monkeypatch: pytest.MonkeyPatch, text: bytes
) -> None:
    monkeypatch.setattr(http_protocol, "MAX_CONNECTIONS", 20)
    place.may_answer.clear()
    busy = place.open(WHOLE)
    until(lambda: place.read[:1] == ["ok"])
    idle = [place.open(text) for _ in range(60)]
    until(lambda: place.count == 20)
    place.may_answer.set()
    assert busy.recv(65536).startswith(b"HTTP/1.1 200 ")
    with place.open(WHOLE) as peer:
        assert peer.recv(65536).startswith(b"HTTP/1.1 200 ")
    for peer in [busy, *idle]:
        peer.close()


@pytest.mark.parametrize("place", [Patient], indirect=True)
@pytest.mark.deep
def test_a_thousand_half_open_connections_leave_files_to_others(place: Place) -> None:
    allowed, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 3 * http_protocol.MAX_CONNECTIONS + 500
    if most != resource.RLIM_INFINITY and most < wanted:
        pytest.skip("this test itself may not open so many files")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(allowed, wanted), most))
    before = open_files()
    peers = [place.open(HEAD) for _ in range(1100)]
    until(lambda: place.count <= http_protocol.MAX_CONNECTIONS)
    assert open_files() - before - len(peers) <= (
        http_protocol.MAX_CONNECTIONS + http_protocol.BACKLOG
    )
    with place.open(WHOLE) as peer:
        assert peer.recv(65536).startswith(b"HTTP/1.1 200 ")
    for peer in peers:
        peer.close()
    resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, most))
