"""The messages to champions about asks that nobody has answered."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

import jobs.worklist
from bot.workspace import sync
from models import WorkAssignment, WorkItem
from tests.factories import Story
from tests.fakes import PostedMessage
from tests.handlers.routing.conftest import Routing
from tests.slack_payloads import ADMIN, ASKER, CHAMPION, HELP_CHANNEL, PEER

pytestmark = pytest.mark.deep

# Nine o'clock in Helsinki, where everyone is; 16 working hours later it is Wednesday.
MONDAY = datetime(2026, 3, 9, 7, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
WEDNESDAY = MONDAY + 2 * DAY
CARD = "How do I get a new card?"
LIFT = "Who looks after the lift?"


@pytest.fixture
def championed(routing: Routing, story: Story) -> Routing:
    assert story.set_up_channel(champions=[CHAMPION]).body == ""
    routing.at(MONDAY)
    return routing


def ask(routing: Routing, title: str) -> str:
    message = routing.story.ask(title)
    routing.run()
    return message.ts


def told(routing: Routing, member: str = CHAMPION) -> list[PostedMessage]:
    return [m for m in routing.messages(member) if "no answer yet" in m.text]


def listed(message: PostedMessage) -> list[str]:
    """Return the titles that the message lists."""
    return [title for title in (CARD, LIFT) if title in str(message.blocks)]


def test_a_champion_reads_of_each_ask_once(championed: Routing):
    ask(championed, CARD)
    championed.watch(until=MONDAY + DAY)
    ask(championed, LIFT)
    championed.watch(until=WEDNESDAY + 2 * HOUR)
    [message] = told(championed)
    assert message.text.startswith("This ask in #help has no answer yet.")
    assert listed(message) == [CARD]
    championed.watch(until=WEDNESDAY + 9 * DAY)
    [_, second] = told(championed)
    assert listed(second) == [LIFT]


def test_asks_of_about_the_same_time_come_in_one_message(championed: Routing):
    ask(championed, CARD)
    championed.advance(minutes=15)
    ask(championed, LIFT)
    championed.watch(until=WEDNESDAY - HOUR)
    assert told(championed) == []
    championed.watch(until=WEDNESDAY + 4 * HOUR)
    [message] = told(championed)
    assert message.text.startswith("These asks in #help have no answer yet.")
    assert listed(message) == [CARD, LIFT]


def test_an_ask_after_todays_message_comes_tomorrow(championed: Routing):
    ask(championed, CARD)
    championed.advance(hours=2)
    ask(championed, LIFT)
    championed.watch(until=WEDNESDAY - HOUR)
    assert told(championed) == []
    championed.watch(until=WEDNESDAY + 8 * HOUR)
    assert [listed(message) for message in told(championed)] == [[CARD]]
    championed.watch(until=WEDNESDAY + DAY + 4 * HOUR)
    assert [listed(message) for message in told(championed)] == [[CARD], [LIFT]]


def test_a_message_that_waits_for_its_turn_takes_later_asks_along(
    championed: Routing, story: Story
):
    story.set_up_workspace(unasked_per_week="0")
    ask(championed, CARD)
    championed.watch(until=MONDAY + DAY)
    ask(championed, LIFT)
    championed.watch(until=WEDNESDAY + 2 * DAY)
    assert told(championed) == []
    story.set_up_workspace(unasked_per_week="3")
    championed.watch(until=WEDNESDAY + 12 * DAY)
    assert [listed(message) for message in told(championed)] == [[CARD, LIFT]]


def test_an_answered_ask_is_not_listed(championed: Routing, story: Story):
    ts = ask(championed, CARD)
    ask(championed, LIFT)
    championed.watch(until=WEDNESDAY - HOUR)
    story.say(PEER, "At the desk.", thread_ts=ts)
    championed.watch(until=WEDNESDAY + DAY)
    assert [listed(message) for message in told(championed)] == [[LIFT]]


@pytest.mark.deep_on_postgresql
def test_nobody_else_reads_of_it(championed: Routing, story: Story):
    ask(championed, CARD)
    championed.watch(until=WEDNESDAY + DAY)
    assert len(told(championed)) == 1
    for member in (ADMIN, ASKER, PEER, HELP_CHANNEL):
        assert told(championed, member) == []


def test_someone_who_is_no_champion_any_more_reads_nothing(
    championed: Routing, story: Story
):
    ask(championed, CARD)
    championed.watch(until=WEDNESDAY - HOUR)
    assert story.set_up_channel(champions=[]).body == ""
    championed.watch(until=WEDNESDAY + DAY)
    assert told(championed) == []


# Of an ask, champions read in a suggestion or in the message, not in both.


@pytest.fixture
def present(championed: Routing) -> Routing:
    """Let the champion be in the channel, as the bot knows."""
    story, everyone = championed.story, [ASKER, PEER, CHAMPION]
    story.slack.members_by_channel[HELP_CHANNEL] = everyone
    sync.refresh(story.rt, story.workspace, users=everyone, channel=HELP_CHANNEL)
    return championed


def suggested(routing: Routing) -> list[tuple[str, str | None]]:
    jobs.worklist.suggest_in(routing.story.rt, routing.story.workspace)
    with routing.story.rt.read_session() as session:
        rows = session.scalars(select(WorkItem).filter_by(kind="unanswered"))
        return [(row.outcome, row.champion) for row in rows]


def test_an_ask_that_was_suggested_to_a_champion_is_in_no_message(
    present: Routing,
):
    ask(present, CARD)
    present.advance(minutes=15)
    present.watch(until=MONDAY + DAY + HOUR)
    assert suggested(present) == [("open", CHAMPION)]
    ask(present, LIFT)
    present.watch(until=WEDNESDAY + 2 * DAY)
    assert [listed(message) for message in told(present)] == [[LIFT]]


def test_an_ask_in_a_message_is_not_suggested_afterwards(present: Routing):
    with present.write() as tx:
        for number in range(5):
            at = present.story.clock.now + number * MINUTE
            tx.session.add(
                WorkAssignment(
                    installation_id=tx.workspace.id, member=CHAMPION, assigned_at=at
                )
            )
    ask(present, CARD)
    present.watch(until=MONDAY + DAY + HOUR)
    assert suggested(present) == []
    present.watch(until=WEDNESDAY + 2 * HOUR)
    assert [listed(message) for message in told(present)] == [[CARD]]
    present.watch(until=MONDAY + 8 * DAY)
    assert suggested(present) == []
