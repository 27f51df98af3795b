"""The asker has people asked at once, and asks wait for people on their Home tab."""

import json
from typing import Any

import pytest

from bot.workspace import channels
from models import AskRoute, HelpRequest
from tests.factories import Story
from tests.handlers.routing.conftest import (
    FRIDAY_AFTERNOON,
    MONDAY_NOON,
    QUESTION,
    Routing,
    on_sqlite,
)
from tests.slack_payloads import ASKER, HELP_CHANNEL, HELPER, PEER, user_object


def options(story: Story, ts: str, member: str = ASKER) -> str:
    story.message_shortcut(member, "ask_options", member, ts)
    return json.dumps(story.slack.views[-1][1])


def reply_to(story: Story) -> str:
    return str(story.slack.responses[-1])


def home(story: Story, member: str) -> str:
    opened = {"type": "app_home_opened", "user": member, "tab": "home", "channel": "D1"}
    assert story.event(opened) == 200
    story.advance(seconds=3)
    return json.dumps(story.slack.homes[member], ensure_ascii=False)


def ask_id(story: Story) -> str:
    """Return the id of the newest ask."""
    return str(story.asks()[-1].id)


@pytest.mark.deep
def test_the_asker_has_two_people_asked_at_once(routing: Routing, story: Story):
    routing.at(FRIDAY_AFTERNOON)
    ask = story.ask(QUESTION)
    routing.run()
    shown = options(story, ask.ts)
    assert "One peer has been there" in shown
    assert "Someone solved a similar ask on 2 Mar." in shown
    assert "Ben" not in shown
    story.click(ASKER, "route_now", ask_id(story))
    assert "I asked two people who may know." in reply_to(story)
    story.deliver()
    assert len(routing.requests(HELPER)) == len(routing.requests(PEER)) == 1
    # Pressed again.
    story.click(ASKER, "route_now", ask_id(story))
    assert "I asked two people who may know." in reply_to(story)
    assert "Ask them quietly" not in options(story, ask.ts)
    before = len(story.slack.messages)
    routing.at(MONDAY_NOON)
    assert len(story.slack.messages) == before


def test_if_nobody_can_be_asked_now_it_is_tried_again(routing: Routing, story: Story):
    # Friday at 20:00, when all are at home.
    routing.at(FRIDAY_AFTERNOON.replace(hour=18))
    ask = story.ask(QUESTION)
    routing.run()
    story.click(ASKER, "route_now", ask_id(story))
    assert "Nobody can be asked now. I'll try again during working hours." in (
        reply_to(story)
    )
    assert "Ask them quietly" not in options(story, ask.ts)
    # Monday at 9:01, long before the usual time.
    routing.at(MONDAY_NOON.replace(hour=7))
    assert routing.requests(HELPER)


def test_after_ask_the_offer_comes_alone_and_later_than_the_answer(
    routing: Routing, story: Story
):
    routing.at(FRIDAY_AFTERNOON)
    answer = story.command(ASKER, "/ask", QUESTION)
    assert "been there" not in str(answer.body)
    assert "One peer has been there" in reply_to(story)
    assert "Ask them quietly" in reply_to(story)


def test_without_a_similar_ask_nothing_is_offered_after_ask(
    routing: Routing, story: Story
):
    routing.at(FRIDAY_AFTERNOON)
    before = len(story.slack.responses)
    story.command(ASKER, "/ask", "Whom do I tell about the broken coffee machine?")
    assert len(story.slack.responses) == before


def test_others_get_no_offer(routing: Routing, story: Story):
    routing.at(FRIDAY_AFTERNOON)
    ask = story.ask(QUESTION)
    routing.run()
    assert "Ask them quietly" not in options(story, ask.ts, HELPER)
    story.click(HELPER, "route_now", ask_id(story))
    assert "I can't ask people about this now" in str(
        [story.slack.responses[-1], story.slack.ephemeral_messages[-1:]]
    )


def test_an_answered_ask_needs_nobody(routing: Routing, story: Story):
    routing.at(FRIDAY_AFTERNOON)
    ask = story.ask(QUESTION)
    story.say(PEER, "Run vpnctl renew.", thread_ts=ask.ts)
    routing.run()
    assert "Ask them quietly" not in options(story, ask.ts)


