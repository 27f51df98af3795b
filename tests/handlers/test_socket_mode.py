"""Socket Mode against the sandbox: refreshed, stalled, switched off."""

import json
import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import yaml

import app
from bot.runtime import ServedWorkspaces, Workspace
from bot.slack.api import Rejected
from handlers.bolt_app import build_bolt
from handlers.socket_mode import (
    DISCONNECTED_TOO_LONG,
    REJECTED_BY_SLACK,
    SOCKET_MODE_DISABLED,
    SocketMode,
)
from sandbox import Sandbox
from tests.fakes import FakeSlack

MANIFEST = Path(app.__file__).parent / "manifest.yml"


@pytest.fixture
def slack(closing: ThreadPoolExecutor) -> Iterator[Sandbox]:
    made = Sandbox(yaml.safe_load(MANIFEST.read_text()))
    made.start()
    yield made
    closing.submit(made.stop)


class SocketConnection:
    """A connection that records reactions, and the reason why it gave up."""

    def __init__(
        self,
        slack: Sandbox,
        *,
        token: str | None = None,
        patience: float = 30,
        api_url: str | None = None,
    ) -> None:
        self.heard: list[str] = []
        self.gave_up: list[str] = []
        self.over = threading.Event()
        self.may_go_on = threading.Event()
        self.may_go_on.set()
        bolt = build_bolt(
            ServedWorkspaces(
                [
                    (
                        Workspace(
                            1,
                            slack.team_id,
                            slack.bot_id,
                            slack.bot_user_id,
                            "https://x/",
                        ),
                        FakeSlack(),
                    )
                ]
            ),
        )
        bolt.event("reaction_added")(self._reacted)
        for other in ("message", "team_join", "member_joined_channel"):
            bolt.event(other)(lambda: None)
        bolt.command("/ask")(lambda ack: ack("Heard"))
        self.socket = SocketMode(
            bolt,
            token or slack.app_token,
            api_url=api_url or slack.api_url,
            on_fatal=self._give_up,
            ping_seconds=0.2,
            max_disconnected_seconds=patience,
        )

    def _reacted(self, event: dict[str, str]) -> None:
        self.may_go_on.wait(10)
        self.heard.append(event["reaction"])

    def _give_up(self, why: str) -> None:
        self.gave_up.append(why)
        self.over.set()


@pytest.fixture
def line(slack: Sandbox) -> Iterator[SocketConnection]:
    made = SocketConnection(slack)
    made.socket.connect()
    # Before that, Slack has no connection that it could drop.
    until(made.socket.is_greeted)
    yield made
    made.socket.close()


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not true():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.02)


def test_a_refresh_during_traffic_loses_nothing(
    slack: Sandbox, line: SocketConnection
) -> None:
    ana = slack.add_person("ana")
    here = slack.add_channel("help", ana)
    emoji = [f"e{n}" for n in range(30)]
    ts = slack.say(ana.id, here.id, "hello")
    for n, name in enumerate(emoji):
        slack.react(ana.id, here.id, ts, name)
        if n in {10, 20}:
            slack.sockets.disconnect("refresh_requested")
    until(lambda: set(line.heard) == set(emoji))
    assert line.gave_up == []


def test_a_command_does_not_wait_behind_events(
    slack: Sandbox, line: SocketConnection
) -> None:
    ana = slack.add_person("ana")
    here = slack.add_channel("help", ana)
    ts = slack.say(ana.id, here.id, "hello")
    line.may_go_on.clear()
    for n in range(30):
        slack.react(ana.id, here.id, ts, f"e{n}")
    ack = slack.command(ana.id, here.id, "/ask", "How is it done?")
    assert (ack.status, ack.text) == (200, "Heard")
    assert line.heard == []
    line.may_go_on.set()
    until(lambda: len(line.heard) == 30)


def test_messages_that_are_no_requests_are_ignored(
    slack: Sandbox, line: SocketConnection
) -> None:
    ana = slack.add_person("ana")
    here = slack.add_channel("help", ana)
    until(lambda: len(slack.sockets.connections) == 1)
    connection = slack.sockets.connections[0]
    nonsense: list[Any] = [[], None, {"type": 5}, {"envelope_id": "x", "payload": []}]
    stumbled_over = {"type": "block_actions", "user": False, "actions": None}
    nonsense.append({"envelope_id": "y", "payload": stumbled_over})
    for one in nonsense:
        connection.send(one)
    slack.react(ana.id, here.id, slack.say(ana.id, here.id, "hello"), "heart")
    until(lambda: line.heard == ["heart"])


