"""The Web API's responses and errors, over HTTP with Slack's own client."""

import json
from datetime import timedelta
from functools import partial

import httpx
import pytest
from slack_sdk.errors import SlackApiError

from sandbox import Sandbox
from tests.sandbox.conftest import MANIFEST, client_of

SECTION = {"type": "section", "text": {"type": "mrkdwn", "text": "Hello"}}


def refusal(call, /, *args, **kwargs):
    with pytest.raises(SlackApiError) as caught:
        call(*args, **kwargs)
    return caught.value.response["error"]


def test_auth_test(slack, client):
    me = client.auth_test()
    assert (me["user_id"], me["bot_id"]) == (slack.bot_user_id, slack.bot_id)
    assert client.team_info()["team"]["id"] == slack.team_id
    assert client.bots_info(bot=slack.bot_id)["bot"]["app_id"] == slack.app_id


def test_tokens(slack, client):
    stranger = client_of(slack, "xoxb-other")
    assert refusal(stranger.auth_test) == "invalid_auth"
    assert refusal(client_of(slack, "").auth_test) == "not_authed"
    app = client_of(slack, slack.app_token)
    assert refusal(app.auth_test) == "not_allowed_token_type"
    assert refusal(client.api_call, "apps.connections.open") == "not_allowed_token_type"
    slack.uninstall()
    assert refusal(client.auth_test) == "account_inactive"
    slack.reinstall()
    assert client.auth_test()["ok"]


def test_a_missing_scope_is_named(slack, client, room):
    slack.scopes.remove("chat:write")
    with pytest.raises(SlackApiError) as caught:
        client.chat_postMessage(channel=room.id, text="x")
    answer = caught.value.response
    assert (answer["error"], answer["needed"]) == ("missing_scope", "chat:write")
    assert "channels:read" in answer["provided"]
    slack.scopes.remove("groups:history")
    private = slack.add_channel("inner", is_private=True)
    assert refusal(client.conversations_history, channel=private.id) == "missing_scope"


def test_unknown_method(slack, client):
    assert refusal(client.api_call, "chat.shout") == "unknown_method"


def test_json_and_forms_have_the_same_effect(slack, room):
    bearer = {"Authorization": f"Bearer {slack.bot_token}"}
    args = {"channel": room.id, "text": "x", "blocks": [SECTION]}
    url = f"{slack.api_url}chat.postMessage"
    as_json = httpx.post(url, json=args, headers=bearer).json()
    form = {**args, "blocks": json.dumps([SECTION]), "token": slack.bot_token}
    as_form = httpx.post(url, data=form).json()
    assert as_json["ok"]
    assert as_form["ok"]
    texts = [b["text"]["text"] for m in slack.messages(room.id) for b in m.blocks]
    assert texts == ["Hello", "Hello"]
    for body in (b"{", b"[]", b"\xff"):
        answer = httpx.post(
            url, content=body, headers={**bearer, "Content-Type": "application/json"}
        )
        assert answer.json()["ok"] is False


def test_post_update_delete(slack, client, room, ana):
    posted = client.chat_postMessage(channel=room.id, text="first", blocks=[SECTION])
    ts = posted["ts"]
    assert posted["message"]["bot_id"] == slack.bot_id
    assert posted["message"]["blocks"][0]["block_id"]
    client.chat_update(channel=room.id, ts=ts, text="second")
    message = slack.message(room.id, ts)
    assert (message.text, message.edited["user"]) == ("second", slack.bot_user_id)
    assert message.blocks[0]["text"]["text"] == "Hello"
    theirs = slack.say(ana.id, room.id, "mine")
    update, delete = client.chat_update, client.chat_delete
    mine = {"channel": room.id, "ts": theirs}
    assert refusal(update, **mine, text="x") == "cant_update_message"
    assert refusal(delete, **mine) == "cant_delete_message"
    client.chat_delete(channel=room.id, ts=ts)
    assert refusal(delete, channel=room.id, ts=ts) == "message_not_found"


