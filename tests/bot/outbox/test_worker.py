"""The outcomes of an outbox item, for any response of Slack and any crash."""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import delete, select, update

from bot.outbox import enqueue, queue
from bot.outbox.attempts import MAX_FAILURES, MAX_VERIFY_ATTEMPTS, VERIFY_DELAY
from bot.outbox.kind import MessageKind
from bot.outbox.message_type import MessageType
from bot.outbox.queue import LEASE_DURATION, MAX_SEND_TIME, Delivery
from bot.outbox.worker import OutboxWorker
from bot.runtime import Runtime, Transaction
from bot.slack.actions import PostEphemeral, PostMessage, Reschedule, SetReaction
from bot.slack.api import NotSent, OutcomeUnknown, RateLimited, Rejected
from models import Installation, OutboxItem
from tests.factories import Clock
from tests.fakes import FakeSlack

HERE, THERE = "C0HERE", "C0THERE"
POST_METHOD = "chat.postMessage"

POST, REACTION, EPHEMERAL = map(MessageKind, ("post", "reaction", "ephemeral"))


class OutboxHarness:
    """Messages of three kinds, and the outcomes of their delivery."""

    def __init__(self, rt: Runtime) -> None:
        self.rt = rt
        self.is_true = True
        self.sent: list[object] = []
        self.rejected: list[str] = []
        self.lost: list[str] = []
        # Raised while subject 1 is rendered, or when it is recorded as sent.
        self.bug: type[Exception] | None = None
        self.bug_after: type[Exception] | None = None
        self.on_render: Callable[[], None] = lambda: None
        self.message_types = {
            POST: MessageType(
                POST,
                self._render_post,
                "verify",
                self._on_sent,
                lambda _tx, _delivery, error: self.rejected.append(error),
                lambda _tx, _delivery, error: self.lost.append(error),
            ),
            REACTION: MessageType(REACTION, self._render_reaction, "resend"),
            EPHEMERAL: MessageType(EPHEMERAL, self._render_ephemeral, "drop"),
        }
        self.worker = OutboxWorker(rt, self.message_types)

    def _render_post(self, _session: object, delivery: Delivery) -> PostMessage | None:
        if self.bug and delivery.subject_id == 1:
            raise self.bug
        is_true = self.is_true
        self.on_render()
        return (
            PostMessage(delivery.recipient, f"{delivery.subject_id}", [])
            if is_true
            else None
        )

    def _render_reaction(self, _session: object, delivery: Delivery) -> SetReaction:
        self.on_render()
        return SetReaction(delivery.recipient, "1.1", "eyes")

    def _render_ephemeral(self, _session: object, delivery: Delivery) -> PostEphemeral:
        self.on_render()
        return PostEphemeral(delivery.recipient, "U1", "psst", [])

    def _on_sent(self, _tx: object, _delivery: object, result: object) -> None:
        if self.bug_after:
            raise self.bug_after
        self.sent.append(result)

    def make_true_and_enqueue_again(self) -> None:
        self.is_true = True
        self.enqueue()

    def enqueue(
        self, subject: int = 1, *, to: str = HERE, kind: str = "post", due: float = 0
    ) -> None:
        at = self.rt.clock() + timedelta(seconds=due)
        self._enqueue(partial(enqueue.enqueue, send_at=at), kind, subject, to)

    def enqueue_update(
        self, subject: int = 1, *, to: str = HERE, kind: str = "reaction"
    ) -> None:
        self._enqueue(enqueue.enqueue_update, kind, subject, to)

    def _enqueue(
        self, enqueue_function: Callable[..., None], kind: str, subject: int, to: str
    ) -> None:
        with self.rt.write_session.begin() as session:
            enqueue_function(
                session,
                kind,
                subject,
                to,
                installation_id=self.rt.workspaces.only.id,
                now=self.rt.clock(),
            )

    def items(self) -> list[OutboxItem]:
        with self.rt.read_session() as session:
            return list(session.scalars(select(OutboxItem).order_by(OutboxItem.id)))

    def states(self) -> list[str]:
        return [item.state for item in self.items()]

    def go(self) -> int:
        return self.worker.send_due()


@pytest.fixture
def harness(rt: Runtime) -> OutboxHarness:
    return OutboxHarness(rt)


