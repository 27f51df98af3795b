"""The Home tab, as Slack gets it."""

from bot.home import blocks
from bot.settings.blocks import HELP
from tests.slack_json import Json, actions, aside, button, link, mrkdwn, plain, sentence
from tests.surfaces import TITLE, URL

HEADER = {"type": "header", "text": plain("Your open asks")}
REST: list[Json] = [
    actions(button("Ask your peers", "home_ask", style="primary")),
    {"type": "divider"},
    {"type": "section", "text": mrkdwn(HELP)},
]


def test_whoever_has_asked_nothing_is_invited_to():
    none = "None at the moment. What are you stuck on? Your peers may know."
    assert blocks.home([], more=0).to_dict() == {
        "type": "home",
        "blocks": [HEADER, {"type": "section", "text": mrkdwn(none)}, *REST],
    }


def test_my_open_asks_stand_in_a_list_with_their_state():
    rows = [(TITLE, URL, "answered"), ("Is a &lt; b?", URL, "open")]
    assert blocks.home(rows, more=3).to_dict() == {
        "type": "home",
        "blocks": [
            HEADER,
            sentence(link(URL, TITLE), "  answered"),
            sentence(link(URL, "Is a < b?"), "  open"),
            aside(mrkdwn("and 3 more")),
            *REST,
        ],
    }


def test_a_message_to_the_bot_is_answered_in_one_line():
    said, [block] = blocks.help_line()
    assert block.to_dict() == {"type": "section", "text": mrkdwn(said)}
    assert "\n" not in said