def test_channels_that_the_app_may_post_in(slack, client, ana):
    post = client.chat_postMessage
    outside = slack.add_channel("outside", ana, with_bot=False)
    hidden = slack.add_channel("hidden", ana, with_bot=False, is_private=True)
    old = slack.add_channel("old", ana)
    slack.archive(old.id)
    quiet = slack.add_channel("quiet", ana, read_only=True)
    assert refusal(post, channel=outside.id, text="x") == "not_in_channel"
    assert refusal(post, channel=hidden.id, text="x") == "channel_not_found"
    assert refusal(post, channel="C404", text="x") == "channel_not_found"
    assert refusal(post, channel=old.id, text="x") == "is_archived"
    assert refusal(post, channel=quiet.id, text="x") == "restricted_action"
    slack.scopes.add("chat:write.public")
    assert post(channel=outside.id, text="x")["ok"]


def test_messages_that_the_app_may_post(slack, client, room):
    def post(**args):
        args["channel"] = room.id
        return refusal(client.api_call, "chat.postMessage", json=args)

    assert post(text=" ") == "no_text"
    assert post(text="x", thread_ts="1.000001") == "thread_not_found"
    assert post(text="x", blocks="{") == "invalid_blocks_format"
    assert post(text="x", blocks=[SECTION] * 51) == "invalid_blocks"
    long = {"type": "section", "text": {"type": "plain_text", "text": "x" * 2900}}
    assert post(text="x", blocks=[long] * 5) == "msg_blocks_too_long"
    assert post(text="x", metadata={"event_type": 1}) == "invalid_metadata_schema"


def test_a_reply_to_a_deleted_message_goes_to_the_channel(slack, client, ana, room):
    ts = slack.say(ana.id, room.id, "How?")
    slack.delete(ana.id, room.id, ts)
    answer = client.chat_postMessage(channel=room.id, text="So.", thread_ts=ts)
    assert "thread_ts" not in answer["message"]
    assert [m.text for m in slack.messages(room.id)] == ["So."]


def test_a_long_text_is_split_and_a_very_long_one_cut(slack, client, room):
    client.chat_postMessage(channel=room.id, text="word " * 1700)
    assert [len(m.text) for m in slack.messages(room.id)] == [4000, 4000, 500]
    client.chat_postMessage(channel=room.id, text="y" * 50_000, blocks=[SECTION])
    assert len(slack.messages(room.id)[-1].text) == 40_000
    ts = slack.messages(room.id)[-1].ts
    args = {"channel": room.id, "ts": ts, "text": "y" * 4001}
    assert refusal(client.chat_update, **args) == "msg_too_long"


def test_direct_messages(slack, client, ana):
    client.chat_postMessage(channel=ana.id, text="hi")
    opened = client.conversations_open(users=ana.id)["channel"]["id"]
    assert opened == slack.dm_channel(ana.id)
    client.chat_postMessage(channel=opened, text="again")
    assert [m.text for m in slack.dm(ana.id)] == ["hi", "again"]
    gone = slack.add_person("gone", deleted=True)
    bot = slack.add_person("robot", is_bot=True)
    assert refusal(client.chat_postMessage, channel=gone.id, text="x") == (
        "user_disabled"
    )
    assert refusal(client.conversations_open, users=bot.id) == "cannot_dm_bot"
    assert refusal(client.conversations_open, users="U404") == "user_not_found"


def test_direct_messages_of_a_group(slack, client, ana):
    ben, others = (
        slack.add_person("ben"),
        [slack.add_person(f"p{n}").id for n in range(8)],
    )
    slack.workspace.scopes |= {"mpim:write"}
    opened = client.conversations_open(users=[ana.id, ben.id])["channel"]["id"]
    again = client.conversations_open(users=[ben.id, ana.id, ben.id])["channel"]["id"]
    assert opened == again
    client.chat_postMessage(channel=opened, text="hi")
    assert [m.text for m in slack.messages(opened)] == ["hi"]
    # The app has no scope to read what people write there.
    assert refusal(client.conversations_history, channel=opened) == "missing_scope"
    slack.say(ana.id, opened, "hello")
    assert refusal(client.conversations_open, users=[ana.id, *others]) == (
        "too_many_users"
    )
    assert refusal(client.conversations_open, users=[ana.id, "U404"]) == (
        "user_not_found"
    )
    slack.workspace.scopes -= {"mpim:write"}
    assert refusal(client.conversations_open, users=[ana.id, ben.id]) == (
        "missing_scope"
    )


