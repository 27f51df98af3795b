"""The JSON API for the page in the browser."""

import json
from datetime import timedelta
from typing import Any

import httpx
import pytest
from slack_bolt import BoltResponse

from sandbox import Sandbox
from sandbox.scenarios import seed
from tests.sandbox.conftest import MANIFEST


@pytest.fixture
def page(slack):
    with httpx.Client(base_url=slack.url) as page:
        yield page


def act(page, person, do, **more):
    return page.post("/_/act", json={"as": person.id, "do": do, **more})


def test_the_page_and_the_state(slack, page, ana, room):
    assert "<!doctype html>" in page.get("/").text
    slack.add_channel("secret", is_private=True)
    state = page.get("/_/state", params={"as": ana.id}).json()
    assert [c["name"] for c in state["channels"]] == ["help"]
    assert {p["name"] for p in state["people"]} == {"parrot", "ana", "ben"}
    assert [c["name"] for c in state["commands"]] == ["/parrot", "/plain"]
    everything = page.get("/_/state").json()
    assert [c["name"] for c in everything["channels"]] == ["help", "secret"]
    assert page.get("/_/state?as=U404").status_code == 404


def test_actions_change_the_state(page, recording_app, ana, ben, room):
    top = act(page, ana, "say", channel=room.id, text="top").json()["ts"]
    reply = act(page, ben, "say", channel=room.id, text="reply", thread_ts=top).json()[
        "ts"
    ]
    act(page, ben, "react", channel=room.id, ts=top, emoji="eyes")
    act(page, ben, "edit", channel=room.id, ts=reply, text="better")
    recording_app.answer = lambda _: BoltResponse(status=200, body="psst")
    ack = act(page, ana, "command", channel=room.id, command="/parrot", text="x")
    assert ack.json()["text"] == "psst"

    mine = page.get(f"/_/channels/{room.id}", params={"as": ana.id}).json()
    assert [m["text"] for m in mine["messages"]] == ["top", "psst"]
    assert mine["messages"][0]["reactions"][0]["count"] == 1
    hers = page.get(f"/_/channels/{room.id}", params={"as": ben.id, "replies": 1})
    assert [m["text"] for m in hers.json()["messages"]] == ["top"]
    assert [m["text"] for m in hers.json()["replies"][top]] == ["better"]
    thread = page.get(f"/_/channels/{room.id}/{top}").json()
    assert [m["text"] for m in thread["messages"]] == ["top", "better"]

    act(page, ana, "reload")
    mine = page.get(f"/_/channels/{room.id}", params={"as": ana.id}).json()
    assert [m["text"] for m in mine["messages"]] == ["top"]


def test_unread_marks(slack, page, ana, ben, room):
    def unread():
        state = page.get("/_/state", params={"as": ana.id}).json()
        return state["channels"][0]["unread"]

    ts = slack.say(ben.id, room.id, "one")
    slack.say(ben.id, room.id, "two")
    slack.say(ana.id, room.id, "my own")
    assert unread() == 2
    act(page, ana, "read", channel=room.id, ts=ts)
    assert unread() == 1


def test_older_messages(slack, page, ana, room):
    for number in range(5):
        slack.say(ana.id, room.id, str(number))
    last = page.get(f"/_/channels/{room.id}", params={"limit": 2}).json()
    assert [m["text"] for m in last["messages"]] == ["3", "4"]
    assert last["more"]
    before = last["messages"][0]["ts"]
    older = page.get(f"/_/channels/{room.id}", params={"before": before}).json()
    assert [m["text"] for m in older["messages"]] == ["0", "1", "2"]
    assert not older["more"]


def test_errors_are_json(slack, page, ana, ben, room):
    ts = slack.say(ben.id, room.id, "his")
    secret = slack.add_channel("secret", ben, is_private=True)
    for status, answer in [
        (403, act(page, ana, "edit", channel=room.id, ts=ts, text="x")),
        (404, act(page, ana, "say", channel="C404", text="x")),
        (400, act(page, ana, "fly")),
        (400, act(page, ana, "say", channel=room.id)),
        (400, act(page, ana, "say", channel=room.id, text="x", loud=True)),
        (409, act(page, ana, "unreact", channel=room.id, ts=ts, emoji="eyes")),
        (404, page.post("/_/act", json={"as": "U404", "do": "reload"})),
        (403, page.get(f"/_/channels/{secret.id}", params={"as": ana.id})),
        (400, page.get(f"/_/channels/{room.id}", params={"limit": "x"})),
        (400, page.post("/_/act", content=b"[]")),
        (400, page.post("/_/act", data={"do": "reload"})),
        (400, page.post("/_/clock", json={})),
        (400, page.post("/_/clock", json={"seconds": -5})),
        (400, page.post("/_/faults", json={"kind": "gremlins"})),
        (400, page.post("/_/sockets", json={"do": "sing"})),
    ]:
        assert (answer.status_code, bool(answer.json()["error"])) == (status, True)


def test_only_loopback_names_are_accepted(page):
    assert page.get("/_/state", headers={"Host": "evil.test"}).status_code == 400


def test_time_travel(slack, page, clock):
    before = clock()
    page.post("/_/clock", json={"seconds": 3600})
    assert clock() - before >= timedelta(hours=1)
    later = before + timedelta(days=3)
    page.post("/_/clock", json={"to": later.isoformat()})
    assert clock() >= later
    back = page.post("/_/clock", json={"to": before.isoformat()})
    assert back.json()["error"] == "The clock only goes forward."


def test_a_clock_that_can_not_be_moved(closing):
    slack = Sandbox(MANIFEST)
    slack.start()
    answer = httpx.post(f"{slack.url}/_/clock", json={"seconds": 1})
    assert answer.status_code == 403
    closing.submit(slack.stop)


def test_faults_and_history(slack, page, client):
    added = page.post("/_/faults", json={"kind": "ratelimited", "target": "api.test"})
    assert [f["kind"] for f in added.json()["faults"]] == ["ratelimited"]
    client.auth_test()
    history = page.get("/_/history").json()
    assert history["calls"][-1]["method"] == "auth.test"
    number = added.json()["faults"][0]["id"]
    assert page.delete(f"/_/faults/{number}").json()["faults"] == []
    page.post("/_/seed", json={"seed": 4})
    assert page.delete("/_/faults").json() == {"faults": []}


def test_changes_are_streamed_as_they_happen(slack, page, ana, room):
    with page.stream("GET", "/_/changes") as told:
        lines = (line for line in told.iter_lines() if line)
        assert json.loads(next(lines).removeprefix("data: "))["what"] == "connected"
        ts = slack.say(ana.id, room.id, "x")
        change = json.loads(next(lines).removeprefix("data: "))
    assert change == {"what": "message", "channel": room.id, "ts": ts}


def test_a_reset_seeds_again(slack, page):
    def begin_again() -> None:
        slack.workspace.clear()
        seed.populate(slack)

    slack.on_reset(begin_again)
    bot = slack.bot_user_id
    page.post("/_/reset", json={})
    state = page.get("/_/state").json()
    assert len(state["people"]) == 13
    assert len(state["channels"]) == 4
    assert slack.bot_user_id == bot


def test_the_seeded_people(slack):
    cast: dict[str, Any] = dict(seed.populate(slack))
    assert cast["aino"].is_admin
    assert cast["gus"].is_restricted
    assert cast["olga"].deleted
    assert slack.bot_user_id in cast["#help-backend"].members
    assert slack.bot_user_id not in cast["#general"].members
    assert cast["#leads"].is_private
