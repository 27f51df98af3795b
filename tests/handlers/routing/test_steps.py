"""An ask that nobody answers: the people who are asked, and when."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

import jobs.routing
from bot.workspace import member_settings
from models import Answer
from tests.checkins import visible_text
from tests.factories import Story
from tests.handlers.routing.conftest import (
    FRIDAY_AFTERNOON,
    MONDAY_NOON,
    QUESTION,
    Routing,
    on_sqlite,
)
from tests.handlers.routing.test_links import OPS, add_channel
from tests.slack_payloads import ASKER, CHAMPION, HELPER, PEER

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


@pytest.mark.deep
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


@on_sqlite
@pytest.mark.parametrize("emoji", ["eyes", "raising_hand"])
def test_who_looks_into_it_or_has_the_same_problem_is_not_asked(
    routing: Routing, story: Story, emoji: str
):
    routing.at(FRIDAY_AFTERNOON)
    ask = story.ask(QUESTION)
    story.react(HELPER, ask.ts, emoji)
    routing.run()
    # An offer of help holds for eight working hours.
    routing.watch(until=MONDAY_NOON + 6 * HOUR)
    assert [member for _, member in routing.asked()] == [PEER]


@on_sqlite
def test_the_reason_is_a_topic_of_the_ask(routing: Routing, story: Story):
    with routing.write() as tx:
        member_settings.update(
            tx, PEER, topics_known=["gardening", "vpn", "certificates"]
        )
    routing.at(FRIDAY_AFTERNOON)
    story.ask(QUESTION)
    routing.run()
    routing.at(MONDAY_NOON)
    [request] = routing.requests(PEER)
    assert "because you know about vpn." in request.text


@on_sqlite
def test_the_reason_is_true_when_it_is_read(routing: Routing, story: Story):
    """Ben's answer loses its mark between the choice and the message."""
    routing.at(FRIDAY_AFTERNOON)
    story.ask(QUESTION)
    routing.run()
    story.clock.now = MONDAY_NOON
    jobs.routing.route_asks(story.rt, story.worker)
    assert routing.request(HELPER).reason == "solved"
    with story.rt.read_session() as session:
        solution = session.scalars(select(Answer).filter_by(is_solution=True)).one()
    story.unreact(ASKER, solution.ts, "white_check_mark")
    story.deliver()
    [request] = routing.requests(HELPER)
    assert "because you answered “How can I renew" in request.text


@on_sqlite
@pytest.mark.parametrize("is_sent", [True, False])
def test_a_deleted_ask_is_no_longer_quoted_as_the_reason(
    routing: Routing, story: Story, *, is_sent: bool
):
    routing.at(FRIDAY_AFTERNOON)
    story.ask(QUESTION)
    routing.run()
    story.clock.now = MONDAY_NOON
    jobs.routing.route_asks(story.rt, story.worker)
    if is_sent:
        story.deliver()
    story.click(ASKER, "ask_menu", option=f"delete:{story.asks()[0].id}")
    story.submit(ASKER, story.slack.views[-1][1], {})
    story.deliver()
    [request] = routing.requests(HELPER)
    assert "on Linux" not in request.text + visible_text(request)
    assert "because you answered something similar" in request.text


@on_sqlite
def test_the_reason_tells_when_the_solution_came(routing: Routing, story: Story):
    first = story.asks()[0]
    routing.at(datetime(2026, 4, 10, 13, tzinfo=UTC))
    story.say(HELPER, "You're welcome.", thread_ts=first.ts)
    story.ask(QUESTION)
    routing.run()
    routing.at(datetime(2026, 4, 13, 9, 1, tzinfo=UTC))
    [request] = routing.requests(HELPER)
    assert "you solved “How can I renew the VPN certificate on Linux?” in March" in (
        request.text
    )


