"""People who may not be asked: holidays, accounts switched off, named experts."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

import jobs.privacy
import jobs.routing
from bot.routing import steps
from bot.routing.steps import RoutingRun
from models import ExpectedExpert, HelpRequest
from tests.checkins import visible_text
from tests.factories import Story
from tests.handlers.routing.conftest import (
    FRIDAY_AFTERNOON,
    MONDAY_NOON,
    QUESTION,
    Routing,
)
from tests.slack_payloads import ASKER, HELPER, PEER, user_object

pytestmark = pytest.mark.deep

HOUR = timedelta(hours=1)
# Four o'clock in Helsinki, on the day before Easter's holidays.
MAUNDY_THURSDAY = datetime(2026, 4, 2, 13, tzinfo=UTC)
# Twelve o'clock; in between are Good Friday and Easter Monday.
TUESDAY_NOON = datetime(2026, 4, 7, 9, 1, tzinfo=UTC)


def ask(routing: Routing, at: datetime) -> None:
    routing.at(at)
    routing.story.ask(QUESTION)
    routing.run()


def switch_off(story: Story, member: str) -> None:
    """Let an admin deactivate the account."""
    story.slack.people[member] = user_object(member, deleted=True)
    assert story.event({"type": "user_change", "user": story.slack.people[member]})


@pytest.mark.parametrize(
    ("region", "due_at"),
    [("", MAUNDY_THURSDAY + 20 * HOUR), ("FI", TUESDAY_NOON - timedelta(minutes=1))],
)
def test_nobody_is_asked_on_a_holiday_of_the_channels_country(
    routing: Routing, story: Story, region: str, due_at: datetime
):
    assert story.set_up_channel(holidays_of=region).body == ""
    ask(routing, MAUNDY_THURSDAY)
    routing.watch(until=due_at - timedelta(minutes=1))
    assert routing.steps() == []
    routing.at(due_at + timedelta(minutes=1))
    assert [step for step, _, _ in routing.steps()] == [1]
    assert routing.requests(HELPER)


def test_on_a_holiday_the_asker_has_people_asked_on_the_next_working_day(
    routing: Routing, story: Story
):
    assert story.set_up_channel(holidays_of="FI").body == ""
    routing.at(MAUNDY_THURSDAY + 3 * HOUR)
    story.ask(QUESTION)
    story.click(ASKER, "route_now", str(story.asks()[-1].id))
    assert "Nobody can be asked now" in str(story.slack.responses[-1])
    routing.watch(until=TUESDAY_NOON - 3 * HOUR - 2 * timedelta(minutes=1))
    assert not routing.requests(HELPER)
    routing.at(TUESDAY_NOON - 3 * HOUR)
    assert routing.requests(HELPER)


@pytest.fixture
def chosen(routing: Routing, story: Story) -> Routing:
    """Ben and Chi are chosen, and their messages not sent yet."""
    ask(routing, FRIDAY_AFTERNOON)
    story.clock.now = MONDAY_NOON
    for _ in range(2):
        jobs.routing.route_asks(story.rt, story.worker)
    assert routing.asked() == [(1, HELPER), (1, PEER)]
    assert not routing.requests(HELPER)
    return routing


def test_someone_switched_off_after_they_were_chosen_gets_nothing(
    chosen: Routing, story: Story
):
    before = len(chosen.messages(HELPER))
    switch_off(story, HELPER)
    story.deliver()
    assert len(chosen.messages(HELPER)) == before
    assert chosen.requests(PEER)


def test_someone_switched_off_while_people_are_chosen_is_not_asked(
    routing: Routing, story: Story
):
    ask(routing, FRIDAY_AFTERNOON)
    story.clock.now = MONDAY_NOON
    with story.rt.read(story.workspace) as tx:
        run = RoutingRun.load(tx, story.rt.search)
        [ask_id] = steps.due_asks(tx, run.peers)
        candidates = steps.find_candidates(tx, run, ask_id)
    switch_off(story, HELPER)
    with routing.write() as tx:
        steps.advance(tx, run, ask_id, candidates)
    assert routing.asked() == [(1, PEER)]


def name_expert(routing: Routing, member: str) -> None:
    with routing.write() as tx:
        tx.session.add(ExpectedExpert(installation_id=tx.workspace.id, member=member))


def test_a_named_expert_is_asked_at_the_second_step(routing: Routing, story: Story):
    name_expert(routing, HELPER)
    ask(routing, FRIDAY_AFTERNOON)
    routing.at(MONDAY_NOON)
    assert routing.asked() == [(1, PEER)]
    routing.advance(hours=4, minutes=1)
    assert routing.asked() == [(1, PEER), (2, HELPER)]


def test_a_message_explains_requests_to_those_who_had_none_in_90_days(
    routing: Routing, story: Story
):
    ask(routing, FRIDAY_AFTERNOON)
    routing.at(MONDAY_NOON)
    [first] = routing.requests(HELPER)
    assert "I ask people who take part" in visible_text(first)
    with routing.write() as tx:
        tx.session.execute(
            update(HelpRequest).values(requested_at=MONDAY_NOON - timedelta(days=91))
        )
    jobs.privacy.purge_expired(story.rt, story.worker)
    # The one who was asked before reads nothing that is untrue.
    routing.at(MONDAY_NOON + timedelta(days=1))
    story.ask("How can we renew the VPN certificate on a Mac?")
    routing.run()
    routing.advance(hours=5)
    again = routing.requests(HELPER)[-1]
    assert "I ask people who take part" in visible_text(again)
    assert "first time" not in visible_text(again)
