"""The settings form, as Slack gets it."""

import pytest

from bot.settings import blocks
from tests.slack_json import Json, field, modal, mrkdwn, option, plain, typed
from tests.surfaces import settings_form

OFF = option("Only what people put in with /ask", "off", "Nothing else is kept.")
QUESTIONS = option(
    "Messages that contain a question, too",
    "questions",
    "Ids, without text, of other messages and reactions are kept for 7 days.",
)
ALL = option(
    "Every message that starts a thread, too",
    "all",
    "For channels that are for questions only.",
)
GUESTS = option("Guests may ask", "guests")


def capture(chosen: Json) -> Json:
    choices = {
        "type": "radio_buttons",
        "action_id": "capture",
        "options": [OFF, QUESTIONS, ALL],
        "initial_option": chosen,
    }
    return field("capture", "What becomes an ask", choices)


def champions(**initial: object) -> Json:
    people = {
        "type": "multi_users_select",
        "action_id": "champions",
        "placeholder": plain("Choose people"),
        "max_selected_items": 30,
        **initial,
    }
    hint = "They may close and solve asks for others, and change these settings."
    return field("champions", "Champions", people, hint, optional=True)


def guests(**initial: object) -> Json:
    box = {"type": "checkboxes", "action_id": "guests", "options": [GUESTS], **initial}
    return field("guests", "Guests", box, optional=True)


def test_a_channel_as_it_is_at_first():
    assert settings_form().to_dict() == modal(
        "Channel settings",
        {"type": "section", "text": mrkdwn("How Backswing works in *#help*.")},
        capture(OFF),
        champions(),
        field(
            "topics",
            "Topics",
            typed("topics", 2000),
            "With commas between; people can add their own.",
            optional=True,
        ),
        field(
            "helpful",
            "Emoji for helpful",
            typed("helpful", 300, initial_value=":+1: :heart:"),
            "On an answer, from anybody but its author.",
            optional=False,
        ),
        field(
            "solved",
            "Emoji for solved",
            typed("solved", 300, initial_value=":white_check_mark:"),
            "On an answer, from the person who asked.",
            optional=False,
        ),
        guests(initial_options=[GUESTS]),
        callback_id="settings",
        submit="Save",
        close="Cancel",
        private_metadata='{"channel": "C0HELP"}',
    )


@pytest.mark.parametrize(
    ("chosen", "block"),
    [
        ({"capture": "questions"}, capture(QUESTIONS)),
        ({"capture": "all"}, capture(ALL)),
        ({"champions": ("U0DAN",)}, champions(initial_users=["U0DAN"])),
        ({"guests_may_ask": False}, guests()),
    ],
)
def test_what_was_chosen_is_shown_as_chosen(chosen: Json, block: Json):
    assert block in settings_form(**chosen).to_dict()["blocks"]


def test_topics_are_shown_as_they_are_typed():
    [topics] = [
        block
        for block in settings_form(topics=("python", "time")).to_dict()["blocks"]
        if block.get("block_id") == "topics"
    ]
    assert topics["element"]["initial_value"] == "python, time"


def test_a_channels_name_has_no_effect():
    heading = settings_form(name="<!channel>").to_dict()["blocks"][0]
    assert "<!" not in heading["text"]["text"]


def test_the_help_fits_one_section():
    assert len(blocks.HELP) <= 3000
