"""The settings form, as sent to Slack."""

import pytest
from slack_sdk.models.blocks import DividerBlock

from bot.features import FEATURES
from bot.settings import forms
from models import Channel
from tests.docs import DOCS, rows, section
from tests.slack_json import Json, input_block, modal, mrkdwn, option, plain, text_input
from tests.view_sample_data import settings_form, workspace_form

OFF = option("Only what people ask with /ask", "off", "Nothing else is kept.")
QUESTIONS = option(
    "Also messages that contain a question",
    "questions",
    "I keep the IDs of other messages and reactions for some days. No text.",
)
ALL = option(
    "Also every message that starts a thread",
    "all",
    "For channels that only have questions.",
)
GUESTS = option("Guests can ask, and take part in check-ins", "yes")
STRANGERS = option("Can get kudos here", "yes")
MENTORS = option("Notice quiet people whose answers help", "yes")


def capture(chosen: Json) -> Json:
    choices = {
        "type": "radio_buttons",
        "action_id": "capture",
        "options": [OFF, QUESTIONS, ALL],
        "initial_option": chosen,
    }
    return input_block("capture", "What becomes an ask", choices)


def capture_indicator_input() -> Json:
    with_a_reaction = option("With a reaction: 📌, then ✅", "reaction")
    choices = {
        "type": "radio_buttons",
        "action_id": "capture_indicator",
        "options": [
            with_a_reaction,
            option(
                "With a line in its thread",
                "line",
                "The line has buttons for your peers.",
            ),
            option("Only with ✅ when it's solved", "nothing"),
        ],
        "initial_option": with_a_reaction,
    }
    label = "How I show that a message became an ask"
    return input_block("capture_indicator", label, choices)


def champions(**initial: object) -> Json:
    people = {
        "type": "multi_users_select",
        "action_id": "champions",
        "placeholder": plain("Choose people"),
        "max_selected_items": 30,
        **initial,
    }
    hint = "They can close and solve others' asks, and change these settings."
    return input_block("champions", "Champions", people, hint, optional=True)


def box(name: str, label: str, ticked: Json, hint: str | None = None) -> Json:
    element = {
        "type": "checkboxes",
        "action_id": name,
        "options": [ticked],
        "initial_options": [ticked],
    }
    return input_block(name, label, element, hint, optional=True)


def routing_inputs() -> list[Json]:
    by_default = option("If at least 5 people have answered in 90 days", "auto")
    choices = {
        "type": "radio_buttons",
        "action_id": "routes_asks",
        "options": [by_default, option("Yes", "on"), option("No", "off")],
        "initial_option": by_default,
    }
    return [
        input_block(
            "routes_asks",
            "Ask people who may know when nobody answers",
            choices,
            "I privately ask two of them, and later two more. Nobody is asked more"
            " often than they like.",
        ),
        input_block("zone", "Time zone", text_input("zone", 60), optional=True),
        input_block(
            "days_off",
            "Days off",
            text_input("days_off", 800),
            "Dates like 2026-12-24, separated by commas.",
            optional=True,
        ),
        input_block(
            "holidays_of",
            "Public holidays of",
            text_input("holidays_of", 10),
            "A country code such as DE, or a region such as DE-BY.",
            optional=True,
        ),
    ]


def anonymous_asks() -> Json:
    no = option("No", "off")
    reviewed = option("Yes, after a champion has read them", "reviewed")
    choices = {
        "type": "radio_buttons",
        "action_id": "anonymous_asks",
        "options": [no, option("Yes", "on"), reviewed],
        "initial_option": no,
    }
    return input_block("anonymous_asks", "Take asks without a name", choices)


def unticked(block: Json) -> Json:
    element = {k: v for k, v in block["element"].items() if k != "initial_options"}
    return {**block, "element": element}


GUESTS_MAY = box("guests_may_ask", "Guests", GUESTS)


