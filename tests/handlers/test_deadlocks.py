"""After a deadlock one transaction is rolled back, and runs again.

Batches of events lock channels, asks and rounds in one order, so they never deadlock.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import sleep
from typing import Any

import pytest
from sqlalchemy import Connection, func, select, text

from bot.workspace import channels
from handlers.bolt_app import BoltApp
from jobs import scheduled_jobs
from models import CheckInReply
from tests.factories import Story
from tests.handlers.test_batch_commit import together
from tests.slack_payloads import (
    ASKER,
    HELP_CHANNEL,
    HELPER,
    PEER,
    message_event,
    reaction_event,
)

pytestmark = pytest.mark.parametrize("database", ["postgresql"], indirect=True)

ASKS = "SELECT 1 FROM asks FOR UPDATE"


@contextmanager
def crossing(story: Story, holds: str, then: str) -> Iterator[Callable[[], None]]:
    """Open a transaction that locks some rows first, and others in the end.

    It waits longer than the other transaction, which PostgreSQL therefore rolls back.
    """
    bind = story.rt.write_session.kw["bind"]
    with bind.begin() as connection:
        connection.execute(text("SET LOCAL deadlock_timeout = '10s'"))
        connection.execute(text(holds))

        def cross() -> None:
            wait_for_a_waiter(connection)
            connection.execute(text(then))

        yield cross


def wait_for_a_waiter(connection: Connection) -> None:
    """Wait until another transaction waits for a lock of this one."""
    waits = text("SELECT 1 FROM pg_locks WHERE NOT granted LIMIT 1")
    while connection.execute(waits).first() is None:
        sleep(0.01)


def meanwhile(do: Callable[[], Any], cross: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=do)
    thread.start()
    cross()
    return thread


def test_forget_me_runs_again(story: Story, caplog: pytest.LogCaptureFixture) -> None:
    story.ask()
    story.command(ASKER, "/backswing", "forget me")
    view = story.slack.views[-1][1]
    answers: list[Any] = []
    with crossing(story, "SELECT 1 FROM members FOR UPDATE", ASKS) as cross:
        submission = meanwhile(
            lambda: answers.append(story.submit(ASKER, view, {})), cross
        )
    submission.join()
    assert caplog.messages.count("tried again") == 1
    assert "Done" in answers[0].body
    assert story.only_ask().asker.startswith("forgotten-")


def test_storing_fetched_users_runs_again(
    story: Story, caplog: pytest.LogCaptureFixture
) -> None:
    ask = story.ask()
    answer = story.say(HELPER, "So.", thread_ts=ask.ts)
    story.react(PEER, answer, "heart")
    [job] = [
        j for j in scheduled_jobs(story.rt, story.worker) if j.name == "fetch-new-users"
    ]
    with crossing(story, ASKS, "SELECT 1 FROM reactions FOR UPDATE") as cross:
        meeting = meanwhile(job.run, cross)
    meeting.join()
    assert caplog.messages.count("tried again") == 1
    assert story.answer_marks() == {answer: (False, 1)}


# Batches. Another replica locks the same rows in the common order: channels, then asks,
# then rounds, and each kind by id. The batch's events are in another order.


def lock_row(table: str, slack_id: str, *, column: str = "ts") -> str:
    condition = f"{column} = '{slack_id}'"
    return f"SELECT 1 FROM {table} WHERE {condition} FOR NO KEY UPDATE"  # noqa: S608


@pytest.fixture
def cross_batch(
    story: Story, bolt: BoltApp, caplog: pytest.LogCaptureFixture
) -> Callable[..., None]:
    """Handle events while another transaction locks rows, and check that both succeed.

    The other locks the first row until the batch waits, and then locks the second.
    """

    def run(first: str, second: str, *events: dict[str, Any]) -> None:
        answers: list[int] = []
        with crossing(story, first, second) as cross:
            batch = meanwhile(lambda: answers.extend(together(bolt, *events)), cross)
        batch.join()
        assert answers == [200 for _ in events]
        assert "tried again one by one" not in caplog.messages

    return run


def test_a_batch_locks_asks_in_one_order(
    story: Story, cross_batch: Callable[..., None]
) -> None:
    asks = [story.ask(), story.ask("How else is it done?")]
    answers = [story.say(HELPER, "So.", thread_ts=ask.ts) for ask in asks]
    cross_batch(
        *(lock_row("asks", ask.ts) for ask in asks),
        *(
            reaction_event(ASKER, answer, "white_check_mark", story.ts())
            for answer in reversed(answers)
        ),
    )
    assert [ask.state for ask in story.asks()] == ["solved", "solved"]


def test_a_batch_locks_asks_of_replies_and_of_reactions_in_one_order(
    story: Story, cross_batch: Callable[..., None]
) -> None:
    first, second = story.ask(), story.ask("How else is it done?")
    answer = story.say(HELPER, "So.", thread_ts=first.ts)
    cross_batch(
        lock_row("asks", first.ts),
        lock_row("asks", second.ts),
        message_event(HELPER, "So.", story.ts(), second.ts),
        reaction_event(PEER, answer, "heart", story.ts()),
    )
    assert story.answer_marks()[answer] == (False, 1)
    assert len(story.answers()) == 2


def test_a_batch_locks_channels_in_one_order(
    story: Story, cross_batch: Callable[..., None]
) -> None:
    places = [HELP_CHANNEL, "C0OTHER"]
    for place in places:
        with story.rt.write(story.workspace) as tx:
            channel = channels.get_or_create(tx, place)
            channel.is_joined, channel.capture = True, "all"
    cross_batch(
        *(lock_row("channels", place, column="slack_id") for place in places),
        *(
            message_event(ASKER, "How do I fix x?", story.ts(), channel=place)
            for place in reversed(places)
        ),
    )
    assert len(story.asks()) == 2


def test_a_batch_locks_rounds_in_one_order(
    story: Story, cross_batch: Callable[..., None]
) -> None:
    places = [HELP_CHANNEL, "C0OTHER"]
    for place in places:
        story.add_schedule(place)
    story.post_round()
    rounds = [story.slack.messages_to(place)[-1].ts for place in places]
    cross_batch(
        *(lock_row("checkin_rounds", ts) for ts in rounds),
        *(
            message_event(PEER, "The import.", story.ts(), ts, place)
            for place, ts in zip(reversed(places), reversed(rounds), strict=True)
        ),
    )
    with story.rt.read_session() as session:
        assert session.scalar(select(func.count()).select_from(CheckInReply)) == 2


def test_a_batch_locks_asks_before_rounds(
    story: Story, cross_batch: Callable[..., None]
) -> None:
    round_ = story.post_round()
    ask = story.ask()
    answer = story.say(HELPER, "So.", thread_ts=ask.ts)
    cross_batch(
        lock_row("asks", ask.ts),
        lock_row("checkin_rounds", str(round_.ts)),
        message_event(PEER, "The import.", story.ts(), round_.ts),
        reaction_event(ASKER, answer, "white_check_mark", story.ts()),
    )
    assert story.only_ask().state == "solved"
