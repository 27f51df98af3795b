"""The outcomes of an outbox item, for any response of Slack and any crash."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import update

from bot.outbox.attempts import MAX_FAILURES
from bot.outbox.message_type import MessageType
from bot.outbox.queue import Delivery
from bot.outbox.worker import OutboxWorker
from bot.runtime import Runtime
from bot.slack.actions import PostIfMember, PostMessage, Reschedule
from bot.slack.api import NotSent, RateLimited, Rejected
from models import Installation
from tests.factories import Clock
from tests.fakes import FakeSlack
from tests.outbox import HERE, POST, POST_METHOD, THERE, OutboxHarness
from tests.slack_payloads import HELPER

pytestmark = pytest.mark.on_postgresql


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
    harness: OutboxHarness, slack: FakeSlack, clock: Clock
) -> None:
    harness.enqueue()
    harness.is_true = False
    harness.go()
    assert harness.states() == ["cancelled"]
    harness.is_true = True
    clock.advance(days=40)
    harness.enqueue()
    harness.go()
    assert len(slack.messages) == 1
    assert [item.first_sent_at for item in harness.items()] == [clock()]


@pytest.mark.parametrize(
    ("error", "calls"),
    [("channel_not_found", 2), ("is_archived", 2), ("message_not_found", 1)],
)
def test_an_update_is_made_once_more_when_the_bot_is_back_in_the_channel(
    harness: OutboxHarness, slack: FakeSlack, error: str, calls: int
) -> None:
    slack.fail["reactions.add"] = [Rejected("reactions.add", error)]
    harness.enqueue_update()
    harness.enqueue_update(to=THERE)
    harness.go()
    assert sorted(harness.states()) == ["rejected", "sent"]
    [refused] = [item.recipient for item in harness.items() if item.error]
    for _ in range(2):
        harness.repeat_refused(refused)
        harness.go()
    assert slack.calls == ["reactions.add"] * (calls + 1)


def test_an_update_that_is_refused_while_the_bot_comes_back_is_made_again(
    harness: OutboxHarness, slack: FakeSlack
) -> None:
    def come_back(_method: str) -> None:
        slack.on_call = lambda _: None
        harness.repeat_refused(HERE)

    slack.fail["reactions.add"] = [Rejected("reactions.add", "channel_not_found")]
    slack.on_call = come_back
    harness.enqueue_update()
    harness.go()
    assert harness.states() == ["sent"]
    assert slack.calls == ["reactions.add"] * 2


def test_many_changes_are_one_update(
    harness: OutboxHarness, slack: FakeSlack, clock: Clock
) -> None:
    for _ in range(5):
        harness.enqueue_update()
    harness.go()
    assert slack.calls == ["reactions.add"]
    clock.advance(days=40)
    harness.enqueue_update()
    harness.go()
    assert slack.calls == ["reactions.add"] * 2
    assert [item.first_sent_at for item in harness.items()] == [clock()]


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


def test_messages_that_depend_on_a_membership_are_spaced_too(
    rt: Runtime, harness: OutboxHarness, slack: FakeSlack, clock: Clock
) -> None:
    slack.members_by_channel[THERE] = [HELPER]
    post = PostMessage(HELPER, "Hello.", [])
    message_type = MessageType(POST, lambda _tx, _delivery: PostIfMember(post, THERE))
    worker = OutboxWorker(rt, {POST: message_type})
    for subject in (1, 2):
        harness.enqueue(subject, to=HELPER)
    worker.send_due()
    assert len(slack.messages) == 1
    clock.advance(seconds=1)
    worker.send_due()
    assert len(slack.messages) == 2


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


def test_an_item_enqueued_for_later_during_the_rendering_waits(
    harness: OutboxHarness, slack: FakeSlack, clock: Clock
) -> None:
    def enqueue_for_later() -> None:
        harness.is_true = True
        harness.enqueue(due=60)

    harness.enqueue()
    harness.is_true = False
    harness.on_render = enqueue_for_later
    harness.go()
    assert slack.messages == []
    clock.advance(seconds=61)
    harness.on_render = lambda: None
    harness.go()
    assert len(slack.messages) == 1


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
