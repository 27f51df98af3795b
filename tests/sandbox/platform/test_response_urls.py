"""Responses by a response_url: five times in half an hour."""

from datetime import timedelta

import httpx
import pytest


@pytest.fixture
def url(slack, recording_app, ana, room):
    slack.command(ana.id, room.id, "/parrot")
    return recording_app.interactions[-1]["response_url"]


def say(url, **body):
    return httpx.post(url, json=body)


def test_privately_or_publicly(slack, url, ana, room):
    assert say(url, text="psst").text == "ok"
    say(url, text="hear", response_type="in_channel")
    assert [m.text for m in slack.ephemerals(ana.id)] == ["psst"]
    assert [m.text for m in slack.messages(room.id)] == ["hear"]


@pytest.mark.deep
def test_five_times(slack, url):
    answers = [say(url, text=str(number)).status_code for number in range(6)]
    assert answers == [200] * 5 + [404]


def test_half_an_hour(slack, url, clock):
    clock.advance(timedelta(minutes=31))
    assert say(url, text="late").json()["error"] == "expired_url"


def test_invalid_bodies(slack, url):
    assert httpx.post(url, content=b"{").status_code == 400
    assert say(url).json()["error"] == "no_text"
    assert say(url, text="x", blocks=[{}]).json()["error"] == "invalid_blocks"
    assert say(url + "x", text="x").status_code == 404


def test_a_clicked_message_is_replaced_and_deleted(
    slack, recording_app, client, ana, room
):
    button = {
        "type": "button",
        "action_id": "go",
        "text": {"type": "plain_text", "text": "Go"},
    }
    row = {"type": "actions", "elements": [button]}
    client.chat_postEphemeral(channel=room.id, user=ana.id, text="x", blocks=[row])
    [private] = slack.ephemerals(ana.id)
    slack.click(ana.id, room.id, private.ts, "go")
    url = recording_app.interactions[-1]["response_url"]
    say(url, text="new", replace_original=True)
    assert [m.text for m in slack.ephemerals(ana.id)] == ["new"]
    say(url, delete_original=True)
    assert slack.ephemerals(ana.id) == []

    ts = client.chat_postMessage(channel=room.id, text="x", blocks=[row])["ts"]
    slack.click(ana.id, room.id, ts, "go")
    url = recording_app.interactions[-1]["response_url"]
    say(url, text="new", replace_original=True)
    assert slack.message(room.id, ts).text == "new"
    say(url, delete_original=True)
    assert slack.messages(room.id) == []


def test_a_read_only_channel_is_no_obstacle(slack, recording_app, ana):
    quiet = slack.add_channel("quiet", ana, read_only=True)
    slack.command(ana.id, quiet.id, "/parrot")
    url = recording_app.interactions[-1]["response_url"]
    assert say(url, text="x", response_type="in_channel").text == "ok"
