"""Messages that a process left in the outbox when it ended."""

import pytest

import jobs.outbox
from bot.outbox import queue
from bot.outbox.attempts import VERIFY_DELAY
from bot.runtime import Runtime
from tests.factories import Clock
from tests.fakes import FakeSlack
from tests.outbox import HERE, OutboxHarness

pytestmark = pytest.mark.on_postgresql


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_an_sqlite_file_has_no_lease_of_an_ended_process(
    harness: OutboxHarness, rt: Runtime, slack: FakeSlack, clock: Clock
):
    harness.enqueue(1)
    harness.enqueue(2)
    with rt.write_session.begin() as session:
        claim = queue.claim(session, rt.workspaces.only.id, now=clock())
    assert claim is not None
    slack.post(HERE, "1", [], metadata_token=claim.metadata_token)
    jobs.outbox.release_leases(rt)
    for _ in range(3):
        clock.advance(seconds=1)
        harness.go()
    assert [m.text for m in slack.messages] == ["1", "2"]
    assert harness.states() == ["sent", "sent"]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_after_a_start_a_channel_waits_as_after_a_message(
    harness: OutboxHarness, rt: Runtime, slack: FakeSlack, clock: Clock
):
    """The ended process may have posted right before it ended."""
    harness.enqueue()
    with rt.write_session.begin() as session:
        queue.claim(session, rt.workspaces.only.id, now=clock())
    jobs.outbox.release_leases(rt)
    assert harness.go() == 0
    assert slack.calls == []
    clock.advance(seconds=queue.MESSAGE_INTERVAL.total_seconds())
    assert harness.go() == 1


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_an_ended_process_unsent_item_is_sent_after_two_lookups(
    harness: OutboxHarness, rt: Runtime, slack: FakeSlack, clock: Clock
):
    harness.enqueue()
    with rt.write_session.begin() as session:
        queue.claim(session, rt.workspaces.only.id, now=clock())
    jobs.outbox.release_leases(rt)
    clock.advance(seconds=1)
    harness.go()
    assert slack.messages == []
    clock.advance(seconds=VERIFY_DELAY.total_seconds())
    harness.go()
    assert [m.text for m in slack.messages] == ["1"]


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_another_replica_keeps_its_lease(
    harness: OutboxHarness, rt: Runtime, clock: Clock
):
    harness.enqueue()
    with rt.write_session.begin() as session:
        queue.claim(session, rt.workspaces.only.id, now=clock())
    jobs.outbox.release_leases(rt)
    clock.advance(seconds=1)
    assert harness.go() == 0
    assert harness.states() == ["sending"]