def test_an_item_is_sent_once(harness: OutboxHarness, slack: FakeSlack) -> None:
    harness.enqueue()
    harness.enqueue()
    assert harness.go() == 1
    assert harness.go() == 0
    assert [m.text for m in slack.messages] == ["1"]
    [item] = harness.items()
    assert (item.state, item.slack_channel, item.ts) == (
        "sent",
        HERE,
        slack.messages[0].ts,
    )
    assert harness.sent == [(HERE, item.ts)]


def test_an_outdated_item_is_cancelled_and_may_be_enqueued_again(
    harness: OutboxHarness, slack: FakeSlack
) -> None:
    harness.enqueue()
    harness.is_true = False
    harness.go()
    assert harness.states() == ["cancelled"]
    harness.is_true = True
    harness.enqueue()
    harness.go()
    assert len(slack.messages) == 1


def test_many_changes_are_one_update(harness: OutboxHarness, slack: FakeSlack) -> None:
    for _ in range(5):
        harness.enqueue_update()
    harness.go()
    assert slack.calls == ["reactions.add"]
    harness.enqueue_update()
    harness.go()
    assert slack.calls == ["reactions.add"] * 2


def test_a_change_during_the_delivery_is_shown_afterwards(
    harness: OutboxHarness, slack: FakeSlack
) -> None:
    harness.enqueue_update()
    slack.on_call = lambda _: (
        harness.enqueue_update() if len(slack.calls) == 1 else None
    )
    harness.go()
    assert slack.calls == ["reactions.add"] * 2
    assert harness.states() == ["sent"]


def test_about_one_message_a_second_in_a_channel(
    harness: OutboxHarness, slack: FakeSlack, clock: Clock
) -> None:
    for subject in range(3):
        harness.enqueue(subject)
    harness.enqueue(9, to=THERE)
    assert harness.go() == 2
    assert [m.text for m in slack.messages] == ["0", "9"]
    clock.advance(seconds=0.9)
    assert harness.go() == 0
    clock.advance(seconds=0.1)
    assert harness.go() == 1
    clock.advance(seconds=1)
    harness.go()
    assert [m.text for m in slack.messages_to(HERE)] == ["0", "1", "2"]


def test_an_item_that_was_certainly_not_posted_is_retried_later(
    harness: OutboxHarness, slack: FakeSlack, clock: Clock
) -> None:
    slack.fail[POST_METHOD] = [NotSent(POST_METHOD, "not_connected")] * 2
    harness.enqueue()
    harness.go()
    assert harness.states() == ["pending"]
    assert harness.go() == 0
    clock.advance(seconds=2)
    harness.go()
    clock.advance(seconds=3)
    assert harness.go() == 0
    clock.advance(seconds=1)
    harness.go()
    assert harness.states() == ["sent"]
    assert len(slack.messages) == 1


def test_after_many_attempts_it_is_given_up(
    harness: OutboxHarness, slack: FakeSlack, clock: Clock
) -> None:
    slack.fail[POST_METHOD] = [NotSent(POST_METHOD, "not_connected")] * MAX_FAILURES
    harness.enqueue()
    for _ in range(MAX_FAILURES):
        assert harness.states() == ["pending"]
        harness.go()
        clock.advance(minutes=10)
    assert harness.states() == ["rejected"]
    assert harness.rejected == ["not_connected"]


def test_a_rate_limit_pauses_that_method_only_and_keeps_the_order(
    harness: OutboxHarness, slack: FakeSlack, clock: Clock
) -> None:
    slack.fail[POST_METHOD] = [RateLimited(POST_METHOD, 30)]
    harness.enqueue(1)
    harness.enqueue(2, to=THERE)
    harness.enqueue_update(3, to="C0OTHER")
    harness.go()
    assert slack.calls == [POST_METHOD, "reactions.add"]
    clock.advance(seconds=29)
    harness.go()
    assert slack.messages == []
    clock.advance(seconds=1)
    harness.go()
    assert [m.text for m in slack.messages] == ["1", "2"]


def test_an_item_that_slack_refuses_for_good_is_rejected_with_the_reason(
    harness: OutboxHarness, slack: FakeSlack
) -> None:
    slack.fail[POST_METHOD] = [Rejected(POST_METHOD, "is_archived")]
    harness.enqueue()
    harness.go()
    assert harness.states() == ["rejected"]
    assert harness.rejected == ["is_archived"]