def test_private_channels_of_the_app(slack, client):
    ana, ben = slack.add_person("ana"), slack.add_person("ben")
    guest = slack.add_person("gus", is_ultra_restricted=True)
    slack.scopes.add("groups:write")
    create = partial(client.conversations_create, name="circle-1", is_private=True)
    room = create()["channel"]
    assert (room["creator"], room["is_private"]) == (slack.workspace.bot_user_id, True)
    assert refusal(create) == "name_taken"
    for name in ("", "Circle", "-", "c" * 81):
        assert refusal(create, name=name).startswith("invalid_name")
    channel = room["id"]
    client.conversations_invite(channel=channel, users=[ana.id, ben.id])
    invite = partial(client.conversations_invite, channel=channel)
    assert refusal(invite, users=[ana.id]) == "already_in_channel"
    assert refusal(invite, users=[guest.id]) == "user_is_ultra_restricted"
    assert refusal(invite, users=["U404"]) == "user_not_found"
    kick = partial(client.conversations_kick, channel=channel)
    kick(user=ana.id)
    assert refusal(kick, user=ana.id) == "not_in_channel"
    members = client.conversations_members(channel=channel)["members"]
    assert members == [slack.workspace.bot_user_id, ben.id]
    slack.archive(channel)
    assert refusal(invite, users=[ana.id]) == "is_archived"
    slack.scopes.remove("groups:write")
    assert refusal(create, name="circle-2") == "missing_scope"
    assert refusal(kick, user=ben.id) == "missing_scope"


def test_ephemeral_messages(slack, client, room, ana):
    client.chat_postEphemeral(channel=room.id, user=ana.id, text="psst")
    assert [m.text for m in slack.ephemerals(ana.id)] == ["psst"]
    assert slack.messages(room.id) == []
    outsider = slack.add_person("out")
    args = {"channel": room.id, "text": "x"}
    assert refusal(client.chat_postEphemeral, user=outsider.id, **args) == (
        "user_not_in_channel"
    )
    slack.forget_ephemerals(ana.id)
    assert slack.ephemerals(ana.id) == []


def test_metadata_is_returned_on_request(slack, client, room):
    metadata = {"event_type": "op", "event_payload": {"op": "1"}}
    client.chat_postMessage(channel=room.id, text="x", metadata=metadata)

    def seen(**args):
        found = client.conversations_history(channel=room.id, **args)
        return found["messages"][0].get("metadata")

    assert seen() == {"event_type": "op"}
    assert seen(include_all_metadata=True) == metadata
    slack.scopes.remove("metadata.message:read")
    assert seen(include_all_metadata=True) is None


def test_history_and_replies_have_pages(slack, client, room, ana):
    tops = [slack.say(ana.id, room.id, f"m{n}") for n in range(5)]
    replies = [slack.say(ana.id, room.id, f"r{n}", thread_ts=tops[0]) for n in range(3)]
    slack.say(ana.id, room.id, "shown", thread_ts=tops[0], broadcast=True)
    texts = []
    for page in client.conversations_history(channel=room.id, limit=4):
        texts += [m["text"] for m in page["messages"]]
    assert texts == ["shown", "m4", "m3", "m2", "m1", "m0"]

    window = client.conversations_history(
        channel=room.id, oldest=tops[1], latest=tops[3], inclusive=True
    )
    assert [m["text"] for m in window["messages"]] == ["m3", "m2", "m1"]
    window = client.conversations_history(
        channel=room.id, oldest=tops[1], latest=tops[3]
    )
    assert [m["text"] for m in window["messages"]] == ["m2"]

    first = client.conversations_replies(channel=room.id, ts=tops[0], limit=2)
    assert [m["text"] for m in first["messages"]] == ["m0", "r0", "r1"]
    assert first["messages"][0]["reply_count"] == 4
    one = client.conversations_replies(channel=room.id, ts=replies[1])
    assert [m["text"] for m in one["messages"]] == ["r1"]
    window = {"oldest": replies[1], "latest": replies[1], "limit": 2}
    one = client.conversations_replies(
        channel=room.id, ts=tops[0], inclusive=True, **window
    )
    assert [m["text"] for m in one["messages"]] == ["m0", "r1"]
    none = client.conversations_replies(channel=room.id, ts=tops[0], **window)
    assert [m["text"] for m in none["messages"]] == ["m0"]
    slack.delete(ana.id, room.id, replies[1])
    gone = client.conversations_replies(
        channel=room.id, ts=tops[0], inclusive=True, **window
    )
    assert [m["text"] for m in gone["messages"]] == ["m0"]
    wrong = {"channel": room.id, "ts": "1.000001"}
    assert refusal(client.conversations_replies, **wrong) == "thread_not_found"
    args = {"channel": room.id, "cursor": "?"}
    assert refusal(client.conversations_history, **args) == "invalid_cursor"


