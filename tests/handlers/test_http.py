"""HTTP accepts only requests that Slack signed, complete and small enough."""

import gzip
import hashlib
import hmac
import json
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPResponse
from typing import Any
from urllib.parse import urlencode

import pytest
import uvicorn
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from starlette.applications import Starlette

from handlers.bolt_app import BoltApp
from handlers.health import Health
from handlers.http import MAX_BODY_BYTES, SlackHttpEndpoint
from handlers.readiness import Readiness
from tests.factories import Clock, Story
from tests.slack_payloads import ASKER, HELP_CHANNEL, HELPER, message_event

SECRET = "a-signing-secret-for-tests"
JSON = "application/json"
FORM = "application/x-www-form-urlencoded"

# The checks do not depend on the database.
pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@dataclass
class SlackCaller:
    """A running server, and requests to it as Slack sends them."""

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
        connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, raw, sent)
            answer: HTTPResponse = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def status(self, body: bytes | str = b"", **more: Any) -> int:
        return self.send(body, **more)[0]


@pytest.fixture
def serve(closing: ThreadPoolExecutor) -> Iterator[Callable[[Starlette], int]]:
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
        closing.submit(thread.join)


@pytest.fixture
def door(
    bolt: BoltApp, story: Story, clock: Clock, serve: Callable[[Starlette], int]
) -> SlackCaller:
    story.ask()
    edge = SlackHttpEndpoint(bolt, SECRET, now=lambda: clock().timestamp())
    health = Health(Readiness({}), bolt.metrics)
    return SlackCaller(serve(edge.app(*health.routes())), clock)


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
def answer(story: Story, door: SlackCaller) -> str:
    """Return a reply to the ask as a signed event."""
    ts = story.ts()
    return envelope(message_event(HELPER, "So.", ts, story.only_ask().ts))


def test_a_signed_request_is_accepted(
    story: Story, door: SlackCaller, answer: str
) -> None:
    assert door.send(answer) == (200, b"")
    assert len(story.answers()) == 1


def test_a_replay_changes_nothing(story: Story, door: SlackCaller, answer: str) -> None:
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
def test_an_unsigned_request_is_rejected(
    story: Story,
    door: SlackCaller,
    answer: str,
    forged: dict[str, Any],
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert door.status(answer, **forged) == 401
    assert story.answers() == []
    assert "So." not in caplog.text
    assert "Traceback" not in caplog.text


def test_a_signature_is_valid_for_five_minutes(door: SlackCaller, answer: str) -> None:
    assert door.status(answer, age=299) == 200


def test_rejected_requests_are_counted_by_reason(
    bolt: BoltApp, door: SlackCaller, answer: str
) -> None:
    door.status(answer, secret="wrong")
    door.status(answer, age=301)
    door.status(answer, age=-301)
    door.status(answer, kind="text/plain")
    door.status(b"x" * (MAX_BODY_BYTES + 1))
    door.status("{")
    page = bolt.metrics.render().decode()
    counted = re.findall(r'requests_refused_total\{reason="([\w ]+)"\} (\d+)', page)
    assert dict(counted) == {
        "signature": "1",
        "age": "2",
        "content type": "1",
        "size": "1",
        "content": "1",
    }


def test_two_signatures_are_invalid(door: SlackCaller, answer: str) -> None:
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
        (b"\xff\xfe{}", 401),  # Slack sends UTF-8, and signs its bytes.
        (b"{}", 200),
        (b'{"type": "event_callback", "event": null}', 200),
        (b'{"type": "event_callback", "event": []}', 200),
        (b'{"type": "event_callback", "event": {"type": 5}}', 200),
        (b'{"type": "app_rate_limited", "minute_rate_limited": 1}', 200),
        (b'{"type": "event_callback", "event": {"type": "message"}}', 200),
    ],
)
def test_a_signed_invalid_body_is_rejected(
    story: Story, door: SlackCaller, body: bytes, status: int
) -> None:
    assert door.status(body) == status
    assert door.status(path="/healthz", method="GET") == 200
    assert len(story.asks()) == 1


@pytest.mark.parametrize(
    "body", [b"", b"payload=", b"payload=%7B", b"a=b&a=b", b"\xff"]
)
def test_an_invalid_form_does_no_harm(door: SlackCaller, body: bytes) -> None:
    assert door.status(body, kind=FORM) in {400, 401}
    assert door.status(path="/healthz", method="GET") == 200


def test_only_slacks_content_types_are_accepted(door: SlackCaller, answer: str) -> None:
    assert door.status(answer, kind="text/plain") == 415
    assert door.status(answer, kind="multipart/form-data") == 415
    assert door.status(answer, kind="APPLICATION/JSON; charset=utf-8") == 200


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "HEAD", "OPTIONS"])
def test_only_posts_are_accepted(door: SlackCaller, method: str) -> None:
    assert door.status(method=method) == 405


