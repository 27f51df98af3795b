"""Events for the app: signed, in order, and retried after a refusal."""

import time
from datetime import timedelta

import pytest
from slack_bolt import BoltResponse


def test_a_message_arrives_as_slack_sends_it(slack, recording_app, ana, room):
    ts = slack.say(ana.id, room.id, "Hi *all* &amp; <@U1>")
    slack.wait_for_deliveries()
    [event] = recording_app.events("message")
    body = next(b for b in recording_app.bodies if b["event"] is event)
    assert (event["ts"], event["event_ts"], event["channel_type"]) == (
        ts,
        ts,
        "channel",
    )
    assert event["client_msg_id"]
    assert event["blocks"][0]["type"] == "rich_text"
    assert body["authorizations"][0]["user_id"] == slack.bot_user_id
    assert body["event_id"].startswith("Ev")
    assert (body["team_id"], body["api_app_id"]) == (slack.team_id, slack.app_id)


def test_events_need_the_bot_in_the_channel_and_a_subscription(
    slack, recording_app, client, ana
):
    outside = slack.add_channel("outside", ana, with_bot=False)
    slack.say(ana.id, outside.id, "unheard")
    slack.say(ana.id, slack.dm_channel(ana.id), "heard")
    slack.wait_for_deliveries()
    assert [m["text"] for m in recording_app.events("message")] == ["heard"]
    assert recording_app.events("message")[0]["channel_type"] == "im"


def test_the_app_receives_its_own_events(slack, recording_app, client, room):
    client.chat_postMessage(channel=room.id, text="me")
    slack.wait_for_deliveries()
    [event] = recording_app.events("message")
    assert (event["bot_id"], event["user"]) == (slack.bot_id, slack.bot_user_id)


def test_threads_edits_and_deletions(slack, recording_app, ana, ben, room):
    top = slack.say(ana.id, room.id, "top")
    reply = slack.say(ben.id, room.id, "reply", thread_ts=top)
    slack.say(ben.id, room.id, "loud", thread_ts=top, broadcast=True)
    slack.edit(ben.id, room.id, reply, "better")
    slack.delete(ben.id, room.id, reply)
    slack.delete(ana.id, room.id, top)
    slack.wait_for_deliveries()
    _, replied, loud, changed, deleted, tomb = recording_app.events("message")
    assert (replied["thread_ts"], replied["parent_user_id"]) == (top, ana.id)
    assert (loud["subtype"], loud["root"]["ts"]) == ("thread_broadcast", top)
    assert changed["message"]["text"] == "better"
    assert changed["previous_message"]["text"] == "reply"
    assert changed["message"]["edited"]["user"] == ben.id
    assert (deleted["subtype"], deleted["deleted_ts"]) == ("message_deleted", reply)
    assert (tomb["subtype"], tomb["message"]["subtype"]) == (
        "message_changed",
        "tombstone",
    )
    assert [m.subtype for m in slack.thread(room.id, top)] == [
        "tombstone",
        "thread_broadcast",
    ]


def test_an_unfurl_changes_nothing_but_sends_an_event(slack, recording_app, ana, room):
    ts = slack.say(ana.id, room.id, "same")
    slack.unfurl(room.id, ts)
    slack.wait_for_deliveries()
    changed = recording_app.events("message")[-1]
    assert changed["message"]["text"] == changed["previous_message"]["text"]
    assert slack.message(room.id, ts).edited is None


def test_reactions(slack, recording_app, ana, ben, room):
    ts = slack.say(ana.id, room.id, "x")
    slack.react(ben.id, room.id, ts, "+1::skin-tone-3")
    slack.unreact(ben.id, room.id, ts, "+1::skin-tone-3")
    slack.wait_for_deliveries()
    [added] = recording_app.events("reaction_added")
    [removed] = recording_app.events("reaction_removed")
    assert added["item"] == {"type": "message", "channel": room.id, "ts": ts}
    assert (added["item_user"], added["user"]) == (ana.id, ben.id)
    assert float(removed["event_ts"]) > float(added["event_ts"]) > float(ts)


def test_events_of_a_channel(slack, recording_app, ana, ben, room):
    new = slack.add_person("new")
    slack.join(room.id, new.id, ana.id)
    slack.leave(room.id, new.id)
    slack.rename(room.id, "helpdesk")
    slack.archive(room.id, ana.id)
    slack.unarchive(room.id)
    slack.remove_bot(room.id, ana.id)
    slack.wait_for_deliveries()
    kinds = [b["event"]["type"] for b in recording_app.bodies]
    assert set(kinds) >= {
        "team_join",
        "member_joined_channel",
        "member_left_channel",
        "channel_rename",
        "channel_archive",
        "channel_unarchive",
        "channel_left",
    }
    assert recording_app.events("channel_rename")[0]["channel"]["name"] == "helpdesk"
    private = slack.add_channel("inner", ana, is_private=True)
    new_id = slack.change_channel_id(private.id)
    slack.share(new_id)
    slack.share(new_id, shared=False)
    slack.rename(new_id, "inner-2")
    slack.delete_channel(new_id)
    slack.wait_for_deliveries()
    assert recording_app.events("channel_id_changed")[0]["new_channel_id"] == new_id
    assert recording_app.events("group_rename")
    assert recording_app.events("group_deleted")


