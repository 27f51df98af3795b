"""Messages whose delivery Slack did not confirm."""

import pytest

from bot.outbox.attempts import MAX_FAILURES
from bot.slack.api import OutcomeUnknown, RateLimited, Rejected
from tests.factories import Clock
from tests.fakes import FakeSlack
from tests.outbox import HERE, POST_METHOD, OutboxHarness

pytestmark = pytest.mark.on_postgresql


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


def test_an_unconfirmed_reply_is_looked_up_in_its_thread(
    harness: OutboxHarness, slack: FakeSlack, clock: Clock
) -> None:
    slack.fail_after[POST_METHOD] = [OutcomeUnknown(POST_METHOD, "TimeoutError")]
    harness.enqueue(payload={"thread_ts": "1772442000.000001"})
    harness.go()
    clock.advance(seconds=10)
    harness.go()
    assert harness.states() == ["sent"]
    assert len(slack.messages) == 1


def test_it_is_looked_up_since_it_was_first_sent(
    harness: OutboxHarness, slack: FakeSlack, clock: Clock
) -> None:
    began = clock()
    slack.fail[POST_METHOD] = [OutcomeUnknown(POST_METHOD, "TimeoutError")] * 2
    harness.enqueue()
    for _ in range(3):
        harness.go()
        clock.advance(seconds=10)
    [item] = harness.items()
    assert item.attempts > 1
    assert item.first_sent_at == began


def test_what_was_not_there_and_is_rejected_then_is_not_lost(
    harness: OutboxHarness, slack: FakeSlack, clock: Clock
) -> None:
    slack.fail[POST_METHOD] = [
        OutcomeUnknown(POST_METHOD, "TimeoutError"),
        Rejected(POST_METHOD, "not_in_channel"),
    ]
    harness.enqueue()
    for _ in range(4):
        harness.go()
        clock.advance(seconds=10)
    assert harness.states() == ["rejected"]
    assert (harness.rejected, harness.lost) == (["not_in_channel"], [])


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
