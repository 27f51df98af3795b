"""Commands, shortcuts, clicks and forms, through a Bolt app over HTTP."""

import time

import pytest
from slack_bolt import BoltResponse

BUTTON = {
    "type": "actions",
    "block_id": "row",
    "elements": [
        {
            "type": "button",
            "action_id": "press",
            "value": "1",
            "text": {"type": "plain_text", "text": "Press"},
        },
        {
            "type": "overflow",
            "action_id": "more",
            "options": [{"text": {"type": "plain_text", "text": "Edit"}, "value": "e"}],
        },
    ],
}


def input_block(block_id, element, **more):
    label = {"type": "plain_text", "text": block_id}
    return {
        "type": "input",
        "block_id": block_id,
        "label": label,
        "element": element,
        **more,
    }


def modal(*blocks, **more):
    return {
        "type": "modal",
        "callback_id": "form",
        "title": {"type": "plain_text", "text": "Form"},
        "submit": {"type": "plain_text", "text": "Send"},
        "blocks": list(blocks),
        **more,
    }


TITLE = input_block("title", {"type": "plain_text_input", "action_id": "text"})


@pytest.fixture
def opens(recording_app, client):
    """Make the app open a view after a kind of payload."""

    def opens(view, method="open"):
        def answer(body):
            if "trigger_id" in body and body.get("type") != "view_submission":
                client.api_call(
                    f"views.{method}",
                    json={"trigger_id": body["trigger_id"], "view": view},
                )

        recording_app.answer = answer

    return opens


def test_a_command_has_entities_and_a_private_response(
    slack, recording_app, ana, ben, room
):
    recording_app.answer = lambda _: BoltResponse(status=200, body="Only you see this")
    ack = slack.command(ana.id, room.id, "/parrot", "thank @ben in #help & <see>")

    [body] = recording_app.interactions
    assert body["text"] == (
        f"thank <@{ben.id}|ben> in <#{room.id}|help> &amp; &lt;see&gt;"
    )
    assert body["channel_name"] == "help"
    assert (ack.status, ack.text, ack.failed) == (200, "Only you see this", None)
    assert [m.text for m in slack.ephemerals(ana.id)] == ["Only you see this"]
    assert slack.ephemerals(ben.id) == []


def test_names_stay_plain_without_should_escape(slack, recording_app, ana, ben, room):
    slack.command(ana.id, room.id, "/plain", "@ben <!channel>")
    assert recording_app.interactions[0]["text"] == "@ben &lt;!channel&gt;"


@pytest.mark.parametrize(
    ("private", "name"), [(True, "privategroup"), (False, "secret")]
)
def test_a_private_channels_name_is_hidden(slack, recording_app, ana, private, name):
    room = slack.add_channel("secret", ana, is_private=private)
    slack.command(ana.id, room.id, "/parrot")
    assert recording_app.interactions[-1]["channel_name"] == name


def test_a_command_in_the_dm(slack, recording_app, ana):
    slack.command(ana.id, slack.dm_channel(ana.id), "/parrot")
    assert recording_app.interactions[-1]["channel_name"] == "directmessage"


def test_a_command_that_is_refused_or_late_fails_as_in_slack(
    slack, recording_app, ana, room
):
    recording_app.answer = lambda _: BoltResponse(status=500, body="")
    assert "dispatch_failed" in slack.command(ana.id, room.id, "/parrot").failed

    slack.ack_seconds = 0.2

    def sleep(_):
        time.sleep(0.5)

    recording_app.answer = sleep
    assert "operation_timeout" in slack.command(ana.id, room.id, "/parrot").failed


def test_only_commands_and_shortcuts_of_the_manifest_work(
    slack, recording_app, ana, room
):
    with pytest.raises(LookupError):
        slack.command(ana.id, room.id, "/other")
    with pytest.raises(LookupError):
        slack.shortcut(ana.id, "repeat")


def test_a_click_must_name_an_existing_element(slack, recording_app, client, ana, room):
    posted = client.chat_postMessage(channel=room.id, text="x", blocks=[BUTTON])
    slack.click(ana.id, room.id, posted["ts"], "press", value="1")
    slack.click(ana.id, room.id, posted["ts"], "more", option="Edit")

    pressed, chosen = recording_app.interactions
    assert pressed["actions"][0]["value"] == "1"
    assert pressed["message"]["ts"] == posted["ts"]
    assert pressed["container"]["channel_id"] == room.id
    assert chosen["actions"][0]["selected_option"]["value"] == "e"
    with pytest.raises(LookupError):
        slack.click(ana.id, room.id, posted["ts"], "missing")


def test_an_ephemeral_message_can_be_clicked_by_its_recipient(
    slack, recording_app, client, ana, room
):
    other = slack.add_person("other")
    client.chat_postEphemeral(channel=room.id, user=ana.id, text="x", blocks=[BUTTON])
    [shown] = slack.ephemerals(ana.id)
    slack.click(ana.id, room.id, shown.ts, "press")
    assert recording_app.interactions[-1]["container"]["is_ephemeral"] is True
    assert "message" not in recording_app.interactions[-1]
    with pytest.raises(PermissionError):
        slack.click(other.id, room.id, shown.ts, "press")