def test_events_of_people(slack, recording_app, ana):
    slack.change_person(ana.id, tz="Asia/Tokyo", status_emoji=":palm_tree:")
    slack.wait_for_deliveries()
    [changed] = recording_app.events("user_change")
    assert changed["user"]["tz_offset"] == 9 * 3600
    assert changed["user"]["profile"]["status_emoji"] == ":palm_tree:"


def test_an_uninstallation_sends_events(slack, recording_app):
    slack.uninstall()
    slack.wait_for_deliveries()
    assert recording_app.events("app_uninstalled")
    assert recording_app.events("tokens_revoked")


def test_refused_events_are_retried_at_once_then_after_1_and_5_minutes(
    slack, recording_app, clock, ana, room
):
    slack.wait_for_deliveries()
    recording_app.answer = lambda _: BoltResponse(status=500)
    slack.say(ana.id, room.id, "x")
    slack.wait_for_deliveries()

    def numbers():
        return [d.retry_num for d in slack.deliveries if d.failure]

    assert numbers() == [0, 1]
    clock.advance(timedelta(seconds=59))
    slack.wait_for_deliveries()
    assert numbers() == [0, 1]
    clock.advance(timedelta(seconds=2))
    slack.wait_for_deliveries()
    assert numbers() == [0, 1, 2]
    recording_app.answer = lambda _: None
    clock.advance(timedelta(minutes=5))
    slack.wait_for_deliveries()
    last = slack.deliveries[-1]
    assert (last.retry_num, last.retry_reason, last.status) == (3, "http_error", 200)
    assert recording_app.headers[-1]["x-slack-retry-num"] == ["3"]
    assert len({d.payload["event_id"] for d in slack.deliveries if d.retry_num}) == 1


def test_an_app_may_decline_retries(slack, recording_app, ana, room):
    slack.wait_for_deliveries()
    recording_app.answer = lambda _: BoltResponse(
        status=500, headers={"x-slack-no-retry": "1"}
    )
    slack.say(ana.id, room.id, "x")
    slack.wait_for_deliveries()
    assert [d.retry_num for d in slack.deliveries if d.failure] == [0]


def test_an_event_that_is_not_acknowledged_in_time_is_retried(
    slack, recording_app, ana, room
):
    slack.wait_for_deliveries()
    slack.ack_seconds = 0.3
    late = iter([0.6])

    def sleep(_):
        time.sleep(next(late, 0))

    recording_app.answer = sleep
    slack.say(ana.id, room.id, "x")
    slack.wait_for_deliveries()
    first, again = slack.deliveries[-2:]
    assert (first.status, first.failure) == (None, "http_timeout")
    assert (again.retry_num, again.retry_reason, again.status) == (
        1,
        "http_timeout",
        200,
    )


def test_a_closed_port_is_a_failed_connection(slack, ana, room):
    slack.connect_http("http://127.0.0.1:9/slack")
    slack.say(ana.id, room.id, "x")
    slack.wait_for_deliveries()
    assert slack.deliveries[0].failure == "connection_failed"


def test_a_refused_event_delays_nothing(slack, recording_app, ana, room):
    slack.wait_for_deliveries()

    def refuse_first(body):
        if body["event"].get("text") == "0":
            return BoltResponse(status=500)
        return None

    recording_app.answer = refuse_first
    for number in range(20):
        slack.say(ana.id, room.id, str(number))
    slack.wait_for_deliveries()
    first_tries = [
        d.payload["event"]["text"]
        for d in slack.deliveries
        if d.payload["event"]["type"] == "message" and not d.retry_num
    ]
    assert first_tries == [str(number) for number in range(20)]


def test_anything_can_be_delivered_by_hand(slack, recording_app, ana, room):
    envelope = slack.envelope({"type": "user_change", "user": {}, "event_ts": "1.1"})
    assert slack.deliver(envelope) == 200
    assert slack.redeliver(envelope["event_id"], retry_num=2) == 200
    # Events of people's actions may come in between.
    tried = [headers.get("x-slack-retry-num") for headers in recording_app.headers]
    assert tried.count(["2"]) == 1
    forged = {"X-Slack-Signature": "v0=00"}
    assert slack.deliver(envelope, headers=forged) == 401
    with pytest.raises(LookupError):
        slack.redeliver("Ev0")