def test_a_compressed_body_is_not_unpacked(door: SlackCaller, answer: str) -> None:
    packed = gzip.compress(answer.encode())
    assert door.status(packed, Content_Encoding="gzip") == 401


def test_ten_megabytes_are_rejected_at_once(door: SlackCaller) -> None:
    began = time.monotonic()
    connection = HTTPConnection("127.0.0.1", door.port)
    connection.putrequest("POST", "/slack/events")
    connection.putheader("Content-Type", JSON)
    connection.putheader("Content-Length", str(10 * MAX_BODY_BYTES))
    connection.endheaders()
    assert connection.getresponse().status == 413
    connection.close()
    assert time.monotonic() - began < 30


def looks_signed(door: SlackCaller) -> dict[str, str]:
    """Return headers that look valid until the body is verified."""
    return {
        "X-Slack-Request-Timestamp": str(int(door.clock().timestamp())),
        "X-Slack-Signature": f"v0={'0' * 64}",
    }


def test_an_endless_body_is_cut_off(door: SlackCaller) -> None:
    connection = HTTPConnection("127.0.0.1", door.port)
    connection.putrequest("POST", "/slack/events")
    connection.putheader("Content-Type", JSON)
    connection.putheader("Transfer-Encoding", "chunked")
    for name, value in looks_signed(door).items():
        connection.putheader(name, value)
    connection.endheaders()
    chunk = b"10000\r\n" + b"a" * 0x10000 + b"\r\n"
    try:
        for _ in range(40):
            connection.send(chunk)
    except OSError:
        pass  # The server has responded and closed the connection, as it should.
    else:
        assert connection.getresponse().status == 413
    finally:
        connection.close()
    assert door.status(path="/healthz", method="GET") == 200


@pytest.mark.parametrize(
    "wrong",
    [
        {"X-Slack-Signature": None},
        {"X-Slack-Signature": ""},
        {"X-Slack-Signature": "v0="},
        {"X-Slack-Signature": f"v0={'g' * 64}"},
        {"X-Slack-Signature": f"v1={'0' * 64}"},
        {"X-Slack-Signature": f"v0={'0' * 65}"},
        {"X-Slack-Request-Timestamp": None},
        {"X-Slack-Request-Timestamp": "soon"},
        {"X-Slack-Request-Timestamp": "1000000000"},
        {"X-Slack-Request-Timestamp": "99999999999"},
    ],
)
def test_a_body_that_can_not_be_slacks_is_not_awaited(
    door: SlackCaller, wrong: dict[str, str | None]
) -> None:
    connection = HTTPConnection("127.0.0.1", door.port)
    connection.putrequest("POST", "/slack/events")
    connection.putheader("Content-Type", JSON)
    connection.putheader("Content-Length", "100")
    for name, value in (looks_signed(door) | wrong).items():
        if value is not None:
            connection.putheader(name, value)
    connection.endheaders(b"{")
    assert connection.getresponse().status == 401
    connection.close()


def test_an_incomplete_body_is_counted(bolt: BoltApp, door: SlackCaller) -> None:
    connection = HTTPConnection("127.0.0.1", door.port)
    connection.putrequest("POST", "/slack/events")
    connection.putheader("Content-Type", JSON)
    connection.putheader("Content-Length", "100")
    for name, value in looks_signed(door).items():
        connection.putheader(name, value)
    connection.endheaders(b"{")
    connection.close()
    end = time.monotonic() + 30
    while b'reason="incomplete"' not in bolt.metrics.render():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_a_chunked_body_is_read(story: Story, door: SlackCaller, answer: str) -> None:
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


def test_the_challenge_is_answered_only_when_signed(door: SlackCaller) -> None:
    body = json.dumps({"type": "url_verification", "challenge": "abc"})
    assert door.send(body) == (200, b'{"challenge":"abc"}')
    assert door.status(body, secret="wrong") == 401


def test_an_unsigned_ssl_check_is_rejected(door: SlackCaller) -> None:
    assert door.status("ssl_check=1&token=x", kind=FORM, secret="wrong") == 401


def test_a_command_is_answered_in_its_acknowledgement(door: SlackCaller) -> None:
    body = (
        f"command=%2Fbackswing&text=help&user_id={ASKER}&channel_id={HELP_CHANNEL}"
        "&team_id=T0PEERS&trigger_id=1.2"
    )
    status, response_body = door.send(body, kind=FORM)
    assert status == 200
    assert b"Ask your peers, and see what helped" in response_body


