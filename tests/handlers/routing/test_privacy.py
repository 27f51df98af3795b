"""Nobody learns who was asked, and a request tells only what its reader may see."""

import json
import logging
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

import jobs
from bot.exports import service as exports
from bot.privacy import service as privacy
from bot.slack.api import NotSent, OutcomeUnknown
from bot.workspace import channels, member_settings, sync
from models import HelpRequest
from tests.checkins import visible_text
from tests.factories import Story
from tests.handlers.routing.conftest import (
    FRIDAY_AFTERNOON,
    MONDAY_NOON,
    QUESTION,
    Routing,
    on_sqlite,
)
from tests.private_channel import DEN, NAME
from tests.slack_payloads import (
    ADMIN,
    ASKER,
    BOT,
    CHAMPION,
    GUEST,
    HELP_CHANNEL,
    HELPER,
    PEER,
    conversation_object,
    user_object,
)

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
# Half past nine in Helsinki.
MONDAY = datetime(2026, 3, 9, 7, 30, tzinfo=UTC)
OTHER = "C0OTHER"


def open_channel(
    story: Story, slack_id: str, name: str, people: list[str], **fields: object
) -> None:
    """Let the bot join a channel, in which asks are routed."""
    story.slack.channels[slack_id] = conversation_object(slack_id, name, **fields)
    story.slack.members_by_channel[slack_id] = people
    came = {"type": "member_joined_channel", "user": BOT, "channel": slack_id}
    assert story.event({**came, "inviter": ADMIN}) == 200
    story.deliver()
    sync.refresh(story.rt, story.workspace, users=people, channel=slack_id)
    with story.rt.write(story.workspace) as tx:
        channel = channels.find(tx, slack_id)
        assert channel is not None
        channel.routes_asks = True


def ask_in(story: Story, channel: str, text: str, *, member: str = ASKER) -> str:
    story.command(member, "/ask", text, channel=channel)
    story.deliver()
    return str(story.asks()[-1].ts)


def all_messages(story: Story, member: str) -> str:
    return " ".join(m.text + visible_text(m) for m in story.slack.messages_to(member))


# A private channel


@pytest.mark.deep
def test_nobody_outside_a_private_channel_is_asked_about_its_asks(
    routing: Routing, story: Story
):
    open_channel(story, DEN, NAME, [ASKER, PEER], is_private=True)
    routing.at(MONDAY)
    ask_in(story, DEN, QUESTION)
    routing.watch(until=MONDAY + 72 * HOUR)
    assert routing.asked() == [(1, PEER)]
    for member in (HELPER, ADMIN, CHAMPION):
        assert NAME not in all_messages(story, member)
        assert "other VPN" not in all_messages(story, member)


def test_in_a_private_channel_one_of_many_is_found(
    routing: Routing, story: Story, crowd: list[str]
):
    """Everyone in #help answers more than Chi, who alone is in the private channel."""
    open_channel(story, DEN, NAME, [ASKER, PEER], is_private=True)
    for title in ("Which key opens the lab?", "Where is the lab?"):
        ask = story.ask(title)
        for member in crowd:
            story.say(member, "This one.", thread_ts=ask.ts)
    story.say(PEER, "Downstairs.", thread_ts=ask.ts)
    routing.at(MONDAY)
    ts = ask_in(story, DEN, QUESTION)
    story.message_shortcut(ASKER, "ask_options", ASKER, ts, channel=DEN)
    assert "Ask them quietly" in str(story.slack.views[-1][1])
    before = story.slack.calls.count("conversations.members")
    routing.at(MONDAY + 4 * HOUR + MINUTE)
    assert routing.asked() == [(1, PEER)]
    assert story.slack.calls.count("conversations.members") == before + 1


@on_sqlite
def test_the_offer_after_ask_also_comes_in_a_private_channel(
    routing: Routing, story: Story
):
    open_channel(story, DEN, NAME, [ASKER, HELPER], is_private=True)
    routing.at(MONDAY)
    story.command(ASKER, "/ask", QUESTION, channel=DEN)
    assert "One peer has been there" in str(story.slack.responses[-1])