def test_history_may_be_limited(clock):
    slack = Sandbox(MANIFEST, clock=clock, history_limit=15)
    slack.start()
    ana = slack.add_person("ana")
    room = slack.add_channel("help", ana)
    for number in range(20):
        slack.say(ana.id, room.id, str(number))
    client = client_of(slack)
    found = client.conversations_history(channel=room.id, limit=999)
    slack.stop()
    assert len(found["messages"]) == 15
    assert found["has_more"]


def test_people_and_channels(slack, client, room, ana, ben):
    assert client.users_info(user=ana.id)["user"]["tz"] == "Europe/Helsinki"
    assert refusal(client.users_info, user="U404") == "user_not_found"
    listed = {u["id"] for page in client.users_list(limit=2) for u in page["members"]}
    assert {ana.id, ben.id, "USLACKBOT"} <= listed
    slackbot = client.users_info(user="USLACKBOT")["user"]
    assert slackbot["is_bot"] is False
    seen = client.conversations_info(channel=room.id)["channel"]
    assert (seen["name"], seen["is_member"]) == ("help", True)
    members = client.conversations_members(channel=room.id)["members"]
    assert set(members) == {ana.id, ben.id, slack.bot_user_id}
    secret = slack.add_channel("secret", ana, is_private=True, with_bot=False)
    assert refusal(client.conversations_info, channel=secret.id) == "channel_not_found"
    mine = client.users_conversations(types="public_channel,private_channel")
    assert [c["id"] for c in mine["channels"]] == [room.id]
    slack.archive(room.id)
    assert client.conversations_list(exclude_archived=True)["channels"] == []


def test_reactions(slack, client, room, ana):
    ts = slack.say(ana.id, room.id, "x")
    args = {"channel": room.id, "timestamp": ts}
    client.reactions_add(name="white_check_mark", **args)
    assert slack.message(room.id, ts).reactions == {
        "white_check_mark": [slack.bot_user_id]
    }
    assert refusal(client.reactions_add, name="white_check_mark", **args) == (
        "already_reacted"
    )
    assert refusal(client.reactions_add, name="no such", **args) == "invalid_name"
    assert refusal(client.reactions_add, name="nosuchemoji", **args) == "invalid_name"
    [reaction] = client.reactions_get(**args)["message"]["reactions"]
    assert reaction["count"] == 1
    client.reactions_remove(name="white_check_mark", **args)
    assert refusal(client.reactions_remove, name="eyes", **args) == "no_reaction"
    args["timestamp"] = "1.000001"
    assert refusal(client.reactions_add, name="eyes", **args) == "message_not_found"


@pytest.mark.parametrize(
    "name",
    ["+1", "raised_hands", "heart", "pray", "bulb", "eyes", "raising_hand", "tada"],
)
def test_common_emoji_are_known(client, slack, room, ana, name):
    ts = slack.say(ana.id, room.id, "x")
    assert client.reactions_add(name=name, channel=room.id, timestamp=ts)["ok"]


def test_a_permalink_leads_to_the_thread(slack, client, room, ana):
    top = slack.say(ana.id, room.id, "x")
    reply = slack.say(ana.id, room.id, "y", thread_ts=top)
    link = client.chat_getPermalink(channel=room.id, message_ts=reply)["permalink"]
    assert link.startswith(f"{slack.url}/archives/{room.id}/p")
    assert f"thread_ts={top}" in link


