"""Slack delivers events twice, late or out of order: each counts once."""

import pytest
from sqlalchemy import select

from models import Answer, Ask
from sandbox.workspace.records import Delivery
from tests.acceptance import invariants
from tests.acceptance.conftest import Deployment
from tests.acceptance.test_ambiguous import settle

# The sandbox's faults for a delivery, each once.
BAD_DAYS = ("lost_ack", "duplicate", "twin", "delay", "reorder")


def answers(deployment: Deployment) -> dict[str, int]:
    """Return each answer and the number of people it helped."""
    with deployment.backswing.rt.read_session() as session:
        return {
            answer.ts: answer.helpful_count
            for answer in session.scalars(select(Answer))
        }


def is_taken(delivery: Delivery) -> bool:
    return delivery.status == 200 and "event_id" in delivery.payload


@pytest.mark.deep
def test_each_event_counts_once_however_it_is_delivered(deployment: Deployment):
    ask = deployment.ask("How do I test daylight saving?")
    timestamps: dict[str, int] = {}
    for kind in BAD_DAYS:
        for event in ("message", "reaction_added"):
            deployment.slack.faults.add(kind, event, times=1, seconds=30)
        text = f"Freeze the clock, on a day of {kind}."
        answer = deployment.slack.say(
            deployment.ben, deployment.channel, text, thread_ts=ask
        )
        deployment.slack.react(deployment.chi, deployment.channel, answer, "heart")
        timestamps[answer] = 1
        deployment.slack.wait_for_deliveries()
    settle(deployment)
    deployment.wait_until(lambda: answers(deployment) == timestamps)
    invariants.check(deployment.slack, deployment.backswing.database)
    notes = [m for m in deployment.slack.dm(deployment.ben) if "helped Chi" in m.text]
    assert len(notes) == len(BAD_DAYS)
    invariants.check(deployment.slack, deployment.backswing.database)
    posts = [c for c in deployment.slack.calls if c.method == "chat.postMessage"]
    assert {str(call.args["unfurl_links"]).lower() for call in posts} <= {"false", "0"}


@pytest.mark.parametrize("transport", ["http"], indirect=True)
@pytest.mark.deep
def test_an_event_redelivered_after_a_day_has_no_effect(deployment: Deployment):
    ask = deployment.ask("How do I test daylight saving?")
    answer = deployment.slack.say(
        deployment.ben, deployment.channel, "Freeze the clock.", thread_ts=ask
    )
    deployment.slack.react(deployment.chi, deployment.channel, answer, "heart")
    settle(deployment)
    deployment.advance(hours=25)
    events = [d.payload["event_id"] for d in deployment.slack.deliveries if is_taken(d)]
    for event_id in dict.fromkeys(events):
        assert deployment.slack.redeliver(event_id, retry_num=3) == 200
    settle(deployment)
    assert answers(deployment) == {answer: 1}
    invariants.check(deployment.slack, deployment.backswing.database)


def test_a_command_delivered_twice_or_without_its_acknowledgement_is_one_ask(
    deployment: Deployment,
):
    for kind in ("lost_ack", "duplicate"):
        deployment.slack.faults.add(kind, "/ask", times=1)
        deployment.slack.command(
            deployment.ana, deployment.channel, "/ask", f"How do I survive {kind}?"
        )
    settle(deployment)
    deployment.wait_until(lambda: len(deployment.channel_posts()) == 2)
    with deployment.backswing.rt.read_session() as session:
        assert len(session.scalars(select(Ask)).all()) == 2
    invariants.check(deployment.slack, deployment.backswing.database)
