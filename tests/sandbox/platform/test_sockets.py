"""Socket Mode, with Bolt's own handler at the other end."""

import json
import time
from contextlib import ExitStack
from datetime import timedelta

import pytest
from slack_bolt import App, BoltResponse
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk.errors import SlackApiError
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from tests.sandbox.conftest import RecordingApp, client_of


def until(true, seconds=60.0):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(0.01)


@pytest.fixture
def app(slack, client, closing):
    recording_app = RecordingApp()
    bolt = App(
        client=client,
        signing_secret=slack.signing_secret,
        process_before_response=True,
        ignoring_self_events_enabled=False,
    )
    recording_app.attach(bolt)
    handler = SocketModeHandler(
        bolt,
        slack.app_token,
        web_client=client_of(slack, slack.app_token),
        ping_interval=0.3,
    )
    handler.connect()
    until(lambda: slack.sockets.connections)
    yield recording_app
    closing.submit(handler.close)


@pytest.fixture
def link(slack):
    """A bare WebSocket, which acknowledges only when the test says so."""
    with ExitStack() as links:

        def link():
            opener = client_of(slack, slack.app_token)
            url = opener.apps_connections_open(app_token=slack.app_token)["url"]
            made = links.enter_context(connect(url, close_timeout=0.2))
            hello = json.loads(made.recv(5))
            assert hello["type"] == "hello"
            return made, hello

        yield link


def test_bolts_handler_gets_everything(slack, app, ana, room):
    ts = slack.say(ana.id, room.id, "hello")
    slack.wait_for_deliveries()
    assert [e["ts"] for e in app.events("message")] == [ts]
    assert slack.command(ana.id, room.id, "/parrot", "hi").ok
    assert slack.shortcut(ana.id, "squawk").ok
    assert {d.status for d in slack.deliveries} == {200}


def test_responses_are_in_the_acknowledgement(slack, app, ana, room):
    app.answer = lambda _: BoltResponse(status=200, body="Only you")
    ack = slack.command(ana.id, room.id, "/parrot")
    assert ack.text == "Only you"


def test_a_refresh_during_traffic_loses_nothing(slack, app, ana, room):
    slack.ack_seconds = 1
    said = []
    for number in range(40):
        said.append(slack.say(ana.id, room.id, str(number)))
        if number == 20:
            slack.sockets.disconnect("refresh_requested")
    slack.wait_for_deliveries()
    heard = [e["ts"] for e in app.events("message")]
    assert set(heard) == set(said)
    # An acknowledgement may be lost with its connection: that event is retried.
    assert len(heard) - len(said) <= len([d for d in slack.deliveries if d.retry_num])


def test_an_unacknowledged_envelope_is_sent_again(slack, link, clock, ana, room):
    slack.ack_seconds = 0.5
    socket, hello = link()
    assert hello["num_connections"] == 1
    slack.say(ana.id, room.id, "x")
    envelope = json.loads(socket.recv(5))
    assert (envelope["type"], envelope["retry_attempt"]) == ("events_api", 0)
    again = json.loads(socket.recv(5))
    assert again["payload"] == envelope["payload"]
    assert (again["retry_attempt"], again["retry_reason"]) == (1, "timeout")
    assert again["envelope_id"] != envelope["envelope_id"]
    socket.send(json.dumps({"envelope_id": again["envelope_id"]}))
    slack.wait_for_deliveries()
    clock.advance(timedelta(minutes=10))
    slack.wait_for_deliveries()
    assert [d.failure for d in slack.deliveries][-2:] == ["timeout", None]


def test_payloads_are_spread_over_connections(slack, link, ana, room):
    sockets = [link()[0] for _ in range(2)]
    for _ in range(4):
        slack.say(ana.id, room.id, "x")
        heard = next(s for s in sockets if _acknowledge(s))
        sockets = [s for s in sockets if s is not heard] + [heard]
    slack.wait_for_deliveries()


def _acknowledge(socket):
    try:
        envelope = json.loads(socket.recv(0.3))
    except TimeoutError:
        return False
    socket.send(json.dumps({"envelope_id": envelope["envelope_id"]}))
    return True


def test_the_eleventh_connection_is_refused(slack, link):
    counts = [link()[1]["num_connections"] for _ in range(10)]
    assert counts == list(range(1, 11))
    url = slack.sockets.open()
    with connect(url, compression=None) as one_more:
        goodbye = json.loads(one_more.recv(5))
    assert goodbye["reason"] == "too_many_websockets"


def test_a_url_works_once(slack):
    url = slack.sockets.open()
    with connect(url, compression=None) as first:
        first.recv(5)
    with pytest.raises(InvalidStatus, match="404"), connect(url):
        pass


def test_a_warning_does_not_end_the_connection(slack, link, ana, room):
    socket, _ = link()
    slack.sockets.disconnect("warning")
    assert json.loads(socket.recv(5))["reason"] == "warning"
    slack.say(ana.id, room.id, "x")
    assert _acknowledge(socket)


def test_a_disabled_link_stays_closed(slack, link):
    socket, _ = link()
    slack.sockets.disconnect("link_disabled")
    assert json.loads(socket.recv(5))["reason"] == "link_disabled"
    with pytest.raises(ConnectionClosed):
        socket.recv(5)
    opener = client_of(slack, slack.app_token)
    with pytest.raises(SlackApiError, match="not_enabled"):
        opener.apps_connections_open(app_token=slack.app_token)


def test_a_stalled_connection_sends_nothing_and_stays_open(slack, link):
    socket, _ = link()
    assert socket.ping().wait(2)
    slack.sockets.stall()
    assert not socket.ping().wait(0.3)
    assert slack.sockets.connections


def test_pings_are_sent_and_answered(slack, link):
    link()
    [connection] = slack.sockets.connections
    connection.ping()
    until(lambda: connection.pongs)


@pytest.mark.deep
def test_a_dropped_connection_is_replaced(slack, app, ana, room):
    slack.sockets.drop()
    until(lambda: slack.sockets.connections, 15)
    slack.say(ana.id, room.id, "still there")
    slack.wait_for_deliveries()
    assert [e["text"] for e in app.events("message")] == ["still there"]
