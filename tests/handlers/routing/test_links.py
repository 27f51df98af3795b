"""A link to an ask in another channel, as its asker wishes."""

from datetime import timedelta
from typing import Any

import pytest

from bot.slack.api import Rejected
from bot.workspace import channels
from tests.factories import Story
from tests.handlers.routing.conftest import (
    FRIDAY_AFTERNOON,
    QUESTION,
    Routing,
    on_sqlite,
)
from tests.handlers.test_erasure import forget
from tests.private_channel import DEN
from tests.slack_payloads import (
    ASKER,
    BOT,
    HELP_CHANNEL,
    HELPER,
    PEER,
    conversation_object,
    form_errors,
)

pytestmark = pytest.mark.deep

OPS = "C0OPS"


def add_channel(story: Story, slack_id: str, name: str, **more: Any) -> None:
    story.slack.channels[slack_id] = conversation_object(slack_id, name, **more)
    story.slack.members_by_channel[slack_id] = [ASKER, HELPER, PEER]
    came = {"type": "member_joined_channel", "user": BOT, "channel": slack_id}
    assert story.event({**came, "inviter": ASKER}) == 200


@pytest.fixture
def unanswered(routing: Routing, story: Story) -> Routing:
    """Ana has been offered help with an ask of five days ago."""
    add_channel(story, OPS, "ops")
    routing.at(FRIDAY_AFTERNOON)
    story.ask(QUESTION)
    for hours in range(3, 24 * 6, 3):
        routing.at(FRIDAY_AFTERNOON + timedelta(hours=hours))
    return routing


def ask_id(story: Story) -> int:
    return int(story.asks()[-1].id)


def open_form(story: Story) -> dict[str, Any]:
    story.click(ASKER, "route_elsewhere", str(ask_id(story)))
    view: dict[str, Any] = story.slack.views[-1][1]
    return view


def post(routing: Routing, channel: str = OPS) -> Any:
    view = open_form(routing.story)
    answer = routing.story.submit(ASKER, view, {"channel": channel})
    routing.story.deliver()
    return answer


def convert(story: Story, to: str) -> None:
    """The ask's channel turns "private" or "public"."""
    kind = {"type": "message", "subtype": f"channel_convert_to_{to}"}
    ts = story.ts()
    where = {"channel": HELP_CHANNEL, "user": ASKER, "ts": ts, "event_ts": ts}
    assert story.event({**kind, **where, "text": "x"}) == 200
    story.deliver()


def test_a_link_is_posted_once_and_follows_the_title(unanswered: Routing, story: Story):
    last = unanswered.messages(ASKER)[-1]
    assert "Ask in another channel" in str(last.blocks)
    assert post(unanswered).body == ""
    [link] = story.slack.messages_to(OPS)
    assert link.text == "Ana asks in #help: “How do I renew the VPN certificate?”"
    assert (story.asks()[-1].ts or "x").replace(".", "") in str(link.blocks)
    again = post(unanswered)
    assert form_errors(again)["channel"] == "A link to it is there already."
    story.click(ASKER, "ask_menu", option=f"edit:{ask_id(story)}")
    story.submit(ASKER, story.slack.views[-1][1], {"title": "How do I renew it?"})
    story.deliver()
    [link] = story.slack.messages_to(OPS)
    assert "How do I renew it?" in str(link.blocks)
    assert "certificate" not in str(link.blocks)


def test_the_link_goes_with_the_ask(unanswered: Routing, story: Story):
    post(unanswered)
    story.click(ASKER, "ask_menu", option=f"delete:{ask_id(story)}")
    story.submit(ASKER, story.slack.views[-1][1], {})
    story.deliver()
    assert not story.slack.messages_to(OPS)


def test_the_link_goes_when_the_asker_is_forgotten(unanswered: Routing, story: Story):
    post(unanswered)
    forget(story, ASKER)
    story.deliver()
    assert "Ana" not in str(story.slack.messages_to(OPS))
    assert "VPN" not in str(story.slack.messages_to(OPS))


@pytest.mark.deep_on_postgresql
def test_the_link_goes_when_the_channel_turns_private(
    unanswered: Routing, story: Story
):
    post(unanswered)
    story.slack.channels[HELP_CHANNEL] = conversation_object(
        HELP_CHANNEL, "help", is_private=True
    )
    with unanswered.write() as tx:
        channel = channels.get_or_create(tx, HELP_CHANNEL)
        channel.is_private = True
        tx.features.on_channel_restricted(tx, channel)
    story.deliver()
    assert not story.slack.messages_to(OPS)