@on_sqlite
def test_an_ask_waits_until_slack_says_who_is_in_its_channel(
    routing: Routing, story: Story
):
    open_channel(story, DEN, NAME, [ASKER, PEER], is_private=True)
    routing.at(MONDAY)
    ask_in(story, DEN, QUESTION)
    failure = NotSent("conversations.members", "connection")
    story.slack.fail["conversations.members"] = [failure]
    routing.at(MONDAY + 4 * HOUR + MINUTE)
    assert routing.steps() == []
    routing.advance(minutes=9)
    assert routing.steps() == []
    routing.advance(minutes=2)
    assert routing.asked() == [(1, PEER)]


@on_sqlite
def test_an_ask_is_given_up_where_slack_never_says_who_is_there(
    routing: Routing, story: Story
):
    open_channel(story, DEN, NAME, [ASKER, PEER], is_private=True)
    routing.at(MONDAY)
    ask_in(story, DEN, QUESTION)
    failure = NotSent("conversations.members", "connection")
    story.slack.fail["conversations.members"] = [failure] * 99
    routing.at(MONDAY + timedelta(days=20))
    routing.at(MONDAY + timedelta(days=22))
    calls = story.slack.calls.count("conversations.members")
    routing.at(MONDAY + timedelta(days=23))
    assert routing.steps() == []
    assert story.slack.calls.count("conversations.members") == calls


@pytest.mark.deep
def test_who_left_a_private_channel_is_not_asked(routing: Routing, story: Story):
    open_channel(story, DEN, NAME, [ASKER, PEER, HELPER], is_private=True)
    routing.at(MONDAY)
    ask_in(story, DEN, QUESTION)
    story.slack.members_by_channel[DEN] = [ASKER, PEER]
    left = {"type": "member_left_channel", "user": HELPER, "channel": DEN}
    assert story.event(left) == 200
    routing.watch(until=MONDAY + 25 * HOUR)
    assert routing.asked() == [(1, PEER)]


@pytest.mark.deep
def test_an_answer_in_a_private_channel_is_no_reason_elsewhere(
    routing: Routing, story: Story
):
    """Not even for someone who is in it: nobody finds out that there is such an ask."""
    open_channel(story, DEN, NAME, [ASKER, PEER, CHAMPION], is_private=True)
    secret = ask_in(story, DEN, "How do I renew the certificate of the secret VPN?")
    answer = story.say(CHAMPION, "So.", thread_ts=secret, channel=DEN)
    story.react(ASKER, answer, "white_check_mark", channel=DEN)
    story.deliver()
    routing.at(MONDAY)
    story.ask(QUESTION)
    routing.watch(until=MONDAY + 25 * HOUR)
    assert [step for step, _, _ in routing.steps()] == [1, 2]
    assert routing.asked() == [(1, HELPER), (1, PEER)]
    for member in (HELPER, PEER):
        assert "secret" not in all_messages(story, member)


def make_private(story: Story, members: list[str]) -> None:
    story.slack.channels[HELP_CHANNEL] |= {"is_private": True}
    story.slack.members_by_channel[HELP_CHANNEL] = members
    with story.rt.write(story.workspace) as tx:
        channels.upsert_from_slack(tx, story.slack.channels[HELP_CHANNEL])


def test_a_reason_from_a_channel_that_became_private_is_not_named(
    routing: Routing, story: Story
):
    open_channel(story, OTHER, "other", [ASKER, HELPER, PEER])
    routing.at(MONDAY)
    ask_in(story, OTHER, QUESTION)
    story.clock.now = MONDAY + 4 * HOUR + MINUTE
    # Ben was chosen because of an ask in #help, which he can't see any more.
    jobs.routing.route_asks(story.rt, story.worker)
    jobs.routing.route_asks(story.rt, story.worker)
    assert routing.request(HELPER).reason == "solved"
    make_private(story, [ASKER])
    story.deliver()
    [request] = routing.requests(HELPER)
    assert "on Linux" not in request.text + visible_text(request)
    assert "because you answered something similar" in request.text