def test_mentions_that_notify(slack, client, room, ana):
    def notified(**args):
        ts = client.chat_postMessage(channel=room.id, **args)["ts"]
        return slack.message(room.id, ts).mentions

    assert notified(text="&lt;!channel&gt; @here") == set()
    assert notified(text="<!channel> <!subteam^S1|x> <@U1>") == {
        "channel",
        "subteam:S1",
        "U1",
    }
    assert notified(text="@here @ana", link_names=True) == {"here", ana.id}
    element = {"type": "broadcast", "range": "everyone"}
    rich = {
        "type": "rich_text",
        "elements": [{"type": "rich_text_section", "elements": [element]}],
    }
    plain = {"type": "header", "text": {"type": "plain_text", "text": "<!here>"}}
    assert notified(text="x", blocks=[rich, plain]) == {"everyone"}


def test_views_need_a_fresh_trigger(slack, client, clock, ana):

    view = {
        "type": "modal",
        "title": {"type": "plain_text", "text": "T"},
        "blocks": [SECTION],
    }

    def open_(trigger):
        return refusal(client.views_open, trigger_id=trigger, view=view)

    assert open_("1.2.3") == "invalid_trigger_id"
    trigger = slack.workspace.new_trigger(ana.id)
    client.views_open(trigger_id=trigger, view=view)
    assert open_(trigger) == "exchanged_trigger_id"
    late = slack.workspace.new_trigger(ana.id)
    clock.advance(timedelta(seconds=4))
    assert open_(late) == "expired_trigger_id"


def test_views_update_and_publish(slack, client, ana):
    view = {
        "type": "modal",
        "external_id": "mine",
        "title": {"type": "plain_text", "text": "T"},
        "blocks": [SECTION],
    }
    trigger = slack.workspace.new_trigger(ana.id)
    opened = client.views_open(trigger_id=trigger, view=view)["view"]
    args = {"view_id": opened["id"], "view": view}
    assert refusal(client.views_update, hash="0.x", **args) == "hash_conflict"
    updated = client.views_update(hash=opened["hash"], **args)["view"]
    assert updated["hash"] != opened["hash"]
    assert client.views_update(external_id="mine", view=view)["ok"]
    assert refusal(client.views_update, view_id="V0", view=view) == "not_found"
    bad = view | {"blocks": [{"type": "input"}]}
    assert refusal(client.views_update, view_id=opened["id"], view=bad) == (
        "invalid_arguments"
    )

    def sections(text, count):
        one = {"type": "section", "text": {"type": "plain_text", "text": text}}
        return {"type": "home", "blocks": [one] * count}

    home = client.views_publish(user_id=ana.id, view=sections("x", 3))["view"]
    assert slack.home(ana.id)["id"] == home["id"]
    publish = client.views_publish
    assert refusal(publish, user_id="U404", view=sections("x", 1)) == "user_not_found"
    large = sections("x" * 2900, 100)
    assert refusal(publish, user_id=ana.id, view=large) == "view_too_large"
    assert refusal(publish, user_id=ana.id, view=sections("x", 1), hash="0") == (
        "hash_conflict"
    )


def test_strict_rates(slack, client, room, clock):

    slack.strict_rate = True
    client.chat_postMessage(channel=room.id, text="1")
    with pytest.raises(SlackApiError) as caught:
        client.chat_postMessage(channel=room.id, text="2")
    response = caught.value.response
    assert (response.status_code, response["error"]) == (429, "ratelimited")
    assert response.headers["retry-after"] == "1"
    clock.advance(timedelta(seconds=1))
    assert client.chat_postMessage(channel=room.id, text="2")["ok"]
    for _ in range(20):
        client.conversations_list()
    with pytest.raises(SlackApiError) as caught:
        client.conversations_list()
    assert int(caught.value.response.headers["retry-after"]) > 50


def test_every_call_is_recorded(slack, client, room, tmp_path):
    client.chat_postMessage(channel=room.id, text="x", blocks=[SECTION])
    call = slack.calls[-1]
    assert (call.method, call.answer["ok"]) == ("chat.postMessage", True)
    assert "token" not in call.args
    slack.dump_calls(tmp_path / "calls.jsonl")
    line = (tmp_path / "calls.jsonl").read_text().splitlines()[-1]
    assert json.loads(line)["args"]["blocks"] == [SECTION]
