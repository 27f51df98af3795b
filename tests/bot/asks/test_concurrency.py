"""Many people act at once: no mark is lost, and nothing is sent twice."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import func, select

from models import OutboxItem
from tests.factories import Story
from tests.slack_payloads import (
    ASKER,
    HELP_CHANNEL,
    HELPER,
    message_event,
    reaction_event,
)


def deliver(story: Story, events: list[dict[str, Any]]) -> None:
    """Deliver all events at once, and failed ones again, as Slack does."""

    def send(event: dict[str, Any]) -> None:
        for _ in range(4):
            if story.event(event) == 200:
                return
        raise AssertionError("never acknowledged")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(send, events))


@pytest.mark.deep
@pytest.mark.on_postgresql
def test_thirty_people_mark_one_answer_at_once(story: Story) -> None:
    ask = story.ask()
    answer = story.say(HELPER, "So.", thread_ts=ask.ts)
    events = [
        reaction_event(f"U{n}", answer, emoji, f"1772450000.0000{n:02d}")
        for n in range(30)
        for emoji in ("heart", "+1")
    ]
    deliver(story, events * 2)
    assert story.answer_marks() == {answer: (False, 30)}
    with story.rt.read_session() as session:
        promised = session.scalar(
            select(func.count()).where(OutboxItem.kind == "answer.helped")
        )
    assert promised == 1


@pytest.mark.deep_on_postgresql
def test_answers_and_marks_arrive_all_at_once(story: Story) -> None:
    story.set_up_channel(capture="all")
    ask = "1772442000.000100"
    answers = [f"17724420{n:02d}.000100" for n in range(10, 30)]
    events = [
        message_event(ASKER, "How do I fix x?", ask),
        *(message_event(f"U{ts[8:10]}", "So.", ts, ask) for ts in answers),
        *(reaction_event(ASKER, ts, "heart", "1772442100.000100") for ts in answers),
        reaction_event(ASKER, answers[3], "white_check_mark", "1772442101.000100"),
    ]
    deliver(story, events * 2)
    [only_ask] = story.asks()
    assert only_ask.state == "solved"
    assert len(story.answers()) == 20
    assert set(story.answer_marks().values()) == {(False, 1), (True, 1)}


@pytest.mark.deep_on_postgresql
def test_one_command_on_two_replicas_at_once_is_one_ask(story: Story) -> None:
    story.command(ASKER, "/backswing", "help")
    story.ask("Warming up?")

    def ask(_: int) -> int:
        return story.command(ASKER, "/ask", "How is it done?", trigger_id="same").status

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(ask, range(8))) == {200}
    story.deliver()
    assert len(story.slack.messages_to(HELP_CHANNEL)) == 2