def test_a_new_channels_settings():
    assert settings_form().to_dict() == modal(
        "Channel settings",
        {"type": "section", "text": mrkdwn("How Backswing works in *#help*.")},
        capture(OFF),
        capture_indicator_input(),
        champions(),
        input_block(
            "topics",
            "Topics",
            text_input("topics", 2000),
            "Separated by commas. People can add their own.",
            optional=True,
        ),
        input_block(
            "helpful",
            "Emoji for helpful",
            text_input("helpful", 300, initial_value="👍 🙌 ❤️ 🙏 💡"),
            "Works on an answer, from anyone but its author.",
        ),
        input_block(
            "solved",
            "Emoji for solved",
            text_input("solved", 300, initial_value="✅"),
            "Works on an answer, from the person who asked.",
        ),
        input_block(
            "second",
            "Emoji to join in kudos",
            text_input("second", 300, initial_value="🙌"),
            "Works on a kudos message, from anyone but its giver.",
        ),
        input_block(
            "kudos",
            "Emoji that gives kudos",
            text_input("kudos", 300),
            "Works on any message. Leave it empty to turn this off.",
            optional=True,
        ),
        unticked(
            box("allow_external_kudos", "People from other organisations", STRANGERS)
        ),
        *routing_inputs(),
        GUESTS_MAY,
        box(
            "suggests_entries",
            "Earlier answers",
            option("Show askers what may have solved their problem before", "yes"),
            "Only the asker sees it, and only if it is probably right.",
        ),
        anonymous_asks(),
        box(
            "detects_mentors",
            "Unexpected mentors",
            MENTORS,
            "They're told first. The channel hears only if they agree.",
        ),
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
        ({"guests_may_ask": False}, unticked(GUESTS_MAY)),
    ],
)
def test_chosen_values_are_shown(chosen: Json, block: Json):
    assert block in settings_form(**chosen).to_dict()["blocks"]


def test_topics_are_shown_as_they_are_typed():
    [topics] = [
        block
        for block in settings_form(topics=("python", "time")).to_dict()["blocks"]
        if block.get("block_id") == "topics"
    ]
    assert topics["element"]["initial_value"] == "python, time"


def test_a_channels_name_has_no_effect():
    heading = forms.channel_form("C0HELP", "<!channel>", [], []).to_dict()["blocks"][0]
    assert "<!" not in heading["text"]["text"]


def test_a_feature_adds_its_own_section_below_the_fields():
    below = DividerBlock()
    drawn = forms.channel_form("C0HELP", "help", [], [below]).to_dict()["blocks"]
    assert drawn[-1] == {"type": "divider"}


def test_the_workspace_form_has_defaults_for_channels():
    blocks = workspace_form().to_dict()["blocks"]
    assert [block.get("block_id", block["type"]) for block in blocks] == [
        "section",
        "program_leads",
        "daily_kudos_allowance",
        "confirmed_for_days",
        "unasked_per_week",
        "profile_team",
        "profile_level",
        "sent_retention_days",
        "unmatched_retention_days",
        "deactivated_retention_days",
        "coffee",
        "coffee_weeks",
        "coffee_weekday",
        "coffee_hour",
        "exchange",
        "buddies",
        "anonymous_asks",
        "anonymous_delay_minutes",
        "anonymous_link_days",
        "anonymous_help_line",
        "divider",
        "section",
        "default_capture",
        "default_capture_indicator",
        "default_helpful",
        "default_solved",
        "default_second",
        "default_kudos",
        "default_allow_external_kudos",
        "default_routes_asks",
        "default_guests_may_ask",
        "default_suggests_entries",
        "default_detects_mentors",
    ]
    [days] = [
        block for block in blocks if block.get("block_id") == "sent_retention_days"
    ]
    assert days["element"] == {
        "type": "number_input",
        "action_id": "sent_retention_days",
        "is_decimal_allowed": False,
        "initial_value": "30",
        "min_value": "1",
        "max_value": "3650",
    }


def test_the_help_names_the_channels_own_emoji_and_fits_one_section():
    channel = Channel(
        helpful_emoji=["tada", "clap", "star"],
        solved_emoji=["100"],
        join_emoji=["fire"],
        kudos_emoji=["taco"],
    )
    text = FEATURES.help_text(channel)
    assert "with :tada:, :clap: or :star:." in text
    assert "with :100:." in text
    assert "with :fire: to join in" in text
    assert "or react to a message with :taco:" in text
    assert ":+1:" not in text
    assert ":white_check_mark:" not in text
    assert len(text) <= 3000
    channel.kudos_emoji = None
    assert "or react to a message with" not in FEATURES.help_text(channel)


def test_the_help_names_all_commands():
    text = FEATURES.help_text(None)
    page = DOCS / "reference" / "slack-commands.md"
    typed = [name.strip("`") for name in rows(section(page, "## Slash commands"))]
    of_leads = {"/backswing mentors", "/backswing workspace"}
    for command in typed:
        if command not in of_leads and not command.endswith(" help"):
            assert " ".join(command.split()[:2]).rstrip("…") in text, command
