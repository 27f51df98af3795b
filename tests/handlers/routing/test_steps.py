"""An ask that nobody answers: the people who are asked, and when."""

from datetime import timedelta

from tests.checkins import visible_text
from tests.factories import Story
from tests.handlers.routing.conftest import (
    FRIDAY_AFTERNOON,
    MONDAY_NOON,
    QUESTION,
    Routing,
)
from tests.slack_payloads import ASKER, HELPER, PEER

DAY = timedelta(days=1)


def test_two_people_are_asked_on_monday_about_an_ask_of_friday_afternoon(
    routing: Routing, story: Story
):
    routing.at(FRIDAY_AFTERNOON)
    story.ask(QUESTION)
    routing.run()
    for hours in range(1, 67):
        routing.at(FRIDAY_AFTERNOON + timedelta(hours=hours))
        assert not routing.requests(HELPER), hours
    routing.at(MONDAY_NOON)
    [to_ben], [to_chi] = routing.requests(HELPER), routing.requests(PEER)
    assert (
        "Ana asks in #help: “How do I renew the VPN certificate?” Nobody has answered"
        " yet. I ask you because you solved “How can I renew the VPN certificate on"
        " Linux?” on 2 Mar." in to_ben.text
    )
    assert "you have answered peers lately" in to_chi.text
    notice = routing.messages(ASKER)[-1]
    assert "I asked two people who may know." in notice.text
    for name in ("Ben", "Chi"):
        assert name not in visible_text(notice)


def test_when_someone_answers_the_others_message_says_so(
    routing: Routing, story: Story
):
    routing.at(FRIDAY_AFTERNOON)
    ask = story.ask(QUESTION)
    routing.run()
    routing.at(MONDAY_NOON)
    story.say(PEER, "Run vpnctl renew.", thread_ts=ask.ts)
    routing.run()
    assert "Answered meanwhile, thank you" in routing.messages(HELPER)[-1].text
    assert "Thank you for looking" in routing.messages(PEER)[-1].text
    before = len(story.slack.messages)
    routing.at(MONDAY_NOON + 5 * DAY)
    assert len(story.slack.messages) == before


def test_messages_about_an_answered_ask_are_updated_once(
    routing: Routing, story: Story
):
    routing.at(FRIDAY_AFTERNOON)
    ask = story.ask(QUESTION)
    routing.run()
    routing.at(MONDAY_NOON)
    story.say(PEER, "Run vpnctl renew.", thread_ts=ask.ts)
    routing.run()
    before = story.slack.calls.count("chat.update")
    for _ in range(3):
        routing.advance(minutes=1)
    assert story.slack.calls.count("chat.update") == before
