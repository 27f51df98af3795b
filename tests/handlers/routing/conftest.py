"""A channel in which several people have answered, and the job that routes asks."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

import jobs.routing
from bot.runtime import Transaction
from bot.workspace import channels, sync
from models import AskRoute, AskStep, HelpRequest
from tests.factories import Story
from tests.fakes import PostedMessage
from tests.remembered import played_once
from tests.slack_payloads import ASKER, HELP_CHANNEL, HELPER, PEER, user_object

# Four o'clock in Helsinki, where everyone is.
FRIDAY_AFTERNOON = datetime(2026, 3, 6, 14, tzinfo=UTC)
# Four working hours later, and a minute.
MONDAY_NOON = datetime(2026, 3, 9, 10, 1, tzinfo=UTC)
QUESTION = "How do I renew the VPN certificate?"

# For rules and texts, which do not depend on the database.
on_sqlite = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


class Routing:
    """Moves the clock, and lets the job look at asks."""

    def __init__(self, story: Story) -> None:
        self.story = story

    def at(self, now: datetime) -> None:
        """Go to a time, and run the job and the deliveries."""
        assert now >= self.story.clock.now
        self.story.clock.now = now
        self.run()

    def advance(self, **duration: float) -> None:
        self.at(self.story.clock.now + timedelta(**duration))

    def run(self) -> None:
        # The first run of a new ask only plans its first step.
        self._look()
        if self._is_due():
            self._look()

    def _look(self) -> None:
        jobs.routing.route_asks(self.story.rt, self.story.worker)
        self.story.deliver()

    def _is_due(self) -> bool:
        with self.story.rt.read_session() as session:
            due = select(AskRoute).where(AskRoute.due_at <= self.story.clock.now)
            return session.scalars(due).first() is not None

    def watch(self, *, until: datetime) -> None:
        """Run the job whenever something is due, until a time."""
        self.story.pass_time(until, self.run, AskRoute.due_at)

    def write(self):
        return self.story.rt.write(self.story.workspace)

    def steps(self) -> list[tuple[int, datetime, int]]:
        """Return each step that was taken for the last ask: when, and whom it asked."""
        with self.story.rt.read_session() as session:
            rows = session.scalars(
                select(AskStep)
                .filter_by(ask_id=self.story.asks()[-1].id)
                .order_by(AskStep.step)
            )
            return [(row.step, row.taken_at, row.request_count) for row in rows]

    def asked(self) -> list[tuple[int, str]]:
        """Return the people who were asked about the last ask, by step."""
        with self.story.rt.read_session() as session:
            rows = session.scalars(
                select(HelpRequest).filter_by(ask_id=self.story.asks()[-1].id)
            )
            return sorted((row.step, row.member) for row in rows)

    def request(self, member: str) -> HelpRequest:
        """Return the member's last request."""
        with self.story.rt.read_session() as session:
            return session.scalars(
                select(HelpRequest)
                .filter_by(installation_id=self.story.workspace.id, member=member)
                .order_by(HelpRequest.id.desc())
                .limit(1)
            ).one()

    def messages(self, member: str) -> list[PostedMessage]:
        return self.story.slack.messages_to(member)

    def requests(self, member: str) -> list[PostedMessage]:
        """Return the member's requests that are open."""
        return [
            message
            for message in self.messages(member)
            if "I ask you because" in message.text
        ]

    def press(self, member: str, action_id: str) -> None:
        """Press the button in the member's last message that has it."""
        value = next(
            element["value"]
            for message in reversed(self.messages(member))
            for block in message.blocks
            for element in block.get("elements", [])
            if element.get("action_id") == action_id
        )
        self.story.click(member, action_id, value)
        self.story.deliver()


def turn_on(tx: Transaction) -> None:
    channel = channels.find(tx, HELP_CHANNEL)
    assert channel is not None
    channel.routes_asks = True


@played_once
def _answer_two(story: Story) -> None:
    for title, author in (
        ("How can I renew the VPN certificate on Linux?", HELPER),
        ("Where do I find the holiday calendar?", PEER),
    ):
        ask = story.ask(title, member=ASKER)
        answer = story.say(author, "Like this.", thread_ts=ask.ts)
        if author == HELPER:
            story.react(ASKER, answer, "white_check_mark")
        story.deliver()
    with story.rt.write(story.workspace) as tx:
        turn_on(tx)


def set_up(story: Story) -> Routing:
    """Ben has solved a similar ask, and Chi has answered another one."""
    _answer_two(story)
    return Routing(story)


@pytest.fixture
def routing(story: Story) -> Routing:
    return set_up(story)


@pytest.fixture
def crowd(routing: Routing, story: Story) -> list[str]:
    """Ten more people have answered an ask, and their profiles are known."""
    return _answer_another(story)


@played_once
def _answer_another(story: Story) -> list[str]:
    ask = story.ask("Which room has a projector?", member=ASKER)
    people = [f"U0P{number:02}" for number in range(10)]
    story.slack.people |= {member: user_object(member) for member in people}
    for member in people:
        story.say(member, "The second one.", thread_ts=ask.ts)
    sync.refresh(story.rt, story.workspace, users=people, channel=HELP_CHANNEL)
    story.deliver()
    return people
