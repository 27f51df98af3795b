"""The options in a message's menu."""

import json
from typing import Any

import pytest

from bot.slack.api import Rejected
from tests.factories import Story
from tests.slack_payloads import (
    ADMIN,
    ASKER,
    BOT,
    CHAMPION,
    GUEST,
    HELPER,
    PEER,
    button,
)


def test_the_menu_shows_help_and_opens_the_options(story: Story) -> None:
    story.ask()
    ask_id = story.only_ask().id
    story.click(PEER, "ask_menu", option=f"help:{ask_id}")
    assert "How do I" in story.slack.responses[-1][1]
    story.click(PEER, "ask_menu", option=f"options:{ask_id}")
    assert buttons_of(story.slack.views[-1][1]) == ["I can help", "Same here"]


def buttons_of(view: dict[str, Any]) -> list[str]:
    return [
        element["text"]["text"]
        for block in view["blocks"]
        for element in block.get("elements", [])
        if element["type"] == "button"
    ]


@pytest.mark.parametrize(
    ("member", "what"),
    [
        (PEER, ["I can help", "Same here"]),
        (GUEST, ["I can help", "Same here"]),
        (ASKER, ["Edit", "Close", "Delete…"]),
        (ADMIN, ["I can help", "Same here", "Close", "Delete…"]),
        (CHAMPION, ["I can help", "Same here", "Close", "Delete…"]),
    ],
)
@pytest.mark.deep_on_postgresql
def test_the_options_are_the_persons_permitted_actions(
    story: Story, member: str, what: list[str]
) -> None:
    story.set_up_channel(champions=[CHAMPION])
    ask = story.ask()
    story.message_shortcut(member, "ask_options", BOT, ask.ts)
    assert buttons_of(story.slack.views[-1][1]) == what
    # Each of them works.
    view = story.slack.views[-1][1]
    for element in view["blocks"][-1]["elements"]:
        story.click(member, element["action_id"], element["value"], view=view)
        assert "Not possible" not in json.dumps(story.slack.views[-1][1])


def test_the_options_of_a_solved_ask(story: Story) -> None:
    ask = story.ask()
    story.react(ASKER, ask.ts, "white_check_mark")
    current = {}
    for member in (ASKER, ADMIN, PEER):
        story.message_shortcut(member, "ask_options", BOT, ask.ts)
        current[member] = buttons_of(story.slack.views[-1][1])
    assert current == {
        ASKER: ["Edit", "Add what worked", "Not solved yet", "Delete…"],
        ADMIN: ["Not solved yet", "Delete…"],
        PEER: [],
    }


def test_replies_to_shortcuts_appear_in_their_thread(
    story: Story,
) -> None:
    ask = story.ask()
    story.slack.responses.clear()
    answer = story.say(HELPER, "So.", thread_ts=ask.ts)
    story.message_shortcut(PEER, "mark_helpful", HELPER, answer, thread_ts=ask.ts)
    story.message_shortcut(PEER, "mark_solved", HELPER, answer, thread_ts=ask.ts)
    done, refusal = story.slack.ephemeral_messages
    assert (done.visible_to, done.thread_ts) == (PEER, ask.ts)
    assert button(done, "Undo")
    assert "Only the person who asked" in refusal.text
    assert refusal.thread_ts == ask.ts
    assert story.slack.responses == []


def test_if_slack_shows_nothing_in_the_thread_the_reply_is_in_the_channel(
    story: Story,
) -> None:
    ask = story.ask()
    answer = story.say(HELPER, "So.", thread_ts=ask.ts)
    story.slack.fail["chat.postEphemeral"] = [
        Rejected("chat.postEphemeral", "user_not_in_channel")
    ]
    story.message_shortcut(PEER, "mark_helpful", HELPER, answer, thread_ts=ask.ts)
    assert "Marked as helpful" in story.slack.responses[-1][1]


@pytest.mark.deep_on_postgresql
def test_the_options_of_a_converted_message(story: Story) -> None:
    ts = story.say(ASKER, "My build fails")
    story.message_shortcut(HELPER, "ask_options", ASKER, ts)
    assert "no ask" in story.slack.responses[-1][1]
    story.message_shortcut(ASKER, "make_ask", ASKER, ts)
    story.message_shortcut(HELPER, "ask_options", ASKER, ts)
    view = story.slack.views[-1][1]
    story.click(HELPER, "option_looking", str(story.only_ask().id), view=view)
    assert "I can't help after all" in json.dumps(story.slack.views[-1][1])
    story.click(ASKER, "option_close", str(story.only_ask().id), view=view)
    assert story.only_ask().state == "closed"
