"""The form for kudos, and the buttons that open it."""

import json

import pytest

from bot.kudos import blocks
from bot.slack.api import Rejected
from tests.factories import Story
from tests.kudos import REASON, filled, form, give, kudos
from tests.slack_payloads import (
    ASKER,
    CHAMPION,
    HELP_CHANNEL,
    HELPER,
    PEER,
    conversation_object,
    form_errors,
)


def test_the_form_posts_publicly_and_confirms_privately(story: Story) -> None:
    view = form(story)
    assert story.submit(ASKER, view, filled(tags="#Ops, teamwork")).body == ""
    story.deliver()
    [posted] = story.slack.messages_to(HELP_CHANNEL)
    assert "#ops  #teamwork" in json.dumps(posted.blocks)
    [ephemeral] = story.slack.ephemeral_messages
    assert (ephemeral.channel, ephemeral.visible_to) == (HELP_CHANNEL, ASKER)
    assert ephemeral.text == "Thanks sent to Ben. You can thank 4 more people today."


def test_private_kudos_are_direct_messages_and_appear_nowhere_else(
    story: Story,
) -> None:
    values = filled(people=[HELPER, PEER], visibility="private")
    assert story.submit(ASKER, form(story), values).body == ""
    story.deliver()
    assert story.slack.messages_to(HELP_CHANNEL) == story.slack.ephemeral_messages == []
    for recipient, other in ((HELPER, "Chi"), (PEER, "Ben")):
        [note] = story.slack.messages_to(recipient)
        assert note.text == f"Ana thanks you privately: {REASON}"
        assert other not in json.dumps(note.blocks)
    [told] = story.slack.messages_to(ASKER)
    assert "Thanks sent privately to Ben and Chi. You can thank 3 more" in told.text
    assert REASON not in told.text
    assert REASON not in give(story, "me", giver=CHAMPION)


def test_private_kudos_taken_back_leave_no_text(story: Story) -> None:
    story.submit(ASKER, form(story), filled(visibility="private"))
    story.deliver()
    story.click(ASKER, "kudos_take_back", str(kudos(story)[0].id))
    story.deliver()
    assert REASON not in json.dumps([m.blocks for m in story.slack.messages])


def test_the_form_shows_errors_beside_their_fields(story: Story) -> None:
    view = form(story)
    wrong = filled(people=[ASKER], reason="thx", tags="a b c d e f")
    receipt = form_errors(story.submit(ASKER, view, wrong))
    assert receipt.keys() == {"people", "reason", "tags"}
    receipt = form_errors(story.submit(ASKER, view, filled(channel=None)))
    assert "Choose a channel" in receipt["channel"]
    story.slack.channels["C0OUT"] = conversation_object("C0OUT", "out", is_member=False)
    receipt = form_errors(story.submit(ASKER, view, filled(channel="C0OUT")))
    assert "/invite" in receipt["channel"]
    story.slack.channels["C0OLD"] = conversation_object(
        "C0OLD", "old", is_archived=True
    )
    receipt = form_errors(story.submit(ASKER, view, filled(channel="C0OLD")))
    assert "archived" in receipt["channel"]


@pytest.mark.deep_on_postgresql
def test_a_giver_outside_the_channel_gets_a_direct_receipt(story: Story) -> None:
    story.slack.fail["chat.postEphemeral"] = [
        Rejected("chat.postEphemeral", "user_not_in_channel")
    ]
    story.submit(ASKER, form(story), filled())
    story.deliver()
    assert "You can thank 4 more people today" in story.slack.texts_to(ASKER)[0]


def test_the_global_shortcut_opens_the_form_for_the_current_channel(
    story: Story,
) -> None:
    story.dispatch(
        {
            "type": "shortcut",
            "callback_id": "kudos",
            "team": {"id": "T0PEERS"},
            "user": {"id": ASKER},
            "trigger_id": "t",
        }
    )
    channel = story.slack.views[-1][1]["blocks"][-1]["element"]
    assert channel["default_to_current_conversation"] is True


# The "Say thanks" button


def test_a_button_anywhere_opens_the_form_filled_in(story: Story) -> None:
    button = blocks.thank_button(HELPER, "You *helped* <us>")
    story.click(ASKER, "say_thanks", button.value or "")
    shown = story.slack.views[-1][1]["blocks"]
    assert shown[0]["element"]["initial_users"] == [HELPER]
    assert shown[1]["element"]["initial_value"] == "You *helped* <us>"


@pytest.mark.parametrize("receipt", ["word " * 600, '"Yes."\n' * 600, "\x01" * 3000])
def test_a_buttons_text_is_limited_by_slack(receipt: str) -> None:
    value = blocks.thank_button(HELPER, receipt).value or ""
    assert 1900 < len(value) <= 2000


@pytest.mark.parametrize(
    "value",
    [
        "",
        "{",
        "[]",
        '{"receiver": 1}',
        '{"receiver": "<!channel>", "reason": ""}',
        '{"receiver": "U0BEN", "reason": {}}',
        json.dumps({"receiver": ASKER}),
    ],
)
def test_a_forged_button_opens_nothing(story: Story, value: str) -> None:
    assert story.click(ASKER, "say_thanks", value).status == 200
    assert story.slack.views == []
