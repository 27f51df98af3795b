"""Of two transactions that wait for each other one is given up, and comes again."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import sleep
from typing import Any

import pytest
from sqlalchemy import Connection, text

from jobs import scheduled_jobs
from tests.factories import Story
from tests.slack_payloads import ASKER, HELPER, PEER

pytestmark = pytest.mark.parametrize("database", ["postgresql"], indirect=True)

ASKS = "SELECT 1 FROM asks FOR UPDATE"


@contextmanager
def crossing(story: Story, holds: str, then: str) -> Iterator[Callable[[], None]]:
    """A transaction that holds some rows, and in the end wants others as well.

    It waits for them longer than the other, which PostgreSQL therefore gives up.
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
    """Until somebody waits for what this transaction holds."""
    waits = text("SELECT 1 FROM pg_locks WHERE NOT granted LIMIT 1")
    while connection.execute(waits).first() is None:
        sleep(0.01)


def meanwhile(do: Callable[[], Any], cross: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=do)
    thread.start()
    cross()
    return thread


def test_forget_me_comes_again(story: Story, caplog: pytest.LogCaptureFixture) -> None:
    story.ask()
    story.command(ASKER, "/backswing", "forget me")
    view = story.slack.views[-1][1]
    answers: list[Any] = []
    with crossing(story, "SELECT 1 FROM members FOR UPDATE", ASKS) as cross:
        asked = meanwhile(lambda: answers.append(story.submit(ASKER, view, {})), cross)
    asked.join()
    assert caplog.messages.count("tried again") == 1
    assert "Done" in answers[0].body
    assert story.only_ask().asker.startswith("forgotten-")


def test_facts_that_arrive_come_again(
    story: Story, caplog: pytest.LogCaptureFixture
) -> None:
    ask = story.ask()
    answer = story.say(HELPER, "So.", thread_ts=ask.ts)
    story.react(PEER, answer, "heart")
    [job] = [
        j
        for j in scheduled_jobs(story.rt, story.deliverer)
        if j.name == "fetch-new-users"
    ]
    with crossing(story, ASKS, "SELECT 1 FROM reactions FOR UPDATE") as cross:
        meeting = meanwhile(job.run, cross)
    meeting.join()
    assert caplog.messages.count("tried again") == 1
    assert story.answer_marks() == {answer: (False, 1)}