def test_a_revoked_token_stops_everything_until_it_works_again(
    harness: OutboxHarness, slack: FakeSlack, rt: Runtime
) -> None:
    slack.fail[POST_METHOD] = [Rejected(POST_METHOD, "token_revoked")]
    harness.enqueue(1)
    harness.enqueue(2, to=THERE)
    harness.go()
    assert slack.calls == [POST_METHOD]
    assert harness.states() == ["pending", "pending"]
    with rt.write_session.begin() as session:
        session.execute(update(Installation).values(disabled_reason=None))
    harness.go()
    assert harness.states() == ["sent", "sent"]


@pytest.mark.parametrize("was_posted", [True, False])
def test_an_unknown_outcome_is_looked_up_before_anything_is_resent(
    harness: OutboxHarness, slack: FakeSlack, clock: Clock, was_posted: bool
) -> None:
    fail = slack.fail_after if was_posted else slack.fail
    fail[POST_METHOD] = [OutcomeUnknown(POST_METHOD, "TimeoutError")]
    harness.enqueue()
    harness.go()
    assert harness.states() == ["unconfirmed"]
    for _ in range(3):
        clock.advance(seconds=10)
        harness.go()
    assert harness.states() == ["sent"]
    assert len(slack.messages) == 1
    assert harness.sent == [(HERE, slack.messages[0].ts)]
    looks = slack.calls.count("conversations.history")
    assert (looks, slack.calls.count(POST_METHOD)) == ((1, 1) if was_posted else (2, 2))


def test_an_unconfirmed_item_that_can_not_be_looked_up_is_never_resent(
    harness: OutboxHarness, slack: FakeSlack, clock: Clock
) -> None:
    slack.fail_after[POST_METHOD] = [OutcomeUnknown(POST_METHOD, "TimeoutError")]
    slack.fail["conversations.history"] = [
        Rejected("conversations.history", "missing_scope")
    ]
    harness.enqueue()
    harness.go()
    for _ in range(5):
        clock.advance(minutes=1)
        harness.go()
    assert harness.states() == ["lost"]
    assert len(slack.messages) == 1


def test_a_failed_lookup_is_repeated(
    harness: OutboxHarness, slack: FakeSlack, clock: Clock
) -> None:
    slack.fail_after[POST_METHOD] = [OutcomeUnknown(POST_METHOD, "TimeoutError")]
    slack.fail["conversations.history"] = [
        RateLimited("conversations.history", 5),
        OutcomeUnknown("conversations.history", "TimeoutError"),
    ]
    harness.enqueue()
    for _ in range(8):
        harness.go()
        clock.advance(seconds=10)
    assert harness.states() == ["sent"]
    assert len(slack.messages) == 1


def test_an_unconfirmed_ephemeral_message_is_dropped(
    harness: OutboxHarness, slack: FakeSlack
) -> None:
    slack.fail_after["chat.postEphemeral"] = [OutcomeUnknown("chat.postEphemeral", "x")]
    harness.enqueue(kind="ephemeral")
    harness.go()
    assert harness.states() == ["lost"]


def test_an_unconfirmed_update_is_sent_again(
    harness: OutboxHarness, slack: FakeSlack, clock: Clock
) -> None:
    slack.fail_after["reactions.add"] = [OutcomeUnknown("reactions.add", "x")]
    harness.enqueue_update()
    harness.go()
    clock.advance(seconds=2)
    harness.go()
    assert harness.states() == ["sent"]


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


