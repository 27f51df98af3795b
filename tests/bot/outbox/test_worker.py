"""What becomes of a promise, whatever Slack answers and whoever crashes."""

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

POST, SIGN, WHISPER = map(MessageKind, ("post", "sign", "whisper"))


class Desk:
    """Promises of three kinds, and what became of them."""

    def __init__(self, rt: Runtime) -> None:
        self.rt = rt
        self.is_true = True
        self.delivered: list[object] = []
        self.parked: list[str] = []
        self.unknown: list[str] = []
        # Raised while subject 1 is drawn, or when it is recorded as delivered.
        self.bug: type[Exception] | None = None
        self.bug_after: type[Exception] | None = None
        self.on_draw: Callable[[], None] = lambda: None
        self.message_types = {
            POST: MessageType(
                POST,
                self._post,
                "verify",
                self._delivered,
                lambda _tx, _delivery, error: self.parked.append(error),
                lambda _tx, _delivery, error: self.unknown.append(error),
            ),
            SIGN: MessageType(SIGN, self._sign, "resend"),
            WHISPER: MessageType(WHISPER, self._whisper, "drop"),
        }
        self.deliverer = OutboxWorker(rt, self.message_types)

    def _post(self, _session: object, claim: Delivery) -> PostMessage | None:
        if self.bug and claim.subject_id == 1:
            raise self.bug
        is_true = self.is_true
        self.on_draw()
        return (
            PostMessage(claim.recipient, f"{claim.subject_id}", []) if is_true else None
        )

    def _sign(self, _session: object, claim: Delivery) -> SetReaction:
        self.on_draw()
        return SetReaction(claim.recipient, "1.1", "eyes")

    def _whisper(self, _session: object, claim: Delivery) -> PostEphemeral:
        self.on_draw()
        return PostEphemeral(claim.recipient, "U1", "psst", [])

    def _delivered(self, _tx: object, _delivery: object, result: object) -> None:
        if self.bug_after:
            raise self.bug_after
        self.delivered.append(result)

    def make_true_and_promise_again(self) -> None:
        self.is_true = True
        self.promise()

    def promise(
        self, subject: int = 1, *, to: str = HERE, kind: str = "post", due: float = 0
    ) -> None:
        at = self.rt.clock() + timedelta(seconds=due)
        self._say(partial(enqueue.enqueue, send_at=at), kind, subject, to)

    def refresh(self, subject: int = 1, *, to: str = HERE, kind: str = "sign") -> None:
        self._say(enqueue.enqueue_update, kind, subject, to)

    def _say(self, how: Callable[..., None], kind: str, subject: int, to: str) -> None:
        with self.rt.write_session.begin() as session:
            how(
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
        return self.deliverer.send_due()


@pytest.fixture
def desk(rt: Runtime) -> Desk:
    return Desk(rt)


def test_a_promise_is_kept_once(desk: Desk, slack: FakeSlack) -> None:
    desk.promise()
    desk.promise()
    assert desk.go() == 1
    assert desk.go() == 0
    assert [m.text for m in slack.messages] == ["1"]
    [item] = desk.items()
    assert (item.state, item.slack_channel, item.ts) == (
        "sent",
        HERE,
        slack.messages[0].ts,
    )
    assert desk.delivered == [(HERE, item.ts)]


def test_what_is_no_longer_true_is_withdrawn_and_may_become_true_again(
    desk: Desk, slack: FakeSlack
) -> None:
    desk.promise()
    desk.is_true = False
    desk.go()
    assert desk.states() == ["cancelled"]
    desk.is_true = True
    desk.promise()
    desk.go()
    assert len(slack.messages) == 1


def test_many_changes_are_one_refresh(desk: Desk, slack: FakeSlack) -> None:
    for _ in range(5):
        desk.refresh()
    desk.go()
    assert slack.calls == ["reactions.add"]
    desk.refresh()
    desk.go()
    assert slack.calls == ["reactions.add"] * 2


def test_a_change_while_it_is_being_sent_is_shown_afterwards(
    desk: Desk, slack: FakeSlack
) -> None:
    desk.refresh()
    slack.on_call = lambda _: desk.refresh() if len(slack.calls) == 1 else None
    desk.go()
    assert slack.calls == ["reactions.add"] * 2
    assert desk.states() == ["sent"]


def test_about_one_message_a_second_in_a_channel(
    desk: Desk, slack: FakeSlack, clock: Clock
) -> None:
    for subject in range(3):
        desk.promise(subject)
    desk.promise(9, to=THERE)
    assert desk.go() == 2
    assert [m.text for m in slack.messages] == ["0", "9"]
    clock.advance(seconds=0.9)
    assert desk.go() == 0
    clock.advance(seconds=0.1)
    assert desk.go() == 1
    clock.advance(seconds=1)
    desk.go()
    assert [m.text for m in slack.messages_to(HERE)] == ["0", "1", "2"]


def test_certainly_not_posted_is_tried_again_later(
    desk: Desk, slack: FakeSlack, clock: Clock
) -> None:
    slack.fail[POST_METHOD] = [NotSent(POST_METHOD, "not_connected")] * 2
    desk.promise()
    desk.go()
    assert desk.states() == ["pending"]
    assert desk.go() == 0
    clock.advance(seconds=2)
    desk.go()
    clock.advance(seconds=3)
    assert desk.go() == 0
    clock.advance(seconds=1)
    desk.go()
    assert desk.states() == ["sent"]
    assert len(slack.messages) == 1


def test_after_many_tries_it_is_given_up(
    desk: Desk, slack: FakeSlack, clock: Clock
) -> None:
    slack.fail[POST_METHOD] = [NotSent(POST_METHOD, "not_connected")] * MAX_FAILURES
    desk.promise()
    for _ in range(MAX_FAILURES):
        assert desk.states() == ["pending"]
        desk.go()
        clock.advance(minutes=10)
    assert desk.states() == ["rejected"]
    assert desk.parked == ["not_connected"]


def test_a_rate_limit_pauses_that_method_only_and_keeps_the_order(
    desk: Desk, slack: FakeSlack, clock: Clock
) -> None:
    slack.fail[POST_METHOD] = [RateLimited(POST_METHOD, 30)]
    desk.promise(1)
    desk.promise(2, to=THERE)
    desk.refresh(3, to="C0OTHER")
    desk.go()
    assert slack.calls == [POST_METHOD, "reactions.add"]
    clock.advance(seconds=29)
    desk.go()
    assert slack.messages == []
    clock.advance(seconds=1)
    desk.go()
    assert [m.text for m in slack.messages] == ["1", "2"]


def test_permanently_refused_is_parked_with_its_reason(
    desk: Desk, slack: FakeSlack
) -> None:
    slack.fail[POST_METHOD] = [Rejected(POST_METHOD, "is_archived")]
    desk.promise()
    desk.go()
    assert desk.states() == ["rejected"]
    assert desk.parked == ["is_archived"]


def test_a_revoked_token_stops_everything_until_it_works_again(
    desk: Desk, slack: FakeSlack, rt: Runtime
) -> None:
    slack.fail[POST_METHOD] = [Rejected(POST_METHOD, "token_revoked")]
    desk.promise(1)
    desk.promise(2, to=THERE)
    desk.go()
    assert slack.calls == [POST_METHOD]
    assert desk.states() == ["pending", "pending"]
    with rt.write_session.begin() as session:
        session.execute(update(Installation).values(disabled_reason=None))
    desk.go()
    assert desk.states() == ["sent", "sent"]


@pytest.mark.parametrize("was_posted", [True, False])
def test_an_unknown_outcome_is_looked_up_before_anything_is_sent_again(
    desk: Desk, slack: FakeSlack, clock: Clock, was_posted: bool
) -> None:
    fail = slack.fail_after if was_posted else slack.fail
    fail[POST_METHOD] = [OutcomeUnknown(POST_METHOD, "TimeoutError")]
    desk.promise()
    desk.go()
    assert desk.states() == ["unconfirmed"]
    for _ in range(3):
        clock.advance(seconds=10)
        desk.go()
    assert desk.states() == ["sent"]
    assert len(slack.messages) == 1
    assert desk.delivered == [(HERE, slack.messages[0].ts)]
    looks = slack.calls.count("conversations.history")
    assert (looks, slack.calls.count(POST_METHOD)) == ((1, 1) if was_posted else (2, 2))


def test_what_can_not_be_looked_up_is_never_sent_again(
    desk: Desk, slack: FakeSlack, clock: Clock
) -> None:
    slack.fail_after[POST_METHOD] = [OutcomeUnknown(POST_METHOD, "TimeoutError")]
    slack.fail["conversations.history"] = [
        Rejected("conversations.history", "missing_scope")
    ]
    desk.promise()
    desk.go()
    for _ in range(5):
        clock.advance(minutes=1)
        desk.go()
    assert desk.states() == ["lost"]
    assert len(slack.messages) == 1


def test_a_look_that_fails_is_made_again(
    desk: Desk, slack: FakeSlack, clock: Clock
) -> None:
    slack.fail_after[POST_METHOD] = [OutcomeUnknown(POST_METHOD, "TimeoutError")]
    slack.fail["conversations.history"] = [
        RateLimited("conversations.history", 5),
        OutcomeUnknown("conversations.history", "TimeoutError"),
    ]
    desk.promise()
    for _ in range(8):
        desk.go()
        clock.advance(seconds=10)
    assert desk.states() == ["sent"]
    assert len(slack.messages) == 1


def test_an_unknown_whisper_is_left(desk: Desk, slack: FakeSlack) -> None:
    slack.fail_after["chat.postEphemeral"] = [OutcomeUnknown("chat.postEphemeral", "x")]
    desk.promise(kind="whisper")
    desk.go()
    assert desk.states() == ["lost"]


def test_an_unknown_refresh_is_simply_done_again(
    desk: Desk, slack: FakeSlack, clock: Clock
) -> None:
    slack.fail_after["reactions.add"] = [OutcomeUnknown("reactions.add", "x")]
    desk.refresh()
    desk.go()
    clock.advance(seconds=2)
    desk.go()
    assert desk.states() == ["sent"]


@pytest.mark.parametrize("was_posted", [True, False])
def test_a_worker_that_died_leaves_a_lease_and_no_second_message(
    desk: Desk, slack: FakeSlack, clock: Clock, rt: Runtime, was_posted: bool
) -> None:
    desk.promise()
    with rt.write_session.begin() as session:
        claim = queue.claim(session, rt.workspaces.only.id, now=clock())
    assert claim is not None
    if was_posted:
        slack.post(HERE, "1", [], metadata_token=claim.metadata_token)
    assert desk.go() == 0
    clock.advance(seconds=LEASE_DURATION.total_seconds())
    for _ in range(3):
        desk.go()
        clock.advance(seconds=VERIFY_DELAY.total_seconds())
    assert desk.states() == ["sent"]
    assert len(slack.messages) == 1


def stand_still(desk: Desk, clock: Clock, by: timedelta) -> None:
    """Let this worker stand still once, between its claim and its call to Slack."""

    def wait() -> None:
        desk.on_draw = lambda: None
        clock.advance(seconds=by.total_seconds())

    desk.on_draw = wait


def test_who_stood_still_beyond_the_lease_sends_nothing_after_another_has(
    desk: Desk, slack: FakeSlack, clock: Clock, rt: Runtime
) -> None:
    other = Desk(rt)

    def wait_for_the_other() -> None:
        clock.advance(seconds=LEASE_DURATION.total_seconds())
        for _ in range(MAX_VERIFY_ATTEMPTS):
            other.go()
            clock.advance(seconds=VERIFY_DELAY.total_seconds())

    desk.on_draw = wait_for_the_other
    desk.promise()
    desk.go()
    assert len(slack.messages) == 1
    assert desk.states() == ["sent"]
    [item] = desk.items()
    assert (item.ts, item.attempts) == (slack.messages[0].ts, 1 + MAX_VERIFY_ATTEMPTS)


@pytest.mark.parametrize(
    "still",
    [
        LEASE_DURATION - MAX_SEND_TIME + timedelta(seconds=1),
        LEASE_DURATION,
        timedelta(hours=1),
    ],
)
@pytest.mark.parametrize("kind", ["post", "sign", "whisper"])
def test_whose_lease_is_over_or_nearly_sends_at_the_next_turn(
    desk: Desk, slack: FakeSlack, clock: Clock, still: timedelta, kind: str
) -> None:
    stand_still(desk, clock, still)
    desk.promise(kind=kind)
    desk.go()
    assert slack.calls == []
    assert [(item.state, item.error) for item in desk.items()] == [
        ("pending", "lease_over")
    ]
    clock.advance(seconds=2)
    desk.go()
    assert len(slack.calls) == 1
    assert desk.states() == ["sent"]


def test_who_has_time_enough_left_sends(
    desk: Desk, slack: FakeSlack, clock: Clock
) -> None:
    stand_still(desk, clock, LEASE_DURATION - MAX_SEND_TIME)
    desk.promise()
    desk.go()
    assert desk.states() == ["sent"]


def test_a_look_that_took_too_long_is_taken_again_before_anything_is_sent(
    desk: Desk, slack: FakeSlack, clock: Clock
) -> None:
    slack.fail[POST_METHOD] = [OutcomeUnknown(POST_METHOD, "TimeoutError")]
    desk.promise()
    desk.go()
    clock.advance(seconds=10)
    desk.go()
    stand_still(desk, clock, LEASE_DURATION)
    clock.advance(seconds=10)
    desk.go()
    assert desk.states() == ["unconfirmed"]
    assert slack.messages == []
    clock.advance(seconds=10)
    desk.go()
    assert slack.calls.count("conversations.history") == 3
    assert desk.states() == ["sent"]
    assert len(slack.messages) == 1


def test_who_lost_the_lease_records_nothing(
    desk: Desk, slack: FakeSlack, clock: Clock, rt: Runtime
) -> None:
    desk.promise()
    with rt.write_session.begin() as session:
        stale = queue.claim(session, rt.workspaces.only.id, now=clock())
    assert stale is not None
    clock.advance(minutes=2)
    desk.go()
    with rt.write_session.begin() as session:
        assert not queue.finish(session, stale, now=clock(), state="rejected")
    assert desk.states() == ["unconfirmed"]


def test_a_bug_in_one_message_does_not_hold_up_those_behind_it(
    desk: Desk, slack: FakeSlack, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    desk.bug = ZeroDivisionError
    desk.promise(1)
    desk.promise(2)
    for _ in range(2 * MAX_FAILURES):
        desk.go()
        clock.advance(minutes=11)
    assert [m.text for m in slack.messages] == ["2"]
    assert desk.states() == ["rejected", "sent"]
    assert desk.parked == ["ZeroDivisionError"]
    assert "delivery failed" in caplog.text


def test_what_is_sent_but_can_not_be_recorded_is_not_sent_again(
    desk: Desk, slack: FakeSlack, clock: Clock
) -> None:
    desk.bug_after = ZeroDivisionError
    desk.promise()
    desk.go()
    assert desk.states() == ["unconfirmed"]
    desk.bug_after = None
    clock.advance(seconds=10)
    desk.go()
    assert desk.states() == ["sent"]
    assert len(slack.messages) == 1


def test_a_post_that_is_never_certain_comes_to_an_end(
    desk: Desk, slack: FakeSlack, clock: Clock
) -> None:
    slack.fail[POST_METHOD] = [OutcomeUnknown(POST_METHOD, "internal_error")] * 100
    desk.promise()
    for _ in range(6 * MAX_FAILURES):
        desk.go()
        clock.advance(minutes=11)
    assert desk.states() == ["lost"]
    assert slack.calls.count(POST_METHOD) == MAX_FAILURES
    assert desk.unknown == ["internal_error"]


def test_waiting_for_a_rate_limit_is_no_failure(
    desk: Desk, slack: FakeSlack, clock: Clock
) -> None:
    slack.fail[POST_METHOD] = [RateLimited(POST_METHOD, 1)] * (2 * MAX_FAILURES)
    desk.promise()
    for _ in range(3 * MAX_FAILURES):
        desk.go()
        clock.advance(minutes=1)
    assert desk.states() == ["sent"]


def test_what_is_promised_while_nothing_is_drawn_is_drawn_again(
    desk: Desk, slack: FakeSlack
) -> None:
    desk.promise()
    desk.is_true = False
    desk.on_draw = desk.make_true_and_promise_again
    desk.go()
    assert len(slack.messages) == 1
    assert desk.states() == ["sent"]


def test_a_promise_made_again_before_it_was_kept_waits_anew(
    desk: Desk, slack: FakeSlack, clock: Clock
) -> None:
    desk.promise(due=60)
    clock.advance(seconds=50)
    desk.promise(due=60)
    clock.advance(seconds=20)
    desk.go()
    assert slack.messages == []
    clock.advance(seconds=40)
    desk.go()
    assert len(slack.messages) == 1


def test_many_workers_send_everything_once(
    rt: Runtime, slack: FakeSlack, clock: Clock
) -> None:
    desk = Desk(rt)
    for subject in range(40):
        desk.promise(subject, to=f"C{subject % 20}")
    others = [Desk(rt) for _ in range(4)]

    def work(one: Desk) -> None:
        for _ in range(4):
            one.go()

    for _ in range(3):
        threads = [threading.Thread(target=work, args=(one,)) for one in others]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        clock.advance(seconds=1)
    assert sorted(int(m.text) for m in slack.messages) == list(range(40))
    assert set(desk.states()) == {"sent"}


def test_a_commit_wakes_the_threads_and_they_stop(desk: Desk, slack: FakeSlack) -> None:
    came = threading.Event()
    slack.on_call = lambda _: came.set()
    desk.deliverer.start()
    desk.promise()
    assert came.wait(5)
    desk.deliverer.stop(5)
    assert not any(t.name.startswith("delivery") for t in threading.enumerate())


def test_no_transaction_is_held_across_a_call_to_slack(
    desk: Desk, slack: FakeSlack, rt: Runtime
) -> None:
    def write(_: str) -> None:
        with rt.write_session.begin() as session:
            session.execute(update(Installation).values(team_name="still writable"))

    slack.on_call = write
    desk.promise()
    desk.go()
    assert desk.states() == ["sent"]


def test_what_comes_at_the_wrong_time_is_drawn_anew_at_the_right_one(
    desk: Desk, slack: FakeSlack, clock: Clock, rt: Runtime
) -> None:
    right = clock() + timedelta(hours=1)

    def draw(_session: object, claim: Delivery) -> PostMessage | Reschedule:
        if claim.started_at < right:
            return Reschedule(right)
        return PostMessage(claim.recipient, f"at {claim.started_at:%H:%M}", [])

    patient = OutboxWorker(rt, {POST: MessageType(POST, draw)})
    desk.promise(due=-5)
    patient.send_due()
    assert slack.calls == []
    [item] = desk.items()
    assert (item.state, item.due_at, item.failures) == ("pending", right, 0)
    clock.advance(hours=1)
    patient.send_due()
    assert slack.texts_to(HERE) == [f"at {right:%H:%M}"]


# What follows from a delivery


class Follows:
    """A post whose delivery has others follow: a letter, a line, a change."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.notice = replace(
            desk.message_types[POST],
            on_sent=self._promise,
            on_lost=lambda tx, claim, _why: self._promise(tx, claim, None),
        )

    def _promise(self, tx: Transaction, claim: Delivery, _result: object) -> None:
        if claim.subject_id != 1:
            return
        for kind, say in (
            (POST, enqueue.enqueue),
            (WHISPER, enqueue.enqueue),
            (SIGN, enqueue.enqueue_update),
        ):
            say(
                tx.session,
                kind,
                2,
                f"C0{kind.upper()}",
                installation_id=claim.installation_id,
                now=tx.now,
            )

    def marks(self) -> dict[str, tuple[str, str]]:
        """By its kind, the state and the mark of each that followed."""
        return {
            item.kind: (item.state, item.metadata_token)
            for item in self._desk.items()
            if item.subject_id == 2
        }


@pytest.fixture
def follows(desk: Desk) -> Follows:
    follows = Follows(desk)
    desk.deliverer = OutboxWorker(desk.rt, {**desk.message_types, POST: follows.notice})
    return follows


def test_what_follows_from_what_was_sent_is_sent_at_once(
    desk: Desk, follows: Follows, slack: FakeSlack
) -> None:
    desk.promise()
    desk.go()
    assert [m.text for m in slack.messages] == ["1", "2"]
    assert {state for state, _ in follows.marks().values()} == {"sent"}
    assert "conversations.history" not in slack.calls


def test_what_follows_from_what_was_found_is_looked_for(
    desk: Desk, follows: Follows, slack: FakeSlack, clock: Clock
) -> None:
    """A line that nobody can look for, and what can be done twice, need no look."""
    slack.fail_after[POST_METHOD] = [OutcomeUnknown(POST_METHOD, "timeout")]
    desk.promise()
    desk.go()
    clock.advance(seconds=VERIFY_DELAY.total_seconds())
    slack.calls.clear()
    assert desk.go()
    assert {kind: state for kind, (state, _) in follows.marks().items()} == {
        "post": "unconfirmed",
        "whisper": "sent",
        "sign": "sent",
    }
    assert slack.calls.count("conversations.history") == 2
    [letter] = [item for item in desk.items() if item.recipient == "C0POST"]
    [post] = [item for item in desk.items() if item.recipient == HERE]
    assert letter.first_sent_at == post.first_sent_at
    clock.advance(seconds=VERIFY_DELAY.total_seconds())
    desk.go()
    assert [m.text for m in slack.messages] == ["1", "2"]


def test_what_follows_has_the_same_mark_each_time(
    desk: Desk, follows: Follows, rt: Runtime, slack: FakeSlack, clock: Clock
) -> None:
    """As in a copy of the database in which it has not followed yet."""
    desk.promise()
    with rt.read_session() as session:
        mark = session.scalars(select(OutboxItem.metadata_token)).one()
    desk.go()
    first = follows.marks()
    with rt.write_session.begin() as session:
        session.execute(delete(OutboxItem))
    desk.promise()
    with rt.write_session.begin() as session:
        session.execute(
            update(OutboxItem).values(
                metadata_token=mark, state="unconfirmed", first_sent_at=clock()
            )
        )
    for _ in range(3):
        clock.advance(seconds=VERIFY_DELAY.total_seconds())
        desk.go()
    assert [m.text for m in slack.messages] == ["1", "2"]
    assert follows.marks() == first
    assert len({mark, *(operation for _, operation in first.values())}) == 4


def test_what_follows_from_what_nobody_can_look_for_is_sent_without_a_look(
    desk: Desk, follows: Follows, slack: FakeSlack, clock: Clock
) -> None:
    slack.fail[POST_METHOD] = [OutcomeUnknown(POST_METHOD, "timeout")]
    slack.fail["conversations.history"] = [
        Rejected("conversations.history", "missing_scope")
    ]
    desk.promise()
    desk.go()
    clock.advance(seconds=VERIFY_DELAY.total_seconds())
    desk.go()
    assert [m.text for m in slack.messages] == ["2"]