@pytest.mark.parametrize("button", ["request_help", "request_decline"])
@pytest.mark.deep
def test_a_request_waits_on_the_members_home_tab(
    routing: Routing, story: Story, button: str
):
    routing.at(FRIDAY_AFTERNOON)
    story.ask(QUESTION)
    story.click(ASKER, "route_now", ask_id(story))
    page = home(story, HELPER)
    assert "Waiting for you" in page
    assert "Ana asks in" in page
    assert "you solved" in page
    story.deliver()
    routing.press(HELPER, button)
    assert "Ana asks in" not in home(story, HELPER)
    assert "Ana asks in" in home(story, PEER)


def test_a_captured_ask_has_people_asked_only_if_its_author_wants(
    routing: Routing, story: Story
):
    routing.at(FRIDAY_AFTERNOON)
    with routing.write() as tx:
        channels.get_or_create(tx, HELP_CHANNEL).capture = "questions"
    story.say(ASKER, QUESTION)
    routing.at(MONDAY_NOON)
    assert not routing.requests(HELPER)
    story.click(ASKER, "route_now", ask_id(story))
    assert "I asked two people" in reply_to(story)
    story.deliver()
    assert routing.requests(HELPER)


@pytest.mark.deep
def test_home_lists_an_ask_once_with_its_request(routing: Routing, story: Story):
    story.slack.members_by_channel[HELP_CHANNEL] = [ASKER, HELPER, PEER]
    routing.at(FRIDAY_AFTERNOON)
    story.ask(QUESTION)
    home(story, HELPER)
    assert home(story, HELPER).count(QUESTION) == 1
    story.click(ASKER, "route_now", ask_id(story))
    story.deliver()
    page = home(story, HELPER)
    assert page.count(QUESTION) == 1
    assert "I can help" in page
    routing.press(HELPER, "request_decline")
    page = home(story, HELPER)
    assert page.count(QUESTION) == 1
    assert "I can help" not in page


def test_asks_whose_requests_find_no_room_in_home_stay_in_the_other_list(
    routing: Routing, story: Story
):
    routing.at(FRIDAY_AFTERNOON)
    story.slack.members_by_channel[HELP_CHANNEL] = [ASKER, HELPER, PEER]
    titles = [f"How do I renew certificate number {n}?" for n in range(7)]
    for title in titles:
        story.ask(title)
        with routing.write() as tx:
            tx.session.add(
                HelpRequest(
                    installation_id=tx.workspace.id,
                    ask_id=story.asks()[-1].id,
                    member=HELPER,
                    step=1,
                    reason="active",
                    requested_at=tx.now,
                )
            )
    home(story, HELPER)
    page = home(story, HELPER)
    assert [page.count(title) for title in titles] == [1] * 7
    assert page.count("I ask you because") == 5
    assert "and 2 more" in page


@on_sqlite
def test_the_asker_learns_when_people_are_asked_later(routing: Routing, story: Story):
    routing.at(FRIDAY_AFTERNOON.replace(hour=18))
    story.ask(QUESTION)
    routing.run()
    story.click(ASKER, "route_now", ask_id(story))
    assert "Nobody can be asked now." in reply_to(story)
    routing.at(MONDAY_NOON.replace(hour=7))
    assert "I asked two people who may know." in routing.messages(ASKER)[-1].text


@on_sqlite
def test_where_all_steps_are_over_nothing_is_promised(routing: Routing, story: Story):
    """An ask from before the bot's update, whose message still has the button."""
    routing.at(FRIDAY_AFTERNOON)
    story.ask(QUESTION)
    routing.run()
    with routing.write() as tx:
        tx.session.get_one(AskRoute, int(ask_id(story))).next_step = 5
    story.click(ASKER, "route_now", ask_id(story))
    assert "I can't ask people about this now" in reply_to(story)


@on_sqlite
@pytest.mark.parametrize("change", [{"team_id": "T0OTHER"}, {"deleted": True}])
def test_who_is_a_member_no_longer_has_nobody_asked(
    routing: Routing, story: Story, change: dict[str, Any]
):
    routing.at(FRIDAY_AFTERNOON)
    story.ask(QUESTION)
    routing.run()
    story.slack.people[ASKER] = user_object(ASKER, "Ana", **change)
    event = {"type": "user_change", "user": story.slack.people[ASKER]}
    assert story.event(event) == 200
    story.click(ASKER, "route_now", ask_id(story))
    story.deliver()
    assert not routing.requests(HELPER)
