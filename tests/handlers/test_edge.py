"""What comes in over HTTP: only what Slack signed, whole and small enough."""

import gzip
import hashlib
import hmac
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPResponse
from typing import Any

import pytest
import uvicorn
from slack_bolt import App
from starlette.applications import Starlette

from handlers.edge import LARGEST_BODY, Edge
from tests.factories import ASKER, HELPER, HERE, Clock, Story, message

SECRET = "a-signing-secret-for-tests"
JSON = "application/json"
FORM = "application/x-www-form-urlencoded"


@dataclass
class Door:
    """A running server, and how Slack would knock."""

    port: int
    clock: Clock

    def send(
        self,
        body: bytes | str = b"",
        *,
        method: str = "POST",
        path: str = "/slack/events",
        kind: str = JSON,
        secret: str = SECRET,
        signed: bytes | None = None,
        age: int = 0,
        **headers: str,
    ) -> tuple[int, bytes]:
        raw = body.encode() if isinstance(body, str) else body
        at = str(int(self.clock().timestamp()) - age)
        base = b"v0:" + at.encode() + b":" + (raw if signed is None else signed)
        signature = hmac.new(secret.encode(), base, hashlib.sha256).hexdigest()
        sent = {
            "Content-Type": kind,
            "X-Slack-Request-Timestamp": at,
            "X-Slack-Signature": f"v0={signature}",
        } | {name.replace("_", "-"): value for name, value in headers.items()}
        connection = HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(method, path, raw, sent)
            answer: HTTPResponse = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def status(self, body: bytes | str = b"", **more: Any) -> int:
        return self.send(body, **more)[0]


@pytest.fixture
def serve() -> Iterator[Callable[[Starlette], int]]:
    running: list[tuple[uvicorn.Server, threading.Thread]] = []

    def start(app: Starlette) -> int:
        listener = socket.create_server(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_config=None))
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        running.append((server, thread))
        while not server.started:
            time.sleep(0.01)
        return int(listener.getsockname()[1])

    yield start
    for server, thread in running:
        server.should_exit = True
        thread.join()


@pytest.fixture
def door(
    bolt: App, story: Story, clock: Clock, serve: Callable[[Starlette], int]
) -> Door:
    story.ask()
    edge = Edge(bolt, SECRET, now=lambda: clock().timestamp(), is_ready=lambda: True)
    return Door(serve(edge.app()), clock)


def envelope(event: Any = None, **more: Any) -> str:
    body = {
        "type": "event_callback",
        "team_id": "T0PEERS",
        "authorizations": [{"team_id": "T0PEERS", "enterprise_id": None}],
        "event_id": "Ev1",
        "event": event,
    }
    return json.dumps(body | more)


@pytest.fixture
def answer(story: Story, door: Door) -> str:
    """A reply to the ask, ready to be sent."""
    ts = story.ts()
    return envelope(message(HELPER, "So.", ts, story.the_ask().ts))


def test_what_slack_signed_comes_in(story: Story, door: Door, answer: str) -> None:
    assert door.send(answer) == (200, b"")
    assert len(story.answers()) == 1


def test_a_replay_changes_nothing(story: Story, door: Door, answer: str) -> None:
    for _ in range(3):
        assert door.status(answer) == 200
    assert len(story.answers()) == 1


@pytest.mark.parametrize(
    "forged",
    [
        {"secret": "another secret"},
        {"age": 301},
        {"age": -301},
        {"signed": b"another body"},
        {"X_Slack_Request_Timestamp": "abc"},
        {"X_Slack_Request_Timestamp": ""},
        {"X_Slack_Request_Timestamp": "9" * 400},
        {"X_Slack_Request_Timestamp": "-5"},
        {"X_Slack_Request_Timestamp": "1e9"},
        {"X_Slack_Signature": ""},
        {"X_Slack_Signature": "v1=abc"},
        {"X_Slack_Signature": "v0=\u00e4\u00f6"},
    ],
)
def test_what_slack_did_not_sign_stays_out(
    story: Story,
    door: Door,
    answer: str,
    forged: dict[str, Any],
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert door.status(answer, **forged) == 401
    assert story.answers() == []
    assert "So." not in caplog.text
    assert "Traceback" not in caplog.text


def test_a_signature_is_good_for_five_minutes(door: Door, answer: str) -> None:
    assert door.status(answer, age=299) == 200


def test_two_signatures_are_none(door: Door, answer: str) -> None:
    connection = HTTPConnection("127.0.0.1", door.port)
    connection.putrequest("POST", "/slack/events")
    connection.putheader("Content-Type", JSON)
    connection.putheader("Content-Length", str(len(answer)))
    for _ in range(2):
        connection.putheader("X-Slack-Signature", "v0=a")
    connection.putheader("X-Slack-Request-Timestamp", "1")
    connection.endheaders(answer.encode())
    assert connection.getresponse().status == 401
    connection.close()


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"null", 400),
        (b"[]", 400),
        (b"{", 400),
        (b'"text"', 400),
        (b"[" * 100_000, 400),
        (b"\xff\xfe{}", 401),  # Slack sends UTF-8, and signs what it sends.
        (b"{}", 200),
        (b'{"type": "event_callback", "event": null}', 200),
        (b'{"type": "event_callback", "event": []}', 200),
        (b'{"type": "event_callback", "event": {"type": 5}}', 200),
        (b'{"type": "app_rate_limited", "minute_rate_limited": 1}', 200),
        (b'{"type": "event_callback", "event": {"type": "message"}}', 200),
    ],
)
def test_a_signed_body_that_makes_no_sense(
    story: Story, door: Door, body: bytes, status: int
) -> None:
    assert door.status(body) == status
    assert door.status(path="/healthz", method="GET") == 200
    assert len(story.asks()) == 1


