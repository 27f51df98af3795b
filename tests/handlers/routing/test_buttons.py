"""The buttons of a request, whoever presses them, whenever, and how often."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from bot.errors import UserError
from bot.routing import refusals, requests
from bot.workspace import channels, member_settings
from models import Ask, Reaction
from tests.checkins import visible_text
from tests.factories import Story
from tests.handlers.routing.conftest import QUESTION, Routing, on_sqlite
from tests.outsiders import INVALID_IDS
from tests.rows import all_rows
from tests.slack_payloads import (
    ADMIN,
    ASKER,
    GUEST,
    HELP_CHANNEL,
    HELPER,
    PEER,
    button,
    user_object,
)
from tests.two_workspaces import install

pytestmark = pytest.mark.deep

BUTTONS = (
    *("request_help", "request_decline", "request_never"),
    *("request_refuse_channel", "request_refuse_topic_0"),
)


@pytest.fixture
def asked(routing: Routing, story: Story) -> Story:
    """Ben and Chi are asked about Ana's ask."""
    routing.advance(days=7)
    story.ask(QUESTION)
    routing.advance(hours=5)
    assert routing.asked() == [(1, HELPER), (1, PEER)]
    return story


def press(story: Story, member: str, name: str) -> None:
    """Press a button of the member's last message."""
    story.click(member, *button(story.slack.messages_to(member)[-1], name))
    story.deliver()


def value_of(routing: Routing, member: str, action: str) -> str:
    request_id = routing.request(member).id
    return f"{request_id}:0" if "topic" in action else str(request_id)


def helpers(story: Story) -> set[str]:
    with story.rt.read_session() as session:
        return {
            *session.scalars(
                select(Reaction.member).filter_by(
                    ask_id=story.asks()[-1].id, meaning="looking", is_present=True
                )
            )
        }


def test_i_can_help_names_the_member_and_only_them(asked: Story, routing: Routing):
    press(asked, PEER, "I can help")
    assert helpers(asked) == {PEER}
    mine = asked.slack.messages_to(PEER)[-1]
    assert "Ana sees that you're looking into" in mine.text
    post = asked.slack.messages_to(HELP_CHANNEL)[-1]
    assert "Chi" in visible_text(post)
    assert "Ben" not in visible_text(post)
    # Ben's request stays, and it is held for eight working hours.
    assert len(routing.requests(HELPER)) == 1
    before = len(routing.steps())
    routing.advance(hours=5)
    assert len(routing.steps()) == before


def test_a_button_that_is_pressed_again_changes_nothing(asked: Story, routing: Routing):
    value = value_of(routing, PEER, "help")
    counts = [len(asked.slack.messages_to(member)) for member in (HELPER, PEER)]
    for _ in range(3):
        asked.click(PEER, "request_help", value)
        asked.advance(seconds=5)
        assert helpers(asked) == {PEER}
        assert routing.request(PEER).outcome == "helping"
    for _ in range(3):
        asked.click(HELPER, "request_decline", value_of(routing, HELPER, "decline"))
        asked.advance(seconds=5)
        assert routing.request(HELPER).outcome == "declined"
    assert [len(asked.slack.messages_to(m)) for m in (HELPER, PEER)] == counts


@pytest.mark.parametrize("is_help_first", [True, False])
def test_help_wins_over_not_me(asked: Story, routing: Routing, *, is_help_first: bool):
    actions = ["request_help", "request_decline"]
    for action in actions if is_help_first else reversed(actions):
        asked.click(PEER, action, value_of(routing, PEER, action))
        asked.advance(seconds=5)
    assert helpers(asked) == {PEER}
    assert routing.request(PEER).outcome == "helping"


def test_a_refusal_is_seen_by_nobody(asked: Story, routing: Routing):
    def seen_by_others() -> str:
        slack = asked.slack
        messages = [m for m in slack.messages if m.channel != PEER]
        homes = {member: view for member, view in slack.homes.items() if member != PEER}
        return json.dumps(
            [*([m.text, m.blocks, m.updates] for m in messages), homes], default=str
        )

    before, count = seen_by_others(), len(asked.slack.messages)
    press(asked, PEER, "Not me")
    assert "Nobody learns that you can't help" in asked.slack.messages_to(PEER)[-1].text
    press(asked, PEER, "Never from #help")
    asked.advance(hours=1)
    assert seen_by_others() == before
    assert len(asked.slack.messages) == count
    # They are not asked from there again; before the refusal they would have been.
    routing.advance(days=9)
    asked.ask("How do I renew the other VPN certificate?")
    routing.advance(hours=20)
    assert routing.asked()[0] == (1, HELPER)
    assert PEER not in {member for _, member in routing.asked()}