@on_sqlite
@pytest.mark.deep
def test_messages_follow_the_title_and_the_end_of_their_ask(
    routing: Routing, story: Story
):
    routing.at(FRIDAY_AFTERNOON)
    story.ask(QUESTION)
    routing.run()
    routing.at(MONDAY_NOON)
    routing.press(HELPER, "request_help")
    routing.press(PEER, "request_decline")
    ask_id = story.asks()[-1].id
    story.click(ASKER, "ask_menu", option=f"edit:{ask_id}")
    story.submit(ASKER, story.slack.views[-1][1], {"title": "How do I renew it?"})
    story.advance(minutes=1)
    people = (HELPER, PEER, ASKER)
    for member in people:
        assert "How do I renew it?" in routing.messages(member)[-1].text
    story.click(ASKER, "ask_menu", option=f"delete:{ask_id}")
    story.submit(ASKER, story.slack.views[-1][1], {})
    story.advance(minutes=1)
    for member in people:
        last = routing.messages(member)[-1]
        assert "That ask is gone." in last.text
        assert "renew it" not in visible_text(last)


@on_sqlite
@pytest.mark.parametrize(
    ("count", "said"),
    [(1, "and then two more."), (2, "and then two more from other channels.")],
)
@pytest.mark.deep
def test_the_asker_reads_whether_all_others_are_from_elsewhere(
    routing: Routing, story: Story, crowd: list[str], count: int, said: str
):
    add_channel(story, OPS, "ops")
    for title in ("Which key opens the lab?", "Where is the lab?"):
        story.command(CHAMPION, "/ask", title, channel=OPS)
        story.deliver()
        for member in crowd[:count]:
            story.say(member, "So.", thread_ts=story.asks()[-1].ts, channel=OPS)
    routing.at(FRIDAY_AFTERNOON)
    story.ask(QUESTION)
    routing.run()
    routing.at(MONDAY_NOON)
    routing.at(MONDAY_NOON + 4 * HOUR)
    second = {member for step, member in routing.asked() if step == 2}
    assert len(second) == 2
    assert {*crowd[:count]} <= second
    assert said in routing.messages(ASKER)[-1].text


@on_sqlite
@pytest.mark.deep
def test_an_edited_ask_finds_other_people_at_the_next_step(
    routing: Routing, story: Story, crowd: list[str]
):
    with routing.write() as tx:
        member_settings.update(tx, crowd[3], topics_known=["lab"])
    routing.at(FRIDAY_AFTERNOON)
    story.ask(QUESTION)
    routing.run()
    routing.at(MONDAY_NOON)
    assert crowd[3] not in {member for _, member in routing.asked()}
    story.click(ASKER, "ask_menu", option=f"edit:{story.asks()[-1].id}")
    story.submit(ASKER, story.slack.views[-1][1], {"title": "Who opens the lab?"})
    story.deliver()
    routing.at(MONDAY_NOON + 4 * HOUR)
    assert (2, crowd[3]) in routing.asked()
    [request] = routing.requests(crowd[3])
    assert "“Who opens the lab?”" in request.text
    assert "because you know about lab." in request.text


@on_sqlite
def test_the_askers_message_says_when_it_is_over(routing: Routing, story: Story):
    routing.at(FRIDAY_AFTERNOON)
    ask = story.ask(QUESTION)
    routing.run()
    routing.at(MONDAY_NOON)
    notice = routing.messages(ASKER)[-1]
    assert "Nobody has answered" in notice.text
    story.say(PEER, "Run vpnctl renew.", thread_ts=ask.ts)
    routing.run()
    assert "Nobody has answered" not in notice.text
    assert "I asked two people who may know." in notice.text


@on_sqlite
@pytest.mark.parametrize("is_alone", [False, True])
def test_a_request_says_whether_another_person_was_asked(
    routing: Routing, story: Story, *, is_alone: bool
):
    if is_alone:
        with routing.write() as tx:
            member_settings.update(tx, PEER, max_requests_per_week=0)
    routing.at(FRIDAY_AFTERNOON)
    story.ask(QUESTION)
    routing.run()
    routing.at(MONDAY_NOON)
    shown = visible_text(routing.requests(HELPER)[-1])
    assert ("only you" in shown, "another person" in shown) == (is_alone, not is_alone)