def test_a_form_from_trigger_to_submission(slack, recording_app, opens, ana):
    options = [
        {"text": {"type": "plain_text", "text": t}, "value": t.lower()} for t in "AB"
    ]
    fields = [
        TITLE,
        input_block(
            "pick", {"type": "static_select", "action_id": "one", "options": options}
        ),
        input_block(
            "where",
            {
                "type": "conversations_select",
                "action_id": "channel",
                "initial_conversation": "C1",
            },
        ),
        input_block(
            "who", {"type": "multi_users_select", "action_id": "people"}, optional=True
        ),
        input_block(
            "boxes",
            {
                "type": "checkboxes",
                "action_id": "ticks",
                "options": options,
                "initial_options": options[:1],
            },
        ),
    ]
    opens(modal(*fields, private_metadata="kept"))
    slack.shortcut(ana.id, "squawk")
    view = slack.view(ana.id)
    assert view is not None

    ack = slack.submit(ana.id, view["id"], {"title": "Hello", "one": "b"})

    assert ack.ok
    sent = recording_app.interactions[-1]["view"]
    values = sent["state"]["values"]
    assert sent["private_metadata"] == "kept"
    assert values["title"]["text"]["value"] == "Hello"
    assert values["pick"]["one"]["selected_option"]["value"] == "b"
    assert values["where"]["channel"]["selected_conversation"] == "C1"
    assert values["who"]["people"]["selected_users"] == []
    assert values["boxes"]["ticks"]["selected_options"][0]["value"] == "a"
    assert slack.view(ana.id) is None


def test_an_empty_required_field_never_reaches_the_app(
    slack, recording_app, opens, ana
):
    opens(modal(TITLE))
    slack.shortcut(ana.id, "squawk")
    before = len(recording_app.interactions)
    ack = slack.submit(ana.id, slack.view(ana.id)["id"], {})
    assert "title" in ack.errors
    assert len(recording_app.interactions) == before


def test_errors_keep_the_form_and_its_values(slack, recording_app, opens, ana):
    opens(modal(TITLE))
    slack.shortcut(ana.id, "squawk")
    recording_app.answer = lambda _: BoltResponse(
        status=200,
        body={"response_action": "errors", "errors": {"title": "Too short"}},
    )
    ack = slack.submit(ana.id, slack.view(ana.id)["id"], {"title": "x"})
    assert ack.errors == {"title": "Too short"}
    view = slack.view(ana.id)
    assert view["state"]["values"]["title"]["text"]["value"] == "x"


@pytest.mark.parametrize("titles", [["New"], ["Form", "New"]])
def test_the_response_to_a_submission_may_be_a_view(
    slack, recording_app, opens, ana, titles
):
    action = "push" if len(titles) > 1 else "update"
    opens(modal(TITLE))
    slack.shortcut(ana.id, "squawk")
    new = modal(TITLE) | {"title": {"type": "plain_text", "text": "New"}}
    recording_app.answer = lambda _: BoltResponse(
        status=200, body={"response_action": action, "view": new}
    )
    slack.submit(ana.id, slack.view(ana.id)["id"], {"title": "x"})
    seen: list[str] = []
    while view := slack.view(ana.id):
        seen.insert(0, view["title"]["text"])
        slack.close_view(ana.id, view["id"])
    assert seen == titles


def test_a_click_in_a_modal_may_push_but_a_command_may_not(
    slack, recording_app, opens, ana, room
):
    opens(modal(BUTTON, TITLE))
    slack.shortcut(ana.id, "squawk")
    opens(modal(TITLE), method="push")
    view = slack.view(ana.id)
    slack.click_view(ana.id, view["id"], "press")
    pushed = slack.view(ana.id)
    assert pushed["previous_view_id"] == view["id"]
    assert recording_app.interactions[-1]["container"] == {
        "type": "view",
        "view_id": view["id"],
    }
    assert not slack.command(ana.id, room.id, "/parrot").ok
    assert slack.calls[-1].answer["error"] == "invalid_trigger_id"


def test_a_closed_view_is_reported_only_on_request(slack, recording_app, opens, ana):
    for asked in (False, True):
        opens(modal(TITLE, notify_on_close=asked))
        slack.shortcut(ana.id, "squawk")
        slack.close_view(ana.id, slack.view(ana.id)["id"])
    kinds = [body["type"] for body in recording_app.interactions]
    assert kinds == ["shortcut", "shortcut", "view_closed"]


def test_a_message_shortcut_contains_the_message(slack, recording_app, ana, ben, room):
    ts = slack.say(ben.id, room.id, "Look at *this*")
    slack.wait_for_deliveries()
    slack.message_shortcut(ana.id, "repeat", room.id, ts)
    body = recording_app.interactions[-1]
    assert (body["type"], body["message_ts"]) == ("message_action", ts)
    assert body["message"]["text"] == "Look at *this*"


def test_the_home_tab(slack, recording_app, client, ana):
    home = {"type": "home", "blocks": [BUTTON]}
    client.views_publish(user_id=ana.id, view=home)
    slack.open_home(ana.id)
    slack.wait_for_deliveries()
    [opened] = recording_app.events("app_home_opened")
    assert opened["view"]["type"] == "home"
    slack.click_view(ana.id, slack.home(ana.id)["id"], "press")
    assert recording_app.interactions[-1]["view"]["type"] == "home"