def test_a_slow_request_delays_no_other(
    bolt: BoltApp, clock: Clock, serve: Callable[[Starlette], int]
) -> None:
    release = threading.Event()

    @bolt.middleware
    def wait(next: Callable[[], None]) -> None:  # noqa: A002 - Bolt's name
        release.wait(10)
        next()

    edge = SlackHttpEndpoint(bolt, SECRET, now=lambda: clock().timestamp())
    health = Health(Readiness({}), bolt.metrics)
    door = SlackCaller(serve(edge.app(*health.routes())), clock)
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


def test_without_a_signing_secret_there_is_no_endpoint(
    bolt: BoltApp, clock: Clock, serve: Callable[[Starlette], int]
) -> None:
    edge = SlackHttpEndpoint(bolt, None, now=lambda: 0.0)
    door = SlackCaller(serve(edge.app()), clock)
    assert door.status("{}") == 404


# Arbitrary requests

_NAMES = re.findall(
    r"\w+",
    "type event team_id authorizations user channel ts text item reaction message"
    " subtype thread_ts event_ts actions view callback_id id blocks state values"
    " action_id value container payload command previous_message deleted_ts profile"
    " name team_id tz status_expiration tokens bot item_user inviter is_ext_shared",
)
_KINDS = re.findall(
    r"\w+",
    "event_callback message reaction_added reaction_removed block_actions"
    " view_submission shortcut message_action user_change member_joined_channel"
    " app_home_opened channel_rename message_changed message_deleted team_join"
    " member_left_channel tokens_revoked channel_id_changed channel_unshared",
)
_INTERACTION_KINDS = re.findall(
    r"\w+", "block_actions view_submission view_closed shortcut message_action message"
)
_LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False),
    st.sampled_from(
        [HELP_CHANNEL, HELPER, "T0PEERS", "1772442000.000100", "kudos", *_KINDS]
    ),
    st.text(max_size=10),
)
_JSON = st.recursive(
    _LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(_NAMES), inner, max_size=5),
    ),
    max_leaves=12,
)
_ENVELOPES = st.builds(
    lambda kind, rest: envelope(rest | {"type": kind}),
    st.sampled_from(_KINDS),
    st.dictionaries(st.sampled_from(_NAMES), _JSON, max_size=6),
)
_INTERACTIONS = st.builds(
    lambda kind, rest: json.dumps({"team": {"id": "T0PEERS"}} | rest | {"type": kind}),
    st.sampled_from(_INTERACTION_KINDS),
    st.dictionaries(st.sampled_from(_NAMES), _JSON, max_size=6),
)
BODIES = st.one_of(
    st.tuples(_ENVELOPES, st.just(JSON)),
    st.tuples(
        _INTERACTIONS.map(lambda body: urlencode({"payload": body})), st.just(FORM)
    ),
    st.tuples(_JSON.map(json.dumps), st.just(JSON)),
    st.tuples(st.binary(max_size=200), st.sampled_from([JSON, FORM, "text/plain"])),
)


def assert_handled(door: SlackCaller, body: bytes | str, kind: str) -> None:
    """Check that the request is accepted or rejected without a crash, and ours only."""
    status = door.status(body, kind=kind)
    assert status == 200 or 400 <= status < 500, status
    assert 400 <= door.status(body, kind=kind, secret="another secret") < 500
    assert door.status(path="/healthz", method="GET") == 200


def odd(kind: str, **fields: Any) -> tuple[str, str]:
    return envelope({"type": kind} | fields), JSON


def described(**fields: Any) -> tuple[str, str]:
    return odd("user_change", user={"id": HELPER, "team_id": "T0PEERS"} | fields)


@settings(
    max_examples=120,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@example(odd("reaction_added", item=1))
@example(odd("message", subtype=["message_changed"]))
@example(odd("tokens_revoked", tokens=1))
@example(described(is_bot=True, profile="none"))
@example(described(team_id=[]))
@example(described(is_bot=True, tz="\x00"))
@example(described(is_bot=True, profile={"status_expiration": 10**30}))
@given(sent=BODIES)
@pytest.mark.deep
def test_any_request_is_accepted_or_rejected(
    door: SlackCaller, sent: tuple[bytes | str, str]
) -> None:
    assert_handled(door, *sent)


@pytest.mark.deep
@pytest.mark.exhaustive
@pytest.mark.timeout(600)
@settings(
    max_examples=2000,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(sent=BODIES)
def test_any_request_is_accepted_or_rejected_in_many_examples(
    door: SlackCaller, sent: tuple[bytes | str, str]
) -> None:
    assert_handled(door, *sent)
