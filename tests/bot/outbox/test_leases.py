"""Leases, and workers that stop or are too slow."""

from datetime import timedelta

import pytest

from bot.outbox import queue
from bot.outbox.attempts import MAX_VERIFY_ATTEMPTS, VERIFY_DELAY
from bot.outbox.queue import LEASE_DURATION, MAX_SEND_TIME
from bot.runtime import Runtime
from bot.slack.api import OutcomeUnknown
from tests.factories import Clock
from tests.fakes import FakeSlack
from tests.outbox import HERE, POST_METHOD, OutboxHarness

pytestmark = pytest.mark.on_postgresql


@pytest.mark.parametrize("was_posted", [True, False])
def test_a_dead_worker_leaves_a_lease_and_no_second_message(
    harness: OutboxHarness,
    slack: FakeSlack,
    clock: Clock,
    rt: Runtime,
    was_posted: bool,
) -> None:
    harness.enqueue()
    with rt.write_session.begin() as session:
        delivery = queue.claim(session, rt.workspaces.only.id, now=clock())
    assert delivery is not None
    if was_posted:
        slack.post(HERE, "1", [], metadata_token=delivery.metadata_token)
    assert harness.go() == 0
    clock.advance(seconds=LEASE_DURATION.total_seconds())
    for _ in range(3):
        harness.go()
        clock.advance(seconds=VERIFY_DELAY.total_seconds())
    assert harness.states() == ["sent"]
    assert len(slack.messages) == 1


def stand_still(harness: OutboxHarness, clock: Clock, by: timedelta) -> None:
    """Pause this worker once, between its claim and its call to Slack."""

    def wait() -> None:
        harness.on_render = lambda: None
        clock.advance(seconds=by.total_seconds())

    harness.on_render = wait


def test_a_worker_paused_beyond_its_lease_sends_nothing_after_another_has(
    harness: OutboxHarness, slack: FakeSlack, clock: Clock, rt: Runtime
) -> None:
    other = OutboxHarness(rt)

    def wait_for_the_other() -> None:
        clock.advance(seconds=LEASE_DURATION.total_seconds())
        for _ in range(MAX_VERIFY_ATTEMPTS):
            other.go()
            clock.advance(seconds=VERIFY_DELAY.total_seconds())

    harness.on_render = wait_for_the_other
    harness.enqueue()
    harness.go()
    assert len(slack.messages) == 1
    assert harness.states() == ["sent"]
    [item] = harness.items()
    assert (item.ts, item.attempts) == (slack.messages[0].ts, 1 + MAX_VERIFY_ATTEMPTS)


@pytest.mark.parametrize(
    "still",
    [
        LEASE_DURATION - MAX_SEND_TIME + timedelta(seconds=1),
        LEASE_DURATION,
        timedelta(hours=1),
    ],
)
@pytest.mark.parametrize("kind", ["post", "reaction", "ephemeral"])
def test_a_worker_whose_lease_is_almost_over_leaves_the_item_to_the_next_turn(
    harness: OutboxHarness, slack: FakeSlack, clock: Clock, still: timedelta, kind: str
) -> None:
    stand_still(harness, clock, still)
    harness.enqueue(kind=kind)
    harness.go()
    assert slack.calls == []
    assert [(item.state, item.error) for item in harness.items()] == [
        ("pending", "lease_over")
    ]
    clock.advance(seconds=2)
    harness.go()
    assert len(slack.calls) == 1
    assert harness.states() == ["sent"]


def test_a_worker_with_enough_time_left_sends(
    harness: OutboxHarness, slack: FakeSlack, clock: Clock
) -> None:
    stand_still(harness, clock, LEASE_DURATION - MAX_SEND_TIME)
    harness.enqueue()
    harness.go()
    assert harness.states() == ["sent"]


def test_a_slow_lookup_is_repeated_before_anything_is_sent(
    harness: OutboxHarness, slack: FakeSlack, clock: Clock
) -> None:
    slack.fail[POST_METHOD] = [OutcomeUnknown(POST_METHOD, "TimeoutError")]
    harness.enqueue()
    harness.go()
    clock.advance(seconds=10)
    harness.go()
    stand_still(harness, clock, LEASE_DURATION)
    clock.advance(seconds=10)
    harness.go()
    assert harness.states() == ["unconfirmed"]
    assert slack.messages == []
    clock.advance(seconds=10)
    harness.go()
    assert slack.calls.count("conversations.history") == 3
    assert harness.states() == ["sent"]
    assert len(slack.messages) == 1


def test_a_worker_that_lost_the_lease_records_nothing(
    harness: OutboxHarness, slack: FakeSlack, clock: Clock, rt: Runtime
) -> None:
    harness.enqueue()
    with rt.write_session.begin() as session:
        stale = queue.claim(session, rt.workspaces.only.id, now=clock())
    assert stale is not None
    clock.advance(minutes=2)
    harness.go()
    with rt.write_session.begin() as session:
        assert not queue.finish(session, stale, now=clock(), state="rejected")
    assert harness.states() == ["unconfirmed"]