@pytest.mark.parametrize(
    "body", [b"", b"payload=", b"payload=%7B", b"a=b&a=b", b"\xff"]
)
def test_a_form_that_makes_no_sense_does_not_kill_us(door: Door, body: bytes) -> None:
    assert door.status(body, kind=FORM) in {400, 401}
    assert door.status(path="/healthz", method="GET") == 200


def test_only_slacks_kinds_of_body(door: Door, answer: str) -> None:
    assert door.status(answer, kind="text/plain") == 415
    assert door.status(answer, kind="multipart/form-data") == 415
    assert door.status(answer, kind="APPLICATION/JSON; charset=utf-8") == 200


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "HEAD", "OPTIONS"])
def test_only_posts(door: Door, method: str) -> None:
    assert door.status(method=method) == 405


def test_a_packed_body_is_not_unpacked(door: Door, answer: str) -> None:
    packed = gzip.compress(answer.encode())
    assert door.status(packed, Content_Encoding="gzip") == 401


def test_ten_megabytes_are_refused_at_once(door: Door) -> None:
    began = time.monotonic()
    connection = HTTPConnection("127.0.0.1", door.port)
    connection.putrequest("POST", "/slack/events")
    connection.putheader("Content-Type", JSON)
    connection.putheader("Content-Length", str(10 * LARGEST_BODY))
    connection.endheaders()
    assert connection.getresponse().status == 413
    connection.close()
    assert time.monotonic() - began < 5


def test_a_body_without_an_end_is_cut_off(door: Door) -> None:
    connection = HTTPConnection("127.0.0.1", door.port)
    connection.putrequest("POST", "/slack/events")
    connection.putheader("Content-Type", JSON)
    connection.putheader("Transfer-Encoding", "chunked")
    connection.endheaders()
    chunk = b"10000\r\n" + b"a" * 0x10000 + b"\r\n"
    try:
        for _ in range(40):
            connection.send(chunk)
    except OSError:
        pass  # The server has answered and hung up, as it should.
    else:
        assert connection.getresponse().status == 413
    finally:
        connection.close()
    assert door.status(path="/healthz", method="GET") == 200


def test_a_chunked_body_is_read(story: Story, door: Door, answer: str) -> None:
    raw = answer.encode()
    at = str(int(door.clock().timestamp()))
    base = b"v0:" + at.encode() + b":" + raw
    signature = hmac.new(SECRET.encode(), base, hashlib.sha256).hexdigest()
    connection = HTTPConnection("127.0.0.1", door.port)
    connection.request(
        "POST",
        "/slack/events",
        iter([raw[:10], raw[10:]]),
        {
            "Content-Type": JSON,
            "X-Slack-Request-Timestamp": at,
            "X-Slack-Signature": f"v0={signature}",
        },
        encode_chunked=True,
    )
    assert connection.getresponse().status == 200
    connection.close()
    assert len(story.answers()) == 1


def test_the_challenge_is_answered_only_when_signed(door: Door) -> None:
    body = json.dumps({"type": "url_verification", "challenge": "abc"})
    assert door.send(body) == (200, b'{"challenge":"abc"}')
    assert door.status(body, secret="wrong") == 401


def test_an_unsigned_ssl_check_stays_out(door: Door) -> None:
    assert door.status("ssl_check=1&token=x", kind=FORM, secret="wrong") == 401


def test_a_command_is_answered_in_its_acknowledgement(door: Door) -> None:
    body = (
        f"command=%2Fbackswing&text=help&user_id={ASKER}&channel_id={HERE}"
        "&team_id=T0PEERS&trigger_id=1.2"
    )
    status, said = door.send(body, kind=FORM)
    assert status == 200
    assert b"puts a problem" in said


def test_a_slow_request_holds_nobody_up(
    bolt: App, clock: Clock, serve: Callable[[Starlette], int]
) -> None:
    release = threading.Event()

    @bolt.middleware
    def wait(next: Callable[[], None]) -> None:  # noqa: A002 - Bolt's name
        release.wait(10)
        next()

    edge = Edge(bolt, SECRET, now=lambda: clock().timestamp(), is_ready=lambda: True)
    door = Door(serve(edge.app()), clock)
    body = envelope({"type": "whatever"})
    slow = threading.Thread(target=door.status, args=(body,))
    slow.start()
    try:
        assert door.status(path="/healthz", method="GET") == 200
        assert door.status(path="/readyz", method="GET") == 200
        assert slow.is_alive()
    finally:
        release.set()
        slow.join()


def test_not_ready_is_said(
    bolt: App, clock: Clock, serve: Callable[[Starlette], int]
) -> None:
    edge = Edge(bolt, SECRET, now=lambda: 0.0, is_ready=lambda: False)
    door = Door(serve(edge.app()), clock)
    assert door.status(path="/readyz", method="GET") == 503


def test_without_a_signing_secret_there_is_no_door(
    bolt: App, clock: Clock, serve: Callable[[Starlette], int]
) -> None:
    edge = Edge(bolt, None, now=lambda: 0.0, is_ready=lambda: True)
    door = Door(serve(edge.app()), clock)
    assert door.status("{}") == 404