def test_a_working_connection_is_kept(line: SocketConnection) -> None:
    # It answers several pings.
    assert not line.over.wait(1.2)
    assert line.socket.is_connected()


def test_a_stalled_connection_is_replaced(
    slack: Sandbox, line: SocketConnection
) -> None:
    ana = slack.add_person("ana")
    here = slack.add_channel("help", ana)
    ts = slack.say(ana.id, here.id, "hello")
    until(lambda: len(slack.sockets.connections) == 1)
    slack.sockets.stall()
    slack.react(ana.id, here.id, ts, "heart")
    until(lambda: line.heard == ["heart"])
    assert line.gave_up == []


def test_a_dropped_connection_is_replaced(
    slack: Sandbox, line: SocketConnection
) -> None:
    ana = slack.add_person("ana")
    here = slack.add_channel("help", ana)
    ts = slack.say(ana.id, here.id, "hello")
    slack.sockets.drop()
    slack.react(ana.id, here.id, ts, "heart")
    until(lambda: line.heard == ["heart"])


def test_it_gives_up_if_slack_is_unreachable_for_too_long(slack: Sandbox) -> None:
    line = SocketConnection(slack, patience=1)
    line.socket.connect()
    assert line.socket.is_connected()
    slack.stop()
    assert line.over.wait(30)
    assert line.gave_up == [DISCONNECTED_TOO_LONG]
    assert not line.socket.is_connected()
    line.socket.close()


def test_it_gives_up_if_the_token_is_revoked(
    slack: Sandbox, line: SocketConnection
) -> None:
    slack._tokens.app = "xapp-1-A0-another"
    slack.sockets.drop()
    assert line.over.wait(15)
    assert line.gave_up == [REJECTED_BY_SLACK]


def test_disabled_socket_mode_is_reported_clearly(
    slack: Sandbox, line: SocketConnection
) -> None:
    slack.sockets.disconnect("link_disabled")
    assert line.over.wait(15)
    assert line.gave_up == [SOCKET_MODE_DISABLED]


def test_a_wrong_app_token_does_not_connect(slack: Sandbox) -> None:
    made = SocketConnection(slack, token="xapp-1-A0-wrong")
    with pytest.raises(Rejected):
        made.socket.connect()
    made.socket.close()


# Responses of `apps.connections.open`


def http(
    body: bytes,
    *,
    status: str = "200 OK",
    kind: str = "application/json",
    more: str = "",
) -> bytes:
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n{more}\r\n"
    )
    return head.encode() + body


def refused(error: str, **more: str) -> bytes:
    return http(json.dumps({"ok": False, "error": error}).encode(), **more)


def leads_to(url: Any) -> bytes:
    return http(json.dumps({"ok": True, "url": url}).encode())


def limited(retry_after: str) -> bytes:
    more = f"Retry-After: {retry_after}\r\n"
    return refused("ratelimited", status="429 Too Many Requests", more=more)


ODD = {
    "nothing": b"",
    "a bad status line": b"!\r\n\r\n",
    "half a body": http(b'{"ok": true, "url": "wss://x.example/link"}')[:-20],
    "an empty body": http(b""),
    "a list": http(b'["ok"]'),
    "null": http(b"null"),
    "a number": http(b"1"),
    "deep JSON": http(b"[" * 100_000),
    "HTML": http(b"<html>Hello</html>", kind="text/html"),
    "no UTF-8": http(b'{"ok": "\xff"}'),
    "an unknown charset": http(b"?", kind="text/plain; charset=klingon"),
    "a packed body": http(b"\x1f\x8b", kind="application/gzip"),
    "no url": http(b'{"ok": true}'),
    "a url that is none": leads_to(5),
    "a url of another kind": leads_to("https://slack.com/link"),
    "a url with a bad port": leads_to("wss://slack.com:port/link"),
    "a url with a bad host": leads_to("wss://[slack/link"),
    "a url where nobody is": leads_to("ws://127.0.0.1:9/link"),
    "500": http(b"", status="500 Oops"),
    "503 and HTML": http(b"<html>", status="503 Away", kind="text/html"),
    "418": refused("teapot", status="418 I'm a teapot"),
    "an error that is none": refused("No, sorry!"),
    "an error that passes": refused("internal_error"),
    "429 with less than nothing": limited("-5"),
    "429 with a fraction": limited("1.5"),
}