def test_a_request_is_not_sent_when_its_channel_became_private(
    routing: Routing, story: Story
):
    routing.at(MONDAY)
    story.ask(QUESTION)
    story.clock.now = MONDAY + 4 * HOUR + MINUTE
    jobs.routing.route_asks(story.rt, story.worker)
    jobs.routing.route_asks(story.rt, story.worker)
    assert len(routing.asked()) == 2
    make_private(story, [ASKER, HELPER])
    story.deliver()
    assert len(routing.requests(HELPER)) == 1
    assert routing.requests(PEER) == []


@on_sqlite
def test_a_sent_request_hides_a_channel_that_turned_private(
    routing: Routing, story: Story
):
    routing.at(MONDAY)
    story.ask(QUESTION)
    routing.at(MONDAY + 4 * HOUR + MINUTE)
    assert len(routing.requests(HELPER)) == len(routing.requests(PEER)) == 1
    make_private(story, [ASKER, HELPER])
    story.advance(minutes=1)
    assert QUESTION in all_messages(story, HELPER)
    assert QUESTION not in all_messages(story, PEER)


@on_sqlite
def test_a_reason_from_a_channel_that_the_bot_has_left_does_not_count(
    routing: Routing, story: Story
):
    open_channel(story, OTHER, "other", [ASKER, HELPER, PEER])
    with routing.write() as tx:
        channels.update_channel(tx, HELP_CHANNEL, is_joined=False)
    routing.at(MONDAY)
    ask_in(story, OTHER, QUESTION)
    routing.watch(until=MONDAY + 25 * HOUR)
    assert [step for step, _, _ in routing.steps()] == [1, 2]
    assert routing.asked() == []


# Guests, other organisations


@pytest.mark.deep
def test_guests_are_asked_in_their_channels_only(routing: Routing, story: Story):
    ask = story.ask("Where is the VPN certificate renewed?", member=ASKER)
    story.slack.members_by_channel[HELP_CHANNEL] = [ASKER, HELPER, PEER, GUEST]
    joined = {"type": "member_joined_channel", "user": GUEST, "channel": HELP_CHANNEL}
    assert story.event(joined) == 200
    answer = story.say(GUEST, "There.", thread_ts=ask.ts)
    story.react(ASKER, answer, "white_check_mark")
    story.deliver()
    open_channel(story, OTHER, "other", [ASKER, HELPER, PEER])
    routing.at(MONDAY)
    ask_in(story, OTHER, QUESTION)
    routing.watch(until=MONDAY + 25 * HOUR)
    assert {member for _, member in routing.asked()} == {HELPER, PEER}


@on_sqlite
def test_a_guest_is_asked_in_a_channel_that_they_are_in(routing: Routing, story: Story):
    guest = user_object(HELPER, is_restricted=True)
    story.slack.people[HELPER] = guest
    assert story.event({"type": "user_change", "user": guest}) == 200
    story.slack.members_by_channel[HELP_CHANNEL] = [ASKER, HELPER, PEER]
    routing.at(MONDAY)
    story.ask(QUESTION)
    routing.at(MONDAY + 4 * HOUR + MINUTE)
    assert routing.asked() == [(1, HELPER), (1, PEER)]
    assert len(routing.requests(HELPER)) == 1


@on_sqlite
@pytest.mark.parametrize(("asker", "is_offered"), [(ASKER, True), (GUEST, False)])
def test_a_guest_learns_nothing_of_other_channels(
    routing: Routing, story: Story, asker: str, *, is_offered: bool
):
    open_channel(story, OTHER, "other", [ADMIN, HELPER])
    ts = ask_in(story, OTHER, "How do I reset the coffee grinder?", member=ADMIN)
    answer = story.say(HELPER, "Turn it over.", thread_ts=ts, channel=OTHER)
    story.react(ADMIN, answer, "white_check_mark", channel=OTHER)
    story.deliver()
    routing.at(MONDAY)
    story.slack.responses.clear()
    ask_in(story, HELP_CHANNEL, "How can I reset the coffee grinder?", member=asker)
    assert ("been there" in str(story.slack.responses)) == is_offered