def test_a_bug_in_one_message_does_not_delay_those_behind_it(
    harness: OutboxHarness,
    slack: FakeSlack,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    harness.bug = ZeroDivisionError
    harness.enqueue(1)
    harness.enqueue(2)
    for _ in range(2 * MAX_FAILURES):
        harness.go()
        clock.advance(minutes=11)
    assert [m.text for m in slack.messages] == ["2"]
    assert harness.states() == ["rejected", "sent"]
    assert harness.rejected == ["ZeroDivisionError"]
    assert "delivery failed" in caplog.text


def test_an_item_sent_but_not_recorded_is_not_sent_again(
    harness: OutboxHarness, slack: FakeSlack, clock: Clock
) -> None:
    harness.bug_after = ZeroDivisionError
    harness.enqueue()
    harness.go()
    assert harness.states() == ["unconfirmed"]
    harness.bug_after = None
    clock.advance(seconds=10)
    harness.go()
    assert harness.states() == ["sent"]
    assert len(slack.messages) == 1


def test_a_post_that_stays_unconfirmed_ends(
    harness: OutboxHarness, slack: FakeSlack, clock: Clock
) -> None:
    slack.fail[POST_METHOD] = [OutcomeUnknown(POST_METHOD, "internal_error")] * 100
    harness.enqueue()
    for _ in range(6 * MAX_FAILURES):
        harness.go()
        clock.advance(minutes=11)
    assert harness.states() == ["lost"]
    assert slack.calls.count(POST_METHOD) == MAX_FAILURES
    assert harness.lost == ["internal_error"]


def test_waiting_for_a_rate_limit_is_no_failed_attempt(
    harness: OutboxHarness, slack: FakeSlack, clock: Clock
) -> None:
    slack.fail[POST_METHOD] = [RateLimited(POST_METHOD, 1)] * (2 * MAX_FAILURES)
    harness.enqueue()
    for _ in range(3 * MAX_FAILURES):
        harness.go()
        clock.advance(minutes=1)
    assert harness.states() == ["sent"]


def test_an_item_enqueued_during_the_rendering_is_rendered_again(
    harness: OutboxHarness, slack: FakeSlack
) -> None:
    harness.enqueue()
    harness.is_true = False
    harness.on_render = harness.make_true_and_enqueue_again
    harness.go()
    assert len(slack.messages) == 1
    assert harness.states() == ["sent"]


def test_an_item_enqueued_again_before_it_is_sent_waits_anew(
    harness: OutboxHarness, slack: FakeSlack, clock: Clock
) -> None:
    harness.enqueue(due=60)
    clock.advance(seconds=50)
    harness.enqueue(due=60)
    clock.advance(seconds=20)
    harness.go()
    assert slack.messages == []
    clock.advance(seconds=40)
    harness.go()
    assert len(slack.messages) == 1


def test_many_workers_send_everything_once(
    rt: Runtime, slack: FakeSlack, clock: Clock
) -> None:
    harness = OutboxHarness(rt)
    for subject in range(40):
        harness.enqueue(subject, to=f"C{subject % 20}")
    others = [OutboxHarness(rt) for _ in range(4)]

    def work(worker_harness: OutboxHarness) -> None:
        for _ in range(4):
            worker_harness.go()

    for _ in range(3):
        threads = [
            threading.Thread(target=work, args=(worker_harness,))
            for worker_harness in others
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        clock.advance(seconds=1)
    assert sorted(int(m.text) for m in slack.messages) == list(range(40))
    assert set(harness.states()) == {"sent"}


def test_a_commit_wakes_the_threads_and_they_stop(
    harness: OutboxHarness, slack: FakeSlack
) -> None:
    came = threading.Event()
    slack.on_call = lambda _: came.set()
    harness.worker.start()
    harness.enqueue()
    assert came.wait(5)
    harness.worker.stop(5)
    assert not any(t.name.startswith("delivery") for t in threading.enumerate())


def test_no_transaction_is_open_during_a_call_to_slack(
    harness: OutboxHarness, slack: FakeSlack, rt: Runtime
) -> None:
    def write(_: str) -> None:
        with rt.write_session.begin() as session:
            session.execute(update(Installation).values(team_name="still writable"))

    slack.on_call = write
    harness.enqueue()
    harness.go()
    assert harness.states() == ["sent"]


def test_an_item_due_at_the_wrong_time_is_rendered_at_the_right_one(
    harness: OutboxHarness, slack: FakeSlack, clock: Clock, rt: Runtime
) -> None:
    right = clock() + timedelta(hours=1)

    def render(_session: object, delivery: Delivery) -> PostMessage | Reschedule:
        if delivery.started_at < right:
            return Reschedule(right)
        return PostMessage(delivery.recipient, f"at {delivery.started_at:%H:%M}", [])

    patient = OutboxWorker(rt, {POST: MessageType(POST, render)})
    harness.enqueue(due=-5)
    patient.send_due()
    assert slack.calls == []
    [item] = harness.items()
    assert (item.state, item.due_at, item.failures) == ("pending", right, 0)
    clock.advance(hours=1)
    patient.send_due()
    assert slack.texts_to(HERE) == [f"at {right:%H:%M}"]


# Messages that follow from a delivery


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
