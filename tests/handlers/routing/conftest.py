"""A channel in which several people have answered, and the job that routes asks."""

from datetime import UTC, datetime, timedelta

import pytest

import jobs.routing
from bot.runtime import Transaction
from bot.workspace import channels
from tests.factories import Story
from tests.fakes import PostedMessage
from tests.slack_payloads import ASKER, HELP_CHANNEL, HELPER, PEER

# Four o'clock in Helsinki, where everyone is.
FRIDAY_AFTERNOON = datetime(2026, 3, 6, 14, tzinfo=UTC)
# Four working hours later, and a minute.
MONDAY_NOON = datetime(2026, 3, 9, 10, 1, tzinfo=UTC)
QUESTION = "How do I renew the VPN certificate?"


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
        for _ in range(2):
            jobs.routing.route_asks(self.story.rt, self.story.worker)
            self.story.deliver()

    def write(self):
        return self.story.rt.write(self.story.workspace)

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


@pytest.fixture
def routing(story: Story) -> Routing:
    """Ben has solved a similar ask, and Chi has answered another one."""
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
    return Routing(story)