@on_sqlite
@pytest.mark.deep
def test_a_guest_reads_no_reason_from_a_channel_that_they_left(
    routing: Routing, story: Story
):
    """Ben solved a similar ask in #help, and has been a guest since."""
    open_channel(story, OTHER, "other", [ASKER, HELPER])
    ts = ask_in(story, OTHER, "Which room has a projector?")
    story.say(HELPER, "B.", thread_ts=ts, channel=OTHER)
    guest = user_object(HELPER, is_restricted=True)
    story.slack.people[HELPER] = guest
    assert story.event({"type": "user_change", "user": guest}) == 200
    story.slack.members_by_channel[HELP_CHANNEL] = [ASKER, PEER]
    routing.at(MONDAY)
    ask_in(story, OTHER, QUESTION)
    routing.at(MONDAY + 4 * HOUR + MINUTE)
    [request] = routing.requests(HELPER)
    assert "on Linux" not in request.text + visible_text(request)
    assert "because you answered something similar" in request.text


@on_sqlite
@pytest.mark.deep
def test_many_guests_of_other_channels_hold_nothing_up(
    routing: Routing, story: Story, crowd: list[str]
):
    for title in ("Which key opens the lab?", "Where is the lab?"):
        ask = story.ask(title)
        for member in crowd:
            story.say(member, "This one.", thread_ts=ask.ts)
    story.say(PEER, "Downstairs.", thread_ts=ask.ts)
    for member in crowd:
        guest = user_object(member, is_restricted=True)
        story.slack.people[member] = guest
        assert story.event({"type": "user_change", "user": guest}) == 200
    open_channel(story, OTHER, "other", [ASKER])
    routing.at(MONDAY)
    ask_in(story, OTHER, QUESTION)
    routing.at(MONDAY + 4 * HOUR + MINUTE)
    routing.at(MONDAY + 24 * HOUR + MINUTE)
    assert [(step, count) for step, _, count in routing.steps()] == [(1, 2), (2, 0)]
    assert routing.asked() == [(1, HELPER), (1, PEER)]


@on_sqlite
@pytest.mark.parametrize("is_sent", [True, False])
@pytest.mark.deep
@pytest.mark.each_parameter
def test_who_became_a_guest_reads_no_request(
    routing: Routing, story: Story, *, is_sent: bool
):
    """Ben may only see a channel that he is in no longer."""
    story.slack.members_by_channel[HELP_CHANNEL] = [ASKER, PEER]
    routing.at(MONDAY)
    story.ask(QUESTION)
    story.clock.now = MONDAY + 4 * HOUR + MINUTE
    jobs.routing.route_asks(story.rt, story.worker)
    if is_sent:
        story.deliver()
    guest = user_object(HELPER, is_restricted=True)
    story.slack.people[HELPER] = guest
    assert story.event({"type": "user_change", "user": guest}) == 200
    story.deliver()
    assert len(routing.requests(HELPER)) == is_sent
    assert len(routing.requests(PEER)) == 1
    story.event({"type": "app_home_opened", "user": HELPER, "tab": "home"})
    story.advance(seconds=3)
    assert "Ana asks in" not in visible_text(story.slack.homes[HELPER])
    story.click(HELPER, "request_help", str(routing.request(HELPER).id))
    assert "That request is gone." in str(story.slack.responses[-1])
    assert "Ben" not in visible_text(story.slack.messages_to(HELP_CHANNEL)[-1])
    # What changes from now on is not shown to him.
    ask_id = story.asks()[-1].id
    story.click(ASKER, "ask_menu", option=f"edit:{ask_id}")
    story.submit(ASKER, story.slack.views[-1][1], {"title": "How do I renew it?"})
    story.advance(minutes=1)
    assert "renew it" not in all_messages(story, HELPER)
    assert "renew it" in all_messages(story, PEER)


def test_an_ask_in_a_shared_channel_names_no_ask_of_another_one(
    routing: Routing, story: Story
):
    open_channel(story, OTHER, "shared", [ASKER, HELPER, PEER], is_ext_shared=True)
    routing.at(MONDAY)
    ask_in(story, OTHER, QUESTION)
    routing.at(MONDAY + 4 * HOUR + MINUTE)
    assert routing.asked()
    for member in (HELPER, PEER):
        assert "on Linux" not in routing.messages(member)[-1].text


