"""The connection is lost after the database has committed."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Connection, event, func, select, text

from models import Answer, Kudos, OutboxItem, Reaction
from tests.factories import Story
from tests.slack_payloads import ADMIN, ASKER, HELP_CHANNEL, HELPER, PEER

pytestmark = [
    pytest.mark.on_postgresql,
    pytest.mark.parametrize("database", ["postgresql"], indirect=True),
]

KUDOS = f"<@{HELPER}> for the long and patient answer on retries"


@contextmanager
def lost(story: Story, *, is_committed: bool = True) -> Iterator[None]:
    """Lose the response to the next commit; later ones work."""
    engine = story.rt.write_session.kw["bind"]
    left = [1]

    def lose(connection: Connection) -> None:
        if not left:
            return
        left.clear()
        driver: Any = connection.connection.driver_connection
        if is_committed:
            driver.execute("COMMIT")
        with story.rt.autocommit.connect() as other:
            end = text("SELECT pg_terminate_backend(:pid, 2000)")
            other.execute(end, {"pid": driver.info.backend_pid})
        driver.close()

    event.listen(engine, "commit", lose)
    yield
    event.remove(engine, "commit", lose)
    assert not left


def count(story: Story, model: type[Any]) -> int:
    with story.rt.read_session() as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


def ask(story: Story) -> Callable[[], Any]:
    return lambda: story.command(ASKER, "/ask", "How do I fix x?")


def ask_by_form(story: Story) -> Callable[[], Any]:
    story.command(ASKER, "/ask")
    form = story.slack.views[-1][1]
    return lambda: story.submit(
        ASKER, form, {"title": "How do I fix x?", "channel": HELP_CHANNEL}
    )


def thank(story: Story) -> Callable[[], Any]:
    return lambda: story.command(ASKER, "/kudos", KUDOS)


def mark(story: Story) -> Callable[[], Any]:
    post = story.ask()
    answer = story.say(HELPER, "Have you tried it again?", thread_ts=post.ts)
    return lambda: story.message_shortcut(
        ASKER, "mark_solved", HELPER, answer, thread_ts=post.ts
    )


def close(story: Story) -> Callable[[], Any]:
    story.ask()
    story.click(ADMIN, "ask_menu", option=f"close:{story.only_ask().id}")
    form = story.slack.views[-1][1]
    return lambda: story.submit(ADMIN, form, {"reason": "Asked before"})


def forget(story: Story) -> Callable[[], Any]:
    story.ask()
    story.command(ASKER, "/backswing", "forget me")
    form = story.slack.views[-1][1]
    return lambda: story.submit(ASKER, form, {})


@pytest.mark.parametrize("is_committed", [True, False])
@pytest.mark.parametrize("work", [ask, ask_by_form, thank, mark, close, forget])
def test_actions_happen_once_and_succeed(
    story: Story, work: Callable[[Story], Callable[[], Any]], is_committed: bool
):
    do = work(story)
    with lost(story, is_committed=is_committed):
        answer = do()
    assert answer.status == 200
    assert "went wrong" not in answer.body
    assert "error" not in answer.body
    for _ in range(6):
        story.advance(seconds=61)
    posts = [m for m in story.slack.messages if m.channel == HELP_CHANNEL]
    assert len(posts) == 1
    assert count(story, Kudos) == (work is thank)
    with story.rt.read_session() as session:
        states = set(session.scalars(select(OutboxItem.state)))
    assert states <= {"sent", "cancelled"}


@pytest.mark.parametrize("is_committed", [True, False])
def test_events_count_once(story: Story, is_committed: bool):
    post = story.ask()
    with lost(story, is_committed=is_committed):
        answer = story.say(HELPER, "Have you tried it again?", thread_ts=post.ts)
    with lost(story, is_committed=is_committed):
        story.react(PEER, answer, "+1")
    assert (count(story, Answer), count(story, Reaction)) == (1, 1)
    [only_answer] = story.answers()
    assert only_answer.helpful_count == 1


@pytest.mark.parametrize("is_committed", [True, False])
def test_a_sent_message_is_recorded_and_not_sent_again(
    story: Story, is_committed: bool
):
    story.command(ASKER, "/ask", "How do I fix x?")
    losses: list[Any] = []

    def lose_what_is_recorded(method: str) -> None:
        if method == "chat.postMessage" and not losses:
            losses.append(lost(story, is_committed=is_committed))
            losses[0].__enter__()

    story.slack.on_call = lose_what_is_recorded
    story.deliver()
    losses[0].__exit__(None, None, None)
    story.advance(seconds=61)
    assert len(story.slack.messages) == 1
    assert story.only_ask().ts == story.slack.messages[0].ts