class Front:
    """A server that gives chosen responses first, and then the sandbox's."""

    def __init__(self, slack: Sandbox) -> None:
        self.odd: list[bytes] = []
        self._slack = slack
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.api_url = f"http://127.0.0.1:{self._listener.getsockname()[1]}/api/"
        threading.Thread(target=self._serve, daemon=True).start()

    def stop(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection:
                connection.recv(65536)
                url = self._slack.sockets.open()
                connection.sendall(self.odd.pop(0) if self.odd else leads_to(url))


@pytest.fixture
def front(slack: Sandbox) -> Iterator[Front]:
    made = Front(slack)
    yield made
    made.stop()


@pytest.fixture
def fronted(
    slack: Sandbox, front: Front, monkeypatch: pytest.MonkeyPatch
) -> Iterator[SocketConnection]:
    monkeypatch.setattr("handlers.socket_mode._MAX_PAUSE", 0.05)
    made = SocketConnection(slack, api_url=front.api_url)
    yield made
    made.socket.close()


def hears(slack: Sandbox, line: SocketConnection) -> None:
    ana = slack.add_person("ana")
    here = slack.add_channel("help", ana)
    slack.react(ana.id, here.id, slack.say(ana.id, here.id, "hello"), "heart")
    until(lambda: line.heard == ["heart"])


def test_after_any_response_of_slack_there_is_another_connection(
    slack: Sandbox, front: Front, fronted: SocketConnection
) -> None:
    fronted.socket.connect()
    until(fronted.socket.is_greeted)
    front.odd += ODD.values()
    slack.sockets.drop()
    until(lambda: not front.odd or fronted.socket.is_dead())
    assert not fronted.socket.is_dead(), [*ODD][-len(front.odd) - 1]
    until(fronted.socket.is_greeted)
    hears(slack, fronted)
    assert fronted.gave_up == []


def test_errors_at_the_start_are_waited_out_too(
    slack: Sandbox, front: Front, fronted: SocketConnection
) -> None:
    front.odd += [ODD["half a body"], ODD["a list"]]
    fronted.socket.connect()
    assert not fronted.socket.is_connected()
    until(fronted.socket.is_greeted)
    hears(slack, fronted)


def test_the_start_does_not_wait_for_an_endless_response(
    slack: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("handlers.socket_mode.CONNECT_TIMEOUT_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as slow:
        line = SocketConnection(
            slack, api_url=f"http://127.0.0.1:{slow.getsockname()[1]}/api/"
        )
        line.socket.connect()
        assert not line.socket.is_dead()
        with slow.accept()[0] as asking:
            assert asking.recv(65536)
            # The thread still waits for the response, and uses it when it is complete.
            asking.setblocking(False)
            with pytest.raises(BlockingIOError):
                asking.recv(1)
            asking.setblocking(True)
            asking.sendall(leads_to(slack.sockets.open()))
            until(line.socket.is_greeted)
    line.socket.close()


@pytest.mark.parametrize("odd", [limited("soon"), limited("nan"), limited("1e999")])
def test_it_gives_up_if_slack_responds_oddly_for_too_long(
    slack: Sandbox, front: Front, odd: bytes
) -> None:
    front.odd += [odd] * 20
    line = SocketConnection(slack, api_url=front.api_url, patience=1)
    line.socket.connect()
    assert line.over.wait(30)
    assert line.gave_up == [DISCONNECTED_TOO_LONG]
    line.socket.close()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_dead_reader_is_noticed(
    slack: Sandbox, line: SocketConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    until(line.socket.is_greeted)
    assert not line.socket.is_dead()

    def die(*_: object) -> None:
        raise SystemExit

    monkeypatch.setattr(line.socket, "_on_message", die)
    slack.sockets.disconnect("warning")
    until(line.socket.is_dead)
    assert not line.socket.is_connected()


def test_the_number_of_connections_is_logged(
    line: SocketConnection, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "handlers.socket_mode")
    line.socket.connect()
    until(lambda: 2 in [vars(r).get("connections") for r in caplog.records])


@pytest.mark.parametrize("variable", ["https_proxy", "http_proxy", "ws_proxy"])
def test_this_machine_is_reached_without_a_proxy(
    slack: Sandbox, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    # No server runs there.
    monkeypatch.setenv(variable, "http://127.0.0.1:9")
    line = SocketConnection(slack)
    line.socket.connect()
    until(line.socket.is_greeted)
    line.socket.close()
