"""The sandbox's seeded story has the same result at any start time."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta

import pytest

from bot.db.engine import Database
from bot.mentors.periods import WEEKDAYS
from cli.sandbox import STORY, mentor_settings_for
from cli.time_travel import TravelWork
from sandbox import Sandbox
from sandbox.scenarios.stories import duration, play
from sandbox.workspace.clock import TravelClock
from sandbox.workspace.records import Message
from tests.acceptance.conftest import running_bot, sandbox_only, start_sandbox

# Noon in UTC is the evening in Lord Howe.
WEDNESDAY = datetime(2026, 6, 10, 12, 0, tzinfo=UTC)


@pytest.fixture
def begin(database: Database) -> Iterator[Callable[[datetime], Sandbox]]:
    """Start a workspace with the bot at the given time."""
    with ExitStack() as lives:

        def begin(start: datetime) -> Sandbox:
            clock = TravelClock(start)
            slack = start_sandbox(clock)
            bot = running_bot(slack, database, mentors=mentor_settings_for(start))
            clock.run_due_work(TravelWork(lives.enter_context(bot), slack))
            return slack

        yield begin


def channel(slack: Sandbox, name: str) -> str:
    return next(c.id for c in slack.workspace.channels.values() if c.name == name)


def person(slack: Sandbox, name: str) -> str:
    return next(p.id for p in slack.workspace.people.values() if p.name == name)


def visible_text(message: Message) -> str:
    return f"{message.text} {message.blocks}"


def direct_messages(slack: Sandbox, name: str) -> str:
    """Return the bot's direct messages to a person."""
    return " ".join(map(visible_text, slack.dm(person(slack, name))))


@sandbox_only
@pytest.mark.deep
@pytest.mark.parametrize(
    "present",
    [
        # A Sunday on which in Lord Howe the clocks have just moved forward, by half an
        # hour.
        datetime(2026, 10, 4, 14, 0, tzinfo=UTC),
        # A Monday, two Fridays and a Saturday.
        pytest.param(
            datetime(2026, 11, 30, 8, 59, tzinfo=UTC), marks=pytest.mark.exhaustive
        ),
        pytest.param(
            datetime(2026, 7, 3, 23, 30, tzinfo=UTC), marks=pytest.mark.exhaustive
        ),
        pytest.param(
            datetime(2027, 1, 1, 0, 1, tzinfo=UTC), marks=pytest.mark.exhaustive
        ),
        pytest.param(
            datetime(2026, 11, 28, 2, 0, tzinfo=UTC), marks=pytest.mark.exhaustive
        ),
    ],
    ids="{:%a %H:%M}".format,
)
@pytest.mark.timeout(300)
def test_the_story_shows_everything_and_ends_in_the_present(
    begin: Callable[[datetime], Sandbox], present: datetime
):
    slack = begin(present - duration(STORY))
    play(slack, STORY)
    assert timedelta() <= slack.clock() - present < timedelta(minutes=5)

    posts = slack.messages(channel(slack, "help-backend"))
    wanted = [
        "on your desk",
        "disk of a build machine",
        "session has expired",
        "lose a node",
        "joined the channel",
        "quietly helped here",
        "the load test, which",
        "retry storm",
        "nightly import",
        "daylight saving",
    ]
    assert len(posts) == len(wanted)
    for post, words in zip(posts, wanted, strict=True):
        assert words in visible_text(post)
    checkin, *_, credit, kudos, _, _, _ = posts
    assert "4 people shared" in visible_text(checkin)
    assert "a day behind" in visible_text(checkin)
    assert "Zoe Whitaker" in visible_text(credit)
    assert "1 other" in visible_text(kudos)
    assert f"{person(slack, 'lars')}" in visible_text(kudos)

    assert "so I keep its words" in direct_messages(slack, "lars")
    assert "Done: I posted it" in direct_messages(slack, "zoe")
    assert "Welcome to #help-backend!" in direct_messages(slack, "noor")
    assert "Ask your peers" in direct_messages(slack, "priya")
    for name in ("diego", "lars", "maya", "tomas"):
        assert "quietly helping" not in direct_messages(slack, name)
    # What the page proposes to ask first is solved already.
    again = slack.hints[0].split("`")[1].removeprefix("/ask ")
    card = slack.command(
        person(slack, "maya"), channel(slack, "help-backend"), "/ask", again
    )
    assert "docker builder prune" in str(card.blocks)
    # Nobody finds another person's form open.
    assert all(slack.view(one) is None for one in slack.workspace.people)
    check_descriptions(slack)


def check_descriptions(slack: Sandbox) -> None:
    """Check that people may do what the page says about them."""
    here = channel(slack, "help-backend")
    slack.command(person(slack, "tomas"), here, "/backswing")
    settings = slack.view(person(slack, "tomas"))
    assert settings is not None
    assert settings["callback_id"] == "settings"
    assert f"['{person(slack, 'tomas')}']" in str(settings["blocks"])
    assert "Set up by Tomas Okafor." in str(settings["blocks"])
    refused = slack.command(person(slack, "maya"), here, "/backswing")
    assert "Only this channel's champions" in f"{refused.text} {refused.blocks}"


@pytest.mark.parametrize("days", range(7))
def test_the_detection_is_two_days_after_the_start(days: int):
    start = WEDNESDAY + timedelta(days=days)
    look = WEEKDAYS.index(mentor_settings_for(start).weekday)
    assert (look - start.weekday()) % 7 == 2