def test_never_ask_me(asked: Story, routing: Routing):
    press(asked, PEER, "Never ask me")
    with routing.write() as tx:
        assert member_settings.get(tx, PEER).max_requests_per_week == 0
    assert routing.request(PEER).outcome == "declined"
    routing.advance(days=9)
    asked.ask("How do I renew the other VPN certificate?")
    routing.advance(hours=20)
    assert PEER not in {member for _, member in routing.asked()}


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_nobody_presses_the_buttons_of_others(asked: Story, routing: Routing):
    before = all_rows(asked)
    for member in (ASKER, HELPER, ADMIN, GUEST, "U0NOBODY"):
        for action in BUTTONS:
            asked.click(member, action, value_of(routing, PEER, action))
            asked.deliver()
            assert all_rows(asked) == before, (member, action)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_forged_values_have_no_effect(asked: Story, routing: Routing):
    before = all_rows(asked)
    mine = str(routing.request(PEER).id)
    ends = (f"{mine}:", f"{mine}:x", f"{mine}:-1", f"{mine}:9")
    for action in BUTTONS:
        is_topic = "topic" in action
        numbers = [f"{n}:0" for n in INVALID_IDS] + [*ends] if is_topic else INVALID_IDS
        for value in numbers:
            asked.click(PEER, action, value)
        asked.deliver()
        assert all_rows(asked) == before, action


End = Callable[[Story], object]


def answered(story: Story) -> None:
    story.say(ADMIN, "Run vpnctl renew.", thread_ts=story.asks()[-1].ts)


def closed(story: Story) -> None:
    story.click(ASKER, "ask_menu", option=f"close:{story.asks()[-1].id}")


def deleted(story: Story) -> None:
    story.click(ASKER, "ask_menu", option=f"delete:{story.asks()[-1].id}")
    assert story.submit(ASKER, story.slack.views[-1][1], {}).status == 200


def archived(story: Story) -> None:
    story.slack.channels[HELP_CHANNEL] |= {"is_archived": True, "is_member": False}
    event = {"type": "channel_archive", "channel": HELP_CHANNEL, "user": ADMIN}
    assert story.event(event) == 200


def private(story: Story) -> None:
    story.slack.channels[HELP_CHANNEL] |= {"is_private": True}
    story.slack.members_by_channel[HELP_CHANNEL] = [ASKER, HELPER]
    event = {"type": "channel_converted_to_private", "channel": HELP_CHANNEL}
    story.event(event)
    with story.rt.write(story.workspace) as tx:
        channels.upsert_from_slack(tx, story.slack.channels[HELP_CHANNEL])


@pytest.mark.parametrize("end", [answered, closed, deleted, archived, private])
@pytest.mark.parametrize("is_updated", [True, False])
def test_buttons_of_an_ask_that_no_longer_waits(
    asked: Story, routing: Routing, end: End, *, is_updated: bool
):
    """The message may still have its buttons, as in a window that was left open."""
    value = value_of(routing, PEER, "help")
    end(asked)
    if is_updated:
        routing.run()
    asked.click(PEER, "request_help", value)
    routing.run()
    assert helpers(asked) == set()
    assert routing.request(PEER).outcome != "helping"
    asked.click(PEER, "request_decline", value)
    asked.click(HELPER, "request_decline", value_of(routing, HELPER, "decline"))
    routing.run()
    assert routing.request(HELPER).outcome in {"declined", "over"}
    for member in (HELPER, PEER):
        assert "went wrong" not in str(asked.slack.responses)
        if end in {answered, closed, deleted}:
            assert "I can help" not in visible_text(asked.slack.messages_to(member)[-1])


@pytest.mark.parametrize(
    "change",
    [{"deleted": True}, {"is_restricted": True}, {"team_id": "T0OTHER"}],
    ids=["left", "guest", "external"],
)
def test_the_buttons_of_someone_who_lost_their_place(
    asked: Story, routing: Routing, change: dict[str, Any]
):
    asked.slack.people[PEER] = user_object(PEER, **change)
    event = {"type": "user_change", "user": asked.slack.people[PEER]}
    assert asked.event(event) == 200
    for action in BUTTONS:
        asked.click(PEER, action, value_of(routing, PEER, action))
        asked.deliver()
    assert "went wrong" not in str(asked.slack.responses)
    if "deleted" in change:
        assert helpers(asked) == set()
    routing.advance(days=9)
    asked.ask("How do I renew the other VPN certificate?")
    routing.advance(hours=20)
    assert PEER not in {member for _, member in routing.asked()}


