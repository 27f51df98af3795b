"""Direct messages to the bot, and the button on the Home tab."""

import json
from typing import Any

import pytest
from sqlalchemy import select

from bot.slack.api import Rejected
from models import OutboxItem
from tests.factories import Story
from tests.fakes import PostedMessage
from tests.slack_payloads import ASKER, HELP_CHANNEL, PEER, button, form_values


def test_the_button_on_home_opens_the_form(peers: Story):
    peers.click(PEER, "home_ask", view={"type": "home"})
    assert peers.slack.views[-1][1]["callback_id"] == "ask"


def log_capture(story: Story, text: str, **more: Any) -> PostedMessage:
    """Return the bot's replies to a direct message."""
    before = len(story.slack.messages_to(PEER))
    ts = story.say(PEER, text, channel="D0CHI", channel_type="im", **more)
    story.say(PEER, text, channel="D0CHI", channel_type="im", ts=ts)
    story.deliver()
    [answer] = story.slack.messages_to(PEER)[before:]
    return answer


def test_a_direct_message_gets_one_line_of_help(peers: Story):
    for text in ("hello?", ":wave:", "Thank you, that was very kind!"):
        answer = log_capture(peers, text)
        assert "/ask" in answer.text
        assert "actions" not in json.dumps(answer.blocks)


@pytest.mark.parametrize(
    "text", ["help", "Help!", "  HELP ME. ", "*help*", "help？", "?"]
)
def test_a_direct_message_asking_for_help_gets_all_of_it(peers: Story, text: str):
    assert log_capture(peers, text).text == peers.command(PEER, "/ask", "help").body


QUESTIONS = (
    "Why does my build fail?",
    "My build fails &amp; I can't see why",
    "为什么构建失败？",
)


@pytest.mark.parametrize("text", QUESTIONS)
def test_a_question_in_a_direct_message_becomes_an_ask_in_one_click(
    peers: Story, text: str
):
    ts = peers.ts()
    answer = log_capture(peers, text, ts=ts)
    peers.slack.thread_messages["D0CHI", ts] = [{"ts": ts, "user": PEER, "text": text}]
    with peers.rt.read_session() as session:
        assert text not in str(session.scalars(select(OutboxItem.payload)).all())
    peers.click(PEER, *button(answer, "Ask your peers"), channel="D0CHI")
    view = peers.slack.views[-1][1]
    assert form_values(view)["title"] == text.replace("&amp;", "&")
    assert (
        peers.submit(PEER, view, form_values(view) | {"channel": HELP_CHANNEL}).body
        == ""
    )
    assert peers.only_ask().asker == PEER


@pytest.mark.parametrize(
    "messages",
    [
        [],
        [{"ts": "1772442000.000100", "user": ASKER, "text": "A great secret?"}],
        [{"ts": "1772442000.000200", "user": PEER, "text": "A great secret?"}],
    ],
)
def test_only_ones_own_text_is_filled_in(peers: Story, messages: list[dict[str, str]]):
    peers.slack.thread_messages["D0CHI", "1772442000.000100"] = messages
    peers.click(PEER, "ask_written", "1772442000.000100", channel="D0CHI")
    assert not form_values(peers.slack.views[-1][1])["title"]


def test_a_text_that_slack_does_not_return_leaves_the_form_empty(peers: Story):
    peers.slack.fail["conversations.replies"] = [
        Rejected("conversations.replies", "thread_not_found")
    ]
    peers.click(PEER, "ask_written", "1772442000.000100", channel="D0CHI")
    assert peers.slack.views[-1][1]["callback_id"] == "ask"


@pytest.mark.parametrize("value", ["", "x", "1", "1772442000.000100 OR 1"])
def test_a_forged_message_id_is_refused(peers: Story, value: str):
    peers.click(PEER, "ask_written", value, channel="D0CHI")
    assert peers.slack.views == []
    assert "conversations.replies" not in peers.slack.calls
