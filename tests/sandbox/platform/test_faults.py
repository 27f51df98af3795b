"""Each simulated fault, and its difference from a success."""

import http.client
import socket
import time
import urllib.error
from datetime import timedelta

import pytest
from slack_sdk.errors import SlackApiError


def post(client, room, text="x"):
    return client.chat_postMessage(channel=room.id, text=text)


def there(slack, room):
    return [m.text for m in slack.messages(room.id)]


def test_rate_limits(slack, client, room):
    slack.faults.add("ratelimited", "chat.postMessage", times=2, retry_after=7)
    for _ in range(2):
        with pytest.raises(SlackApiError) as caught:
            post(client, room)
        assert caught.value.response.headers["retry-after"] == "7"
    assert client.auth_test()["ok"]
    assert post(client, room)["ok"]
    assert there(slack, room) == ["x"]


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("kind", ["server_error", "internal_error"])
def test_slacks_own_errors(slack, client, room, kind, after):
    slack.faults.add(kind, "chat.postMessage", after=after, times=1)
    with pytest.raises(SlackApiError) as caught:
        post(client, room)
    response = caught.value.response
    assert response.status_code == (503 if kind == "server_error" else 200)
    assert there(slack, room) == (["x"] if after else [])
    call = slack.calls[-1]
    assert (call.fault, call.took_effect) == (kind, after)


@pytest.mark.parametrize("after", [False, True])
def test_a_reset(slack, client, room, after):
    slack.faults.add("reset", "chat.postMessage", after=after, times=1)
    with pytest.raises((ConnectionError, urllib.error.URLError)):
        post(client, room)
    assert there(slack, room) == (["x"] if after else [])


@pytest.mark.parametrize("after", [False, True])
def test_a_timeout(slack, client, room, after):
    client.timeout = 0.2
    slack.faults.add("timeout", "chat.postMessage", after=after, times=1, seconds=0.5)
    with pytest.raises((TimeoutError, socket.timeout, urllib.error.URLError)):
        post(client, room)
    assert there(slack, room) == (["x"] if after else [])


def test_a_truncated_response(slack, client, room):
    slack.faults.add("truncated", "chat.postMessage", times=1)
    with pytest.raises(http.client.IncompleteRead):
        post(client, room)
    assert there(slack, room) == ["x"]


def test_a_slow_response(slack, client):
    slack.faults.add("slow", "auth.test", seconds=0.2)
    before = time.perf_counter()
    client.auth_test()
    assert time.perf_counter() - before >= 0.2


def test_chances_are_the_same_for_the_same_seed(slack, client):
    def row(seed):
        slack.faults.clear()
        slack.faults.seed(seed)
        slack.faults.add("ratelimited", chance=0.5)
        return [bool(slack.faults.next_for_call("x")) for _ in range(40)]

    assert row(1) == row(1) != row(2)
    assert 8 < sum(row(3)) < 32


def test_an_unknown_fault(slack):
    with pytest.raises(ValueError, match="no fault 'gremlins'"):
        slack.faults.add("gremlins")
    with pytest.raises(ValueError, match="chance"):
        slack.faults.add("reset", chance=2)
    fault = slack.faults.add("reset")
    slack.faults.remove(fault.id)
    assert slack.faults.to_json() == []


def texts(recording_app):
    return [m["text"] for m in recording_app.events("message")]


def ids(recording_app):
    return [
        b["event_id"] for b in recording_app.bodies if b["event"]["type"] == "message"
    ]


def test_a_lost_acknowledgement(slack, recording_app, ana, room):
    slack.faults.add("lost_ack", "message", times=1)
    slack.say(ana.id, room.id, "x")
    slack.wait_for_deliveries()
    assert texts(recording_app) == ["x", "x"]
    assert len(set(ids(recording_app))) == 1
    reasons = [each.get("x-slack-retry-reason") for each in recording_app.headers]
    # On a busy machine the events of those who joined may come last.
    assert [each for each in reasons if each] == [["http_timeout"]]


def test_twice_with_the_same_id_and_with_another(slack, recording_app, ana, room):
    slack.faults.add("duplicate", "message", times=1)
    slack.say(ana.id, room.id, "x")
    slack.wait_for_deliveries()
    assert len(set(ids(recording_app))) == 1
    assert texts(recording_app) == ["x", "x"]
    slack.faults.add("twin", "message", times=1)
    slack.say(ana.id, room.id, "y")
    slack.wait_for_deliveries()
    assert texts(recording_app)[2:] == ["y", "y"]
    assert len(set(ids(recording_app))) == 3


def test_delayed(slack, recording_app, clock, ana, room):
    slack.faults.add("delay", "message", times=1, seconds=60)
    slack.say(ana.id, room.id, "first")
    slack.say(ana.id, room.id, "second")
    slack.wait_for_deliveries()
    assert texts(recording_app) == ["second"]
    clock.advance(timedelta(seconds=61))
    slack.wait_for_deliveries()
    assert texts(recording_app) == ["second", "first"]


def test_reordered(slack, recording_app, ana, room):
    slack.faults.add("reorder", "message", times=1)
    slack.say(ana.id, room.id, "first")
    slack.say(ana.id, room.id, "second")
    slack.wait_for_deliveries()
    assert texts(recording_app) == ["second", "first"]
    slack.faults.add("reorder", "message", times=1)
    slack.say(ana.id, room.id, "alone")
    slack.wait_for_deliveries()
    assert texts(recording_app)[-1] == "alone"


def test_dropped(slack, recording_app, ana, room):
    slack.faults.add("drop", "message", times=1)
    slack.say(ana.id, room.id, "unheard")
    slack.wait_for_deliveries()
    assert texts(recording_app) == []
    assert [h.kind for h in slack.faults.history] == ["drop"]


def test_a_command_with_a_lost_acknowledgement(slack, recording_app, ana, room):
    slack.faults.add("lost_ack", "/parrot", times=1)
    assert "operation_timeout" in slack.command(ana.id, room.id, "/parrot").failed
    slack.faults.add("duplicate", "shortcut", times=1)
    slack.shortcut(ana.id, "squawk")
    kinds = [b.get("command") or b["type"] for b in recording_app.interactions]
    assert kinds == ["/parrot", "shortcut", "shortcut"]