def test_the_askers_buttons_are_theirs(asked: Story, routing: Routing):
    ask_id = asked.asks()[-1].id
    routing.advance(days=5)
    for hours in range(24):
        routing.advance(hours=1 if hours else 0)
    for member in (HELPER, PEER, GUEST):
        for action in ("route_edit", "route_close"):
            asked.click(member, action, str(ask_id))
            asked.deliver()
    assert asked.asks()[-1].state == "open"
    assert not any(view["callback_id"] == "edit_ask" for _, view in asked.slack.views)


def test_requests_of_two_workspaces_do_not_mix(asked: Story, routing: Routing):
    """A request's id is of no use to the same person of another workspace."""
    other = install(asked.rt, "T0OTHER")
    value = value_of(routing, PEER, "help")
    with asked.rt.write(other) as tx, pytest.raises(UserError):
        requests.get(tx, int(value), PEER)


@on_sqlite
def test_who_offers_help_after_all_reads_that_it_is_too_late(
    asked: Story, routing: Routing
):
    press(asked, PEER, "Not me")
    value = value_of(routing, PEER, "help")
    answered(asked)
    routing.run()
    asked.click(PEER, "request_help", value)
    asked.advance(seconds=3)
    mine = asked.slack.messages_to(PEER)[-1]
    assert "Answered meanwhile, thank you" in mine.text
    assert "I can help after all" not in visible_text(mine)
    assert helpers(asked) == set()


def set_topics(story: Story, topics: list[str]) -> None:
    with story.rt.write(story.workspace) as tx:
        tx.session.get_one(Ask, story.asks()[-1].id).topics = topics


def refused_topics(story: Story) -> tuple[str, ...]:
    with story.rt.write(story.workspace) as tx:
        return member_settings.get(tx, PEER).topics_refused


@on_sqlite
def test_a_button_refuses_the_topic_that_it_names(asked: Story, routing: Routing):
    set_topics(asked, ["vpn", "wifi"])
    press(asked, PEER, "Not me")
    shown = asked.slack.messages_to(PEER)[-1]
    # Ana edits the topics meanwhile.
    set_topics(asked, ["laptops", "vpn"])
    asked.click(PEER, *button(shown, "Never about vpn"))
    assert refused_topics(asked) == ("vpn",)
    asked.click(PEER, *button(shown, "Never about wifi"))
    assert refused_topics(asked) == ("vpn",)
    assert "no longer has this topic" in str(asked.slack.responses[-1])


@on_sqlite
def test_nobody_refuses_more_than_their_settings_can_show(
    asked: Story, routing: Routing
):
    full = [f"topic {number}" for number in range(50)]
    with routing.write() as tx:
        member_settings.update(tx, PEER, topics_refused=full)
        channel = channels.get_or_create(tx, "C0LONG")
        channel.name = "x" * 990
        refusals.refuse_channel(tx, channel, PEER)
    set_topics(asked, ["vpn"])
    press(asked, PEER, "Not me")
    shown = asked.slack.messages_to(PEER)[-1]
    with routing.write() as tx:
        channels.get_or_create(tx, HELP_CHANNEL).name = "help-me-please"
    for name in ("Never about vpn", "Never from #help"):
        asked.click(PEER, *button(shown, name))
        assert "Remove some in My settings first." in str(asked.slack.responses[-1])
    assert refused_topics(asked) == tuple(full)


@on_sqlite
def test_a_mark_that_is_taken_back_takes_its_thanks_back(
    asked: Story, routing: Routing
):
    answer = asked.say(PEER, "Run vpnctl.", thread_ts=asked.asks()[-1].ts)
    asked.react(ASKER, answer, "heart")
    asked.advance(minutes=2)
    [request] = [
        m for m in asked.slack.messages_to(PEER) if "I had asked you" in m.text
    ]
    asked.unreact(ASKER, answer, "heart")
    asked.advance(minutes=2)
    assert "helped" not in request.text
    assert "Thank you for looking" in request.text