def test_a_link_that_could_not_be_posted_can_be_posted_later(
    unanswered: Routing, story: Story
):
    assert story.submit(ASKER, open_form(story), {"channel": OPS}).body == ""
    convert(story, "private")
    assert not story.slack.messages_to(OPS)
    convert(story, "public")
    assert post(unanswered).body == ""
    assert len(story.slack.messages_to(OPS)) == 1


@pytest.mark.deep_on_postgresql
def test_a_link_that_a_person_deleted_can_be_posted_again(
    unanswered: Routing, story: Story
):
    for author in (BOT, None):
        assert post(unanswered).body == ""
        [link] = story.slack.messages_to(OPS)
        story.slack.messages.remove(link)
        ts = story.ts()
        deleted = {"type": "message", "subtype": "message_deleted", "channel": OPS}
        previous = {"type": "message", "user": author, "ts": link.ts, "text": "x"}
        times = {"ts": ts, "event_ts": ts, "deleted_ts": link.ts}
        event = {**deleted, **times, "previous_message": author and previous}
        assert story.event(event) == 200
    assert post(unanswered).body == ""


def test_the_link_goes_once_the_bot_is_back_in_the_channel(
    unanswered: Routing, story: Story
):
    """The bot was out of the other channel when the ask's own one turned private."""
    post(unanswered)
    assert story.event({"type": "channel_left", "channel": OPS}) == 200
    story.slack.fail["chat.delete"] = [Rejected("chat.delete", "channel_not_found")]
    convert(story, "private")
    assert story.slack.messages_to(OPS)
    back = {"type": "member_joined_channel", "user": BOT, "channel": OPS}
    assert story.event(back) == 200
    story.deliver()
    assert not story.slack.messages_to(OPS)


@pytest.mark.parametrize(
    ("channel", "error"),
    [
        (HELP_CHANNEL, "It was asked there. Choose another channel."),
        ("C0NOWHERE", "not in that channel"),
        ("", "Choose a channel."),
    ],
)
def test_other_channels_are_refused(
    unanswered: Routing, story: Story, channel: str, error: str
):
    assert error in form_errors(post(unanswered, channel))["channel"]


def test_a_private_ask_is_not_linked_elsewhere(unanswered: Routing, story: Story):
    add_channel(story, DEN, "den", is_private=True)
    with unanswered.write() as tx:
        channels.get_or_create(tx, DEN).routes_asks = True
    story.command(ASKER, "/ask", "How do I hide it?", channel=DEN)
    story.deliver()
    error = form_errors(post(unanswered))["channel"]
    assert error.startswith("Not everyone there can see this ask")


def test_an_answered_ask_is_not_linked(unanswered: Routing, story: Story):
    view = open_form(story)
    story.say(PEER, "So.", thread_ts=story.asks()[-1].ts)
    answer = story.submit(ASKER, view, {"channel": OPS})
    story.deliver()
    assert "It already has an answer." in str(answer.body)
    assert not story.slack.messages_to(OPS)


@on_sqlite
def test_no_link_goes_where_the_asker_may_not_ask(unanswered: Routing, story: Story):
    add_channel(story, DEN, "den", is_private=True)
    story.slack.members_by_channel[DEN] = [PEER]
    error = form_errors(post(unanswered, DEN))["channel"]
    assert error == "That's a private channel, and you're not in it."
    assert not story.slack.messages_to(DEN)


@pytest.mark.deep_on_postgresql
def test_the_asker_learns_that_a_link_was_not_posted(unanswered: Routing, story: Story):
    method = "chat.postMessage"
    story.slack.fail[method] = [Rejected(method, "restricted_action")]
    assert post(unanswered).body == ""
    assert not story.slack.messages_to(OPS)
    told = unanswered.messages(ASKER)[-1].text
    assert "I couldn't post a link to “How do I renew the VPN certificate?”" in told
    assert "in #ops" in told
    # They can try it again.
    assert post(unanswered).body == ""
    assert len(story.slack.messages_to(OPS)) == 1


@on_sqlite
@pytest.mark.parametrize("member", [HELPER, PEER])
@pytest.mark.each_parameter
def test_only_the_asker_posts_a_link(unanswered: Routing, story: Story, member: str):
    view = open_form(story)
    answer = story.submit(member, view, {"channel": OPS})
    story.deliver()
    assert "Only the person who asked can do that." in str(answer.body)
    assert not story.slack.messages_to(OPS)
