"""The asker's own open asks on their Home tab, and after the form to ask."""

import json
from typing import Any

import pytest

from bot.slack.api import Rejected
from tests.ask_forms import elements
from tests.factories import Story
from tests.handlers.routing.conftest import (
    FRIDAY_AFTERNOON,
    MONDAY_NOON,
    QUESTION,
    Routing,
)
from tests.handlers.routing.test_ask_now import ask_id, home
from tests.slack_payloads import ASKER, HELP_CHANNEL, HELPER, PEER, form_values

pytestmark = pytest.mark.deep

ASK_NOW = "Ask someone now"
IN_HOME = {"type": "home", "private_metadata": "", "blocks": []}


def ask(routing: Routing, title: str = QUESTION) -> str:
    routing.at(FRIDAY_AFTERNOON)
    message = routing.story.ask(title)
    routing.run()
    return message.ts


def press_in_home(story: Story, member: str = ASKER) -> None:
    story.click(member, "route_now", ask_id(story), view=IN_HOME)
    story.deliver()


def labels(page: str) -> list[str]:
    """Return the text of each button for a screen reader."""
    return [
        element["accessibility_label"]
        for block in json.loads(page)["blocks"]
        for element in block.get("elements", [])
        if element.get("action_id") == "route_now"
    ]


def test_home_offers_to_ask_somebody_now_and_then_says_how_many_were_asked(
    routing: Routing, story: Story
):
    ask(routing)
    assert labels(home(story, ASKER)) == [f"{ASK_NOW}: “{QUESTION}”"]
    press_in_home(story)
    page = json.dumps(story.slack.homes[ASKER], ensure_ascii=False)
    assert "I asked two people who may know." in page
    assert ASK_NOW not in page
    assert len(routing.requests(HELPER)) == len(routing.requests(PEER)) == 1
    for name in ("Ben", "Chi"):
        assert name not in page.partition("Your answers")[0].partition("open asks")[2]


def test_home_says_when_nobody_can_be_asked_yet(routing: Routing, story: Story):
    routing.at(FRIDAY_AFTERNOON.replace(hour=18))
    story.ask(QUESTION)
    home(story, ASKER)
    press_in_home(story)
    page = home(story, ASKER)
    assert "Nobody can be asked now. I'll try again during working hours." in page
    assert ASK_NOW not in page
    routing.at(MONDAY_NOON.replace(hour=7))
    assert "I asked two people who may know." in home(story, ASKER)


def test_home_follows_the_steps(routing: Routing, story: Story):
    ts = ask(routing)
    home(story, ASKER)
    routing.at(MONDAY_NOON)
    story.advance(seconds=5)
    page = json.dumps(story.slack.homes[ASKER], ensure_ascii=False)
    assert "I asked two people who may know." in page
    assert ASK_NOW not in page
    story.say(PEER, "Run vpnctl renew.", thread_ts=ts)
    assert "I asked" not in home(story, ASKER)


def test_home_offers_nothing_where_asks_are_not_routed(routing: Routing, story: Story):
    story.set_up_channel(routes_asks="off")
    ask(routing)
    page = home(story, ASKER)
    assert "How do I renew" in page
    assert ASK_NOW not in page
    press_in_home(story)
    assert not routing.requests(HELPER)
    assert "I can't ask people about this now" in json.dumps(story.slack.views[-1][1])


def test_home_offers_nothing_beside_others_asks(routing: Routing, story: Story):
    ask(routing)
    assert ASK_NOW not in home(story, HELPER)


# After the form


def submit_form(story: Story, title: str) -> Any:
    story.command(ASKER, "/ask")
    view = story.slack.views[-1][1]
    assert "title" in elements(view)
    return story.submit(
        ASKER, view, form_values(view) | {"title": title, "channel": HELP_CHANNEL}
    )


def test_after_the_form_only_the_asker_sees_the_offer(routing: Routing, story: Story):
    routing.at(FRIDAY_AFTERNOON)
    answer = submit_form(story, QUESTION)
    assert answer.body == ""
    [shown] = story.slack.ephemeral_messages
    assert (shown.channel, shown.visible_to) == (HELP_CHANNEL, ASKER)
    assert "One peer has been there" in shown.text
    story.deliver()
    story.click(ASKER, "route_now", ask_id(story))
    story.deliver()
    assert len(routing.requests(HELPER)) == 1


def test_after_the_form_nothing_is_offered_without_a_similar_ask(
    routing: Routing, story: Story
):
    routing.at(FRIDAY_AFTERNOON)
    assert submit_form(story, "Where do I leave the broken cup?").body == ""
    assert story.slack.ephemeral_messages == []


@pytest.mark.deep_on_postgresql
def test_if_slack_can_not_show_the_offer_the_ask_is_posted(
    routing: Routing, story: Story
):
    routing.at(FRIDAY_AFTERNOON)
    story.slack.fail["chat.postEphemeral"] = [
        Rejected("chat.postEphemeral", "user_not_in_channel")
    ]
    assert submit_form(story, QUESTION).body == ""
    story.deliver()
    assert QUESTION in story.slack.messages_to(HELP_CHANNEL)[-1].text
    assert story.slack.ephemeral_messages == []
