"""Messages that follow from a delivery."""

from dataclasses import replace

import pytest
from sqlalchemy import delete, select, update

from bot.outbox import enqueue
from bot.outbox.attempts import VERIFY_DELAY
from bot.outbox.queue import Delivery
from bot.outbox.worker import OutboxWorker
from bot.runtime import Runtime, Transaction
from bot.slack.api import OutcomeUnknown, Rejected
from models import OutboxItem
from tests.factories import Clock
from tests.fakes import FakeSlack
from tests.outbox import EPHEMERAL, HERE, POST, POST_METHOD, REACTION, OutboxHarness

pytestmark = pytest.mark.on_postgresql


class FollowUps:
    """A post after which others follow: a direct message, a reply, an update."""

    def __init__(self, harness: OutboxHarness) -> None:
        self._harness = harness
        self.message_type = replace(
            harness.message_types[POST],
            on_sent=self._enqueue_follow_ups,
            on_lost=lambda tx, delivery, _reason: self._enqueue_follow_ups(
                tx, delivery, None
            ),
        )

    def _enqueue_follow_ups(
        self, tx: Transaction, delivery: Delivery, _result: object
    ) -> None:
        if delivery.subject_id != 1:
            return
        for kind, say in (
            (POST, enqueue.enqueue),
            (EPHEMERAL, enqueue.enqueue),
            (REACTION, enqueue.enqueue_update),
        ):
            say(
                tx.session,
                kind,
                2,
                f"C0{kind.upper()}",
                installation_id=delivery.installation_id,
                now=tx.now,
            )

    def marks(self) -> dict[str, tuple[str, str]]:
        """Return the state and the metadata token of each follow-up, by kind."""
        return {
            item.kind: (item.state, item.metadata_token)
            for item in self._harness.items()
            if item.subject_id == 2
        }


@pytest.fixture
def follow_ups(harness: OutboxHarness) -> FollowUps:
    follow_ups = FollowUps(harness)
    harness.worker = OutboxWorker(
        harness.rt, {**harness.message_types, POST: follow_ups.message_type}
    )
    return follow_ups


def test_follow_ups_of_a_sent_item_are_sent_at_once(
    harness: OutboxHarness, follow_ups: FollowUps, slack: FakeSlack
) -> None:
    harness.enqueue()
    harness.go()
    assert [m.text for m in slack.messages] == ["1", "2"]
    assert {state for state, _ in follow_ups.marks().values()} == {"sent"}
    assert "conversations.history" not in slack.calls


def test_follow_ups_of_a_found_item_are_looked_up(
    harness: OutboxHarness, follow_ups: FollowUps, slack: FakeSlack, clock: Clock
) -> None:
    """Ephemeral messages and repeatable actions need no lookup."""
    slack.fail_after[POST_METHOD] = [OutcomeUnknown(POST_METHOD, "timeout")]
    harness.enqueue()
    harness.go()
    clock.advance(seconds=VERIFY_DELAY.total_seconds())
    slack.calls.clear()
    assert harness.go()
    assert {kind: state for kind, (state, _) in follow_ups.marks().items()} == {
        "post": "unconfirmed",
        "ephemeral": "sent",
        "reaction": "sent",
    }
    assert slack.calls.count("conversations.history") == 2
    [follow_up] = [item for item in harness.items() if item.recipient == "C0POST"]
    [post] = [item for item in harness.items() if item.recipient == HERE]
    assert follow_up.first_sent_at == post.first_sent_at
    clock.advance(seconds=VERIFY_DELAY.total_seconds())
    harness.go()
    assert [m.text for m in slack.messages] == ["1", "2"]


def test_a_follow_up_has_the_same_token_each_time(
    harness: OutboxHarness,
    follow_ups: FollowUps,
    rt: Runtime,
    slack: FakeSlack,
    clock: Clock,
) -> None:
    """It is the same in a copy of the database in which it is not enqueued yet."""
    harness.enqueue()
    with rt.read_session() as session:
        mark = session.scalars(select(OutboxItem.metadata_token)).one()
    harness.go()
    first = follow_ups.marks()
    with rt.write_session.begin() as session:
        session.execute(delete(OutboxItem))
    harness.enqueue()
    with rt.write_session.begin() as session:
        session.execute(
            update(OutboxItem).values(
                metadata_token=mark, state="unconfirmed", first_sent_at=clock()
            )
        )
    for _ in range(3):
        clock.advance(seconds=VERIFY_DELAY.total_seconds())
        harness.go()
    assert [m.text for m in slack.messages] == ["1", "2"]
    assert follow_ups.marks() == first
    assert len({mark, *(operation for _, operation in first.values())}) == 4


def test_follow_ups_of_an_item_without_lookup_are_sent_without_one(
    harness: OutboxHarness, follow_ups: FollowUps, slack: FakeSlack, clock: Clock
) -> None:
    slack.fail[POST_METHOD] = [OutcomeUnknown(POST_METHOD, "timeout")]
    slack.fail["conversations.history"] = [
        Rejected("conversations.history", "missing_scope")
    ]
    harness.enqueue()
    harness.go()
    clock.advance(seconds=VERIFY_DELAY.total_seconds())
    harness.go()
    assert [m.text for m in slack.messages] == ["2"]
