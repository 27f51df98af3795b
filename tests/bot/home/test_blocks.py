"""The Home tab, as sent to Slack."""

from slack_sdk.models.blocks import SectionBlock

from bot.asks.home import NO_ASKS
from bot.features import FEATURES
from bot.home import blocks, notes
from bot.home.blocks import ListItem, ListPage
from bot.home.row_blocks import RowList
from bot.home.rules import PagedList
from bot.workspace.member_settings import MemberSettings
from tests.slack_json import (
    Json,
    actions,
    button,
    context,
    link,
    mrkdwn,
    plain,
    sentence,
)
from tests.view_sample_data import TITLE, URL, full_home, home_view, listed, summary
from tests.view_samples import to_json

HELP = FEATURES.help_text(None)
ASK = button("Ask your peers", "home_ask", style="primary")
FIND = button("Find what helped", "home_find")
SETTINGS = button("My settings", "my_settings")
MINE: list[Json] = [
    {"type": "header", "text": plain("Your settings")},
    sentence("Topics you know: not set"),
    sentence("How you take part: in writing or in calls"),
    sentence("Asked for help: at your own pace"),
    sentence("Reminders: on"),
    sentence("Hours when I may write to you: 09:00 to 17:00, Europe/Helsinki"),
    sentence("Naming you in public: ask me each time"),
    sentence("Greetings: on"),
    actions(SETTINGS),
]
REST: list[Json] = [
    {"type": "divider"},
    {
        "type": "section",
        "text": mrkdwn(HELP),
    },
]


def header(words: str) -> Json:
    return {"type": "header", "text": plain(words)}


def test_a_home_with_nothing_pending():
    asks = blocks.item_list("Your open asks", listed("asks", 0, 0, 0), NO_ASKS)
    assert home_view(sections=[asks]).to_dict() == {
        "type": "home",
        "blocks": [
            actions(ASK, FIND, SETTINGS),
            header("Your open asks"),
            {"type": "section", "text": mrkdwn(NO_ASKS)},
            *MINE,
            *REST,
        ],
    }


def test_pending_items_come_first():
    waiting = RowList(rows=[[SectionBlock(text="Ben asks.")]])
    rendered = home_view(waiting=[waiting]).to_dict()
    assert rendered["blocks"][1:3] == [
        header("Waiting for you"),
        {"type": "section", "text": mrkdwn("Ben asks.")},
    ]


def test_asks_are_listed_with_their_details():
    items = [
        ListItem(TITLE, URL, ("answered", "#help", "2 Mar")),
        ListItem("Is a &lt; b?", URL, ("open", "#help", "1 Mar", "")),
    ]
    page = ListPage(PagedList("asks", 8), items, total=2)
    rendered = to_json(blocks.item_list("Your open asks", page))["blocks"]
    assert rendered == [
        header("Your open asks"),
        sentence(link(URL, TITLE), "  answered · #help · 2 Mar"),
        sentence(link(URL, "Is a < b?"), "  open · #help · 1 Mar"),
    ]


def test_a_long_list_has_pages():
    page = listed("unanswered", 8, 8, 17)
    rendered = to_json(blocks.item_list("Asks without an answer", page))["blocks"]
    assert len(rendered) == 11
    assert rendered[-2:] == [
        context(plain("9 to 16 of 17", emoji=False)),
        actions(
            button(
                "Previous",
                "home_previous",
                "unanswered:0",
                accessibility_label="Previous: asks without an answer",
            ),
            button(
                "Next",
                "home_next",
                "unanswered:16",
                accessibility_label="Next: asks without an answer",
            ),
        ),
    ]


def test_a_pause_can_be_ended_from_home():
    paused = summary(MemberSettings(), "Europe/Helsinki", "6 March 2026")
    assert {
        "type": "section",
        "text": plain(
            "Paused until 6 March 2026. Until then I only write about things you do"
            " yourself.",
            emoji=False,
        ),
        "accessory": button("End the pause", "home_end_pause"),
    } in home_view(chosen=paused).to_dict()["blocks"]


def test_the_fullest_home_fills_the_tab():
    assert len(full_home().to_dict()["blocks"]) == 100


def test_a_list_that_is_cut_leads_to_the_rest_of_its_page():
    asks = blocks.item_list("Your open asks", listed("asks", 8, 0, 8))
    [*_, position, buttons] = asks.cut(3)
    assert position.to_dict() == context(plain("1 to 3 of 8", emoji=False))
    assert buttons.to_dict() == actions(
        button(
            "Next",
            "home_next",
            "asks:3",
            accessibility_label="Next: your open asks",
        )
    )


def test_a_direct_message_gets_a_reply_of_one_line():
    text, [block] = notes.help_hint()
    assert block.to_dict() == {"type": "section", "text": mrkdwn(text)}
    assert "\n" not in text


def test_a_request_for_help_gets_the_commands_reply():
    text, [block] = notes.help_message(HELP)
    assert text == HELP
    assert block.to_dict() == {"type": "section", "text": mrkdwn(text)}


def test_a_question_gets_a_button():
    text, [block, buttons] = notes.offer_to_ask("1.2")
    assert block.to_dict() == {"type": "section", "text": mrkdwn(text)}
    assert buttons.to_dict() == actions(
        button("Ask your peers", "ask_written", "1.2", style="primary")
    )