@pytest.mark.parametrize(
    "stranger", [{"team_id": "T0OTHER"}, {"is_bot": True}, {"deleted": True}]
)
def test_external_people_bots_and_former_members_are_not_asked(
    routing: Routing, story: Story, stranger: dict[str, Any]
):
    story.slack.people[HELPER] = user_object(HELPER, **stranger)
    assert story.event({"type": "user_change", "user": story.slack.people[HELPER]})
    # A bot's answer never counted, so that its ask waits again.
    with routing.write() as tx:
        member_settings.update(tx, PEER, max_requests_per_week=7)
    routing.at(MONDAY)
    story.ask(QUESTION)
    routing.watch(until=MONDAY + 25 * HOUR)
    assert routing.asked() == [(1, PEER)]


# Who was asked


@pytest.mark.deep
def test_nothing_that_others_read_contains_who_was_asked(
    routing: Routing, story: Story, crowd: list[str], caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.DEBUG)
    names = {member: f"Canary{member[-3:]}" for member in crowd}
    for member, name in names.items():
        person = user_object(member, name)
        story.slack.people[member] = person
        assert story.event({"type": "user_change", "user": person}) == 200
    # All earlier facts about them are public; only what follows must not be.
    for member in (HELPER, PEER):
        with routing.write() as tx:
            member_settings.update(tx, member, max_requests_per_week=0)
    routing.at(MONDAY)
    post = story.ask(QUESTION)
    caplog.clear()
    routing.watch(until=MONDAY + 49 * HOUR)
    asked = {member for _, member in routing.asked()}
    assert len(asked) == 4
    for member in sorted(asked)[:2]:
        request = routing.request(member)
        story.click(member, "request_decline", str(request.id))
    routing.watch(until=MONDAY + 73 * HOUR)
    for member in (ASKER, CHAMPION, ADMIN):
        story.event({"type": "app_home_opened", "user": member, "tab": "home"})
        story.command(member, "/backswing", "my data")
    story.click(ASKER, "ask_menu", option=f"options:{story.asks()[-1].id}")
    story.command(ADMIN, "/backswing", "export")
    story.advance(minutes=2)
    slack = story.slack
    with story.rt.read(story.workspace) as tx:
        exported = [dict(row) for row in exports.asks(tx)]
    read_by_others = json.dumps(
        [
            [
                [m.text, m.blocks]
                for m in slack.messages
                if m.channel not in asked and m.ts >= post.ts
            ],
            [view for member, view in slack.homes.items() if member not in asked],
            [str(f.content) for f in slack.files.values() if f.member not in asked],
            [row for row in exported if row.get("ask") == story.asks()[-1].id],
            [message for _, text, _ in slack.responses for message in [text]],
        ],
        default=str,
    )
    for member in asked:
        assert names[member] not in read_by_others
        assert member not in read_by_others
    logged = " ".join(f"{r.getMessage()} {r.__dict__}" for r in caplog.records)
    assert "sent" in logged
    for member in asked:
        assert names[member] not in logged
    # Their own data tells them.
    member = min(asked)
    story.command(member, "/backswing", "my data")
    story.advance(minutes=1)
    [file] = [f for f in slack.files.values() if f.member == member]
    assert "help_requests" in str(file.content) or "request" in str(file.content)


# Forget me


def rows(story: Story) -> list[HelpRequest]:
    with story.rt.read_session() as session:
        return list(session.scalars(select(HelpRequest).order_by(HelpRequest.id)))


def forget(story: Story, member: str) -> None:
    with story.rt.write(story.workspace) as tx:
        privacy.erase(tx, member)
    story.advance(minutes=1)


