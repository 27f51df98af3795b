"""Requests are deleted after 90 days, and their messages stay private and true."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

import jobs.privacy
from bot.workspace import member_settings
from models import HelpRequest
from tests.checkins import visible_text
from tests.factories import Story
from tests.handlers.routing.conftest import QUESTION, Routing, on_sqlite
from tests.handlers.test_erasure import forget
from tests.slack_payloads import ADMIN, ASKER, HELPER, PEER

# Half past nine in Helsinki.
MONDAY = datetime(2026, 3, 9, 7, 30, tzinfo=UTC)
HOURS = timedelta(hours=1)


def rows(routing: Routing) -> list[HelpRequest]:
    with routing.story.rt.read_session() as session:
        return list(session.scalars(select(HelpRequest).order_by(HelpRequest.id)))


@pytest.fixture
def long_ago(routing: Routing, story: Story) -> Routing:
    """Ben and Chi were asked 13 weeks ago, and have answered others since."""
    routing.at(MONDAY)
    story.ask(QUESTION)
    routing.at(MONDAY + 5 * HOURS)
    assert routing.asked() == [(1, HELPER), (1, PEER)]
    story.say(ADMIN, "Run vpnctl renew.", thread_ts=story.asks()[-1].ts)
    routing.run()
    routing.at(MONDAY + timedelta(weeks=12))
    ask = story.ask("Where do I park my bike?", member=ADMIN)
    for member in (HELPER, PEER):
        story.say(member, "Behind the house.", thread_ts=ask.ts)
    routing.at(MONDAY + timedelta(weeks=13))
    jobs.privacy.purge_expired(story.rt, story.worker)
    story.deliver()
    assert rows(routing) == []
    return routing


def all_texts(routing: Routing, member: str) -> str:
    return " ".join(m.text + visible_text(m) for m in routing.messages(member))


@pytest.mark.deep
def test_a_later_request_is_another_message(long_ago: Routing, story: Story):
    before = [len(long_ago.messages(member)) for member in (HELPER, PEER)]
    story.ask("How do I renew the VPN certificate of my phone?")
    long_ago.advance(hours=5)
    assert long_ago.asked() == [(1, HELPER), (1, PEER)]
    after = [len(long_ago.messages(member)) for member in (HELPER, PEER)]
    assert [count - 1 for count in after] == before
    for member in (HELPER, PEER):
        assert "my phone" in long_ago.messages(member)[-1].text
        # Nobody can know any more that it is not the first one.
        shown = visible_text(long_ago.messages(member)[-1])
        assert "I ask people who take part" in shown
        assert "first" not in shown


def test_the_old_messages_quote_nothing_more(long_ago: Routing, story: Story):
    for member in (HELPER, PEER):
        assert "a while ago" in long_ago.messages(member)[-1].text
        assert QUESTION not in all_texts(long_ago, member)
    forget(story, ASKER)
    story.deliver()
    for member in (HELPER, PEER):
        assert "Ana" not in all_texts(long_ago, member)


@on_sqlite
def test_requests_of_89_days_are_kept(routing: Routing, story: Story):
    routing.at(MONDAY)
    story.ask(QUESTION)
    routing.at(MONDAY + 5 * HOURS)
    routing.at(MONDAY + timedelta(days=89))
    jobs.privacy.purge_expired(story.rt, story.worker)
    assert len(rows(routing)) == 2


@on_sqlite
@pytest.mark.deep
def test_a_request_that_was_never_sent_was_not_the_first(
    routing: Routing, story: Story
):
    """Ana's ask is answered before Ben reads of it."""
    with routing.write() as tx:
        for member in (HELPER, PEER):
            member_settings.update(tx, member, max_requests_per_week=7)
    routing.at(MONDAY)
    story.ask(QUESTION)
    routing.run()
    story.clock.now = MONDAY + 5 * HOURS
    jobs.routing.route_asks(story.rt, story.worker)
    story.say(ADMIN, "Run vpnctl renew.", thread_ts=story.asks()[-1].ts)
    routing.run()
    for days, title, is_first in ((1, "at home", True), (2, "of my phone", False)):
        routing.at(MONDAY + timedelta(days=days))
        story.ask(f"How do I renew the VPN certificate {title}?")
        routing.advance(hours=5)
        shown = visible_text(routing.requests(HELPER)[-1])
        assert title in shown
        assert ("Never ask me" in shown) == is_first
        assert ("Ask me less" in shown) != is_first
