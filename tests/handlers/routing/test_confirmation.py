"""Messages that became asks: people are asked only if their authors ask."""

import json
from datetime import timedelta

import pytest

from bot.workspace import channels
from tests.checkins import visible_text
from tests.factories import Story
from tests.fakes import PostedMessage
from tests.handlers.routing.conftest import (
    FRIDAY_AFTERNOON,
    MONDAY_NOON,
    QUESTION,
    Routing,
)
from tests.handlers.routing.test_ask_now import ask_id
from tests.slack_payloads import (
    ADMIN,
    ASKER,
    CHAMPION,
    GUEST,
    HELP_CHANNEL,
    HELPER,
    PEER,
)

pytestmark = pytest.mark.deep

OFFER = "shall I ask people who may know"


@pytest.fixture
def championed(routing: Routing, story: Story) -> Routing:
    assert story.set_up_channel(champions=[CHAMPION]).body == ""
    routing.at(FRIDAY_AFTERNOON)
    return routing


def capture(routing: Routing) -> None:
    with routing.write() as tx:
        channels.get_or_create(tx, HELP_CHANNEL).capture = "questions"


def convert(story: Story, by: str, ts: str | None = None) -> str:
    """Make Ana's message an ask, and return its ts."""
    ts = ts or story.say(ASKER, QUESTION)
    story.message_shortcut(by, "make_ask", ASKER, ts, QUESTION)
    story.deliver()
    return ts


def note(routing: Routing) -> PostedMessage:
    """Return the message about it to the author."""
    return next(
        message
        for message in routing.messages(ASKER)
        if "made your message" in message.text or "listed your" in message.text
    )


def test_a_champions_choice_asks_nobody_until_the_author_says_yes(
    championed: Routing, story: Story
):
    convert(story, CHAMPION)
    assert OFFER in json.dumps(note(championed).blocks)
    championed.at(MONDAY_NOON)
    assert not championed.requests(HELPER)
    championed.press(ASKER, "route_confirm")
    assert "If nobody answers" in story.slack.replaced_texts[-1]
    championed.run()
    assert championed.requests(HELPER)


def test_a_yes_in_time_has_people_asked_when_it_is_due(
    championed: Routing, story: Story
):
    convert(story, CHAMPION)
    championed.press(ASKER, "route_confirm")
    championed.press(ASKER, "route_confirm")
    championed.run()
    assert not championed.requests(HELPER)
    championed.at(MONDAY_NOON)
    assert len(championed.requests(HELPER)) == 1


def test_an_author_who_makes_it_an_ask_has_said_so(championed: Routing, story: Story):
    convert(story, ASKER)
    championed.at(MONDAY_NOON)
    assert championed.requests(HELPER)


@pytest.mark.parametrize("member", [HELPER, PEER, CHAMPION, ADMIN, GUEST])
@pytest.mark.each_parameter
def test_nobody_else_says_yes(championed: Routing, story: Story, member: str):
    convert(story, CHAMPION)
    story.click(member, "route_confirm", ask_id(story))
    championed.at(MONDAY_NOON)
    assert not championed.requests(HELPER)


def test_where_nobody_is_asked_there_is_no_question(championed: Routing, story: Story):
    assert story.set_up_channel(routes_asks="off").body == ""
    convert(story, CHAMPION)
    assert OFFER not in json.dumps(note(championed).blocks)
    story.click(ASKER, "route_confirm", ask_id(story))
    assert "I can't ask people about this now" in str(story.slack.responses[-1])


def test_the_author_of_a_captured_question_makes_it_an_ask(
    championed: Routing, story: Story
):
    capture(championed)
    ts = story.say(ASKER, QUESTION)
    championed.at(MONDAY_NOON)
    assert not championed.requests(HELPER)
    # A champion can't speak for them.
    convert(story, CHAMPION, ts)
    championed.run()
    assert not championed.requests(HELPER)
    assert "already an ask" in str(story.slack.responses[-1])
    convert(story, ASKER, ts)
    assert "now an ask" in str(story.slack.responses[-1])
    championed.run()
    assert len(championed.requests(HELPER)) == 1
    convert(story, ASKER, ts)
    assert "already an ask" in str(story.slack.responses[-1])


@pytest.mark.deep_on_postgresql
def test_a_first_question_that_is_captured_comes_with_the_question(
    championed: Routing, story: Story
):
    capture(championed)
    story.say(HELPER, QUESTION)
    story.deliver()
    [message] = [m for m in championed.messages(HELPER) if "listed your" in m.text]
    assert OFFER in json.dumps(message.blocks)
    championed.press(HELPER, "route_confirm")
    championed.at(MONDAY_NOON)
    assert championed.requests(PEER)


@pytest.mark.parametrize(("by", "is_asked"), [(ASKER, True), (CHAMPION, False)])
def test_an_author_who_says_that_it_is_no_ask_is_believed_until_they_undo_it(
    championed: Routing, story: Story, by: str, is_asked: bool
):
    convert(story, ASKER)
    story.click(ASKER, "option_delete", ask_id(story))
    story.click(by, "ask_restore", ask_id(story))
    story.deliver()
    assert story.asks()[-1].deleted_at is None
    championed.at(MONDAY_NOON)
    assert bool(championed.requests(HELPER)) == is_asked


def test_a_champion_who_makes_it_an_ask_again_does_not_ask_for_the_author(
    championed: Routing, story: Story
):
    ts = convert(story, ASKER)
    story.click(ASKER, "option_delete", ask_id(story))
    convert(story, CHAMPION, ts)
    assert story.asks()[-1].deleted_at is None
    championed.at(MONDAY_NOON)
    assert not championed.requests(HELPER)


def test_an_author_edits_their_message_to_make_it_clearer(
    championed: Routing, story: Story
):
    convert(story, ASKER)
    championed.watch(until=MONDAY_NOON + timedelta(days=4))
    notice = championed.messages(ASKER)[-1]
    assert "Nobody has answered" in notice.text
    assert "Edit your message and the ask will follow." in visible_text(notice)
    assert "Close it" in visible_text(notice)
    assert "Make it clearer" not in visible_text(notice)


def test_an_answered_ask_needs_no_yes(championed: Routing, story: Story):
    ts = convert(story, CHAMPION)
    story.say(PEER, "Run vpnctl renew.", thread_ts=ts)
    story.click(ASKER, "route_confirm", ask_id(story))
    assert "I can't ask people about this now" in str(story.slack.responses[-1])
