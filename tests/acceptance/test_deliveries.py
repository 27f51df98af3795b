"""Slack delivers twice, late, under another id, in another order: each counts once."""

import pytest
from sqlalchemy import select

from models import Answer, Ask
from sandbox.records import Delivery
from tests.acceptance import invariants
from tests.acceptance.conftest import Town
from tests.acceptance.test_ambiguous import settle

# What the sandbox does to a delivery, once each.
BAD_DAYS = ("lost_ack", "duplicate", "twin", "delay", "reorder")


def answers(town: Town) -> dict[str, int]:
    """Each answer, and how many it helped."""
    with town.backswing.rt.reads() as session:
        return {answer.ts: answer.helped for answer in session.scalars(select(Answer))}


def is_taken(delivery: Delivery) -> bool:
    return delivery.status == 200 and "event_id" in delivery.payload


def test_each_event_counts_once_however_it_is_delivered(town: Town):
    ask = town.ask("How do I test daylight saving?")
    said: dict[str, int] = {}
    for kind in BAD_DAYS:
        for event in ("message", "reaction_added"):
            town.slack.faults.add(kind, event, times=1, seconds=30)
        text = f"Freeze the clock, on a day of {kind}."
        answer = town.slack.say(town.ben, town.here, text, thread_ts=ask)
        town.slack.react(town.chi, town.here, answer, "heart")
        said[answer] = 1
        town.slack.settle()
    settle(town)
    town.until(lambda: answers(town) == said)
    invariants.check(town.slack, town.backswing.database)
    letters = [m for m in town.slack.dm(town.ben) if "helped Chi" in m.text]
    assert len(letters) == len(BAD_DAYS)
    invariants.check(town.slack, town.backswing.database)
    posts = [c for c in town.slack.calls if c.method == "chat.postMessage"]
    assert {str(call.args["unfurl_links"]).lower() for call in posts} <= {"false", "0"}


@pytest.mark.parametrize("transport", ["http"], indirect=True)
def test_an_event_that_comes_again_a_day_later_counts_no_more(town: Town):
    ask = town.ask("How do I test daylight saving?")
    answer = town.slack.say(town.ben, town.here, "Freeze the clock.", thread_ts=ask)
    town.slack.react(town.chi, town.here, answer, "heart")
    settle(town)
    town.later(hours=25)
    events = [d.payload["event_id"] for d in town.slack.deliveries if is_taken(d)]
    for event_id in dict.fromkeys(events):
        assert town.slack.redeliver(event_id, retry_num=3) == 200
    settle(town)
    assert answers(town) == {answer: 1}
    invariants.check(town.slack, town.backswing.database)


def test_a_command_whose_acknowledgement_is_lost_or_that_comes_twice_is_one_ask(
    town: Town,
):
    for kind in ("lost_ack", "duplicate"):
        town.slack.faults.add(kind, "/ask", times=1)
        town.slack.command(town.ana, town.here, "/ask", f"How do I survive {kind}?")
    settle(town)
    town.until(lambda: len(town.posted()) == 2)
    with town.backswing.rt.reads() as session:
        assert len(session.scalars(select(Ask)).all()) == 2
    invariants.check(town.slack, town.backswing.database)