@pytest.mark.deep
def test_an_asked_person_who_is_forgotten(routing: Routing, story: Story):
    routing.at(MONDAY)
    story.ask(QUESTION)
    routing.at(MONDAY + 4 * HOUR + MINUTE)
    forget(story, HELPER)
    assert [row.member for row in rows(story)] == [PEER]
    assert HELPER not in str([vars(row) for row in rows(story)])
    assert routing.requests(HELPER) == []
    routing.watch(until=MONDAY + 72 * HOUR + 5 * MINUTE)
    assert [step for step, _, _ in routing.steps()] == [1, 2, 3, 4]
    assert [member for _, member in routing.asked()] == [PEER]


def test_a_request_that_was_not_sent_yet_is_not_sent_to_who_is_forgotten(
    routing: Routing, story: Story
):
    routing.at(MONDAY)
    story.ask(QUESTION)
    story.clock.now = MONDAY + 4 * HOUR + MINUTE
    jobs.routing.route_asks(story.rt, story.worker)
    assert len(routing.asked()) == 2
    with routing.write() as tx:
        privacy.erase(tx, HELPER)
    routing.advance(minutes=1)
    assert routing.requests(HELPER) == []
    assert len(routing.requests(PEER)) == 1


@pytest.mark.deep
def test_an_asker_who_is_forgotten(routing: Routing, story: Story):
    routing.at(MONDAY)
    story.ask(QUESTION)
    routing.at(MONDAY + 4 * HOUR + MINUTE)
    forget(story, ASKER)
    routing.run()
    count = len(story.slack.messages)
    for member in (HELPER, PEER):
        assert "VPN" not in routing.messages(member)[-1].text
        assert "Ana" not in all_messages(story, member)
    routing.watch(until=MONDAY + 72 * HOUR)
    assert [step for step, _, _ in routing.steps()] == [1]
    assert len(story.slack.messages) == count
    assert all(row.outcome == "over" for row in rows(story))


def test_an_asker_who_is_forgotten_before_the_first_step(
    routing: Routing, story: Story
):
    routing.at(MONDAY)
    story.ask(QUESTION)
    forget(story, ASKER)
    routing.watch(until=MONDAY + 72 * HOUR)
    assert routing.steps() == []
    assert rows(story) == []


@pytest.mark.deep
def test_the_person_of_the_reason_is_forgotten(routing: Routing, story: Story):
    """Ben reads that he solved an ask; its asker is forgotten, so it has no words."""
    routing.at(MONDAY)
    ask = story.ask("How do I renew the VPN certificate at home?", member=CHAMPION)
    answer = story.say(PEER, "So.", thread_ts=ask.ts)
    story.react(CHAMPION, answer, "white_check_mark")
    story.deliver()
    routing.advance(days=1)
    story.ask("How do I renew the VPN certificate at home again?")
    routing.advance(hours=5)
    assert "at home?”" in routing.requests(PEER)[-1].text
    forget(story, CHAMPION)
    story.advance(minutes=2)
    assert "certificate at home?”" not in all_messages(story, PEER)
    # The request still waits, with its buttons.
    assert "I can help" in all_messages(story, PEER)


@pytest.mark.deep
def test_a_message_that_was_looked_up_follows_what_came_meanwhile(
    routing: Routing, story: Story
):
    """Slack took a request and the asker's notice, and could not say so for minutes."""
    routing.at(FRIDAY_AFTERNOON)
    story.ask(QUESTION)
    story.deliver()
    for method, fail, count in (
        ("chat.postMessage", story.slack.fail_after, 3),
        ("conversations.history", story.slack.fail, 6),
    ):
        fail[method] = [OutcomeUnknown(method, "TimeoutError")] * count
    routing.at(MONDAY_NOON)
    assert len(routing.asked()) == 2
    [notice] = [m for m in routing.messages(ASKER) if "two people" in m.text]
    assert "VPN" in str(notice.blocks)
    ask = story.asks()[-1]
    story.click(ASKER, "ask_menu", option=f"edit:{ask.id}")
    story.submit(ASKER, story.slack.views[-1][1], {"title": "How do I renew it?"})
    for _ in range(5):
        routing.advance(minutes=1)
    for message in (notice, *routing.requests(HELPER), *routing.requests(PEER)):
        assert "How do I renew it?" in str(message.blocks)
        assert "the VPN certificate?" not in str(message.blocks)
