"""The clock was ahead for a while: delayed work resumes on time."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

import jobs.outbox
from bot.home import memberships
from bot.outbox import clock_correction, queue
from bot.outbox.attempts import MAX_VERIFY_ATTEMPTS, VERIFY_DELAY
from bot.outbox.queue import LEASE_DURATION
from bot.outbox.worker import OutboxWorker
from bot.runtime import Runtime, ServedWorkspaces
from bot.slack.api import (
    MAX_RETRY_AFTER,
    NotSent,
    OutcomeUnknown,
    RateLimited,
    SlackError,
)
from bot.workspace import sync
from models import Home, Member, OutboxChannel, OutboxItem, RateLimit
from models.base import UtcDateTime
from tests.factories import Clock, Story
from tests.fakes import FakeSlack
from tests.outbox import HERE, POST_METHOD, OutboxHarness
from tests.slack_payloads import ASKER, HELPER

pytestmark = pytest.mark.on_postgresql


def correct(rt: Runtime) -> bool:
    """Run the job; return True if there was anything to correct."""
    with rt.autocommit.connect() as connection:
        needed = clock_correction.is_needed(connection, now=rt.clock())
    jobs.outbox.correct_times(rt, OutboxWorker(rt, {}))
    with rt.autocommit.connect() as connection:
        assert not clock_correction.is_needed(connection, now=rt.clock())
    return needed


@pytest.fixture(params=[90 / 3600, 3, 24 * 365])
def hours_ahead(request: pytest.FixtureRequest, clock: Clock) -> float:
    """Return the hours that the clock is ahead; `clock.advance` corrects it."""
    clock.advance(hours=request.param)
    return float(request.param)


def test_right_clocks_need_no_correction(
    harness: OutboxHarness, rt: Runtime, slack: FakeSlack, clock: Clock
):
    slack.fail[POST_METHOD] = [
        NotSent(POST_METHOD, "not_connected"),
        OutcomeUnknown(POST_METHOD, "timeout"),
        RateLimited(POST_METHOD, 3600),
    ]
    for subject in range(5):
        harness.enqueue(subject, to=f"C{subject}", due=0 if subject else 864_000)
        harness.go()
        assert not correct(rt)
    with rt.write_session.begin() as session:
        assert queue.claim(session, rt.workspaces.only.id, now=clock()) is None
    harness.enqueue(9, to="C9")
    with rt.write_session.begin() as session:
        assert queue.claim(session, rt.workspaces.only.id, now=clock()) is not None
    assert not correct(rt)


def test_a_post_ahead_of_time_delays_nothing_after_it(
    harness: OutboxHarness,
    rt: Runtime,
    slack: FakeSlack,
    clock: Clock,
    hours_ahead: float,
):
    harness.enqueue(1)
    harness.go()
    clock.advance(hours=-hours_ahead)
    assert correct(rt)
    harness.enqueue(2)
    clock.advance(seconds=1)
    harness.go()
    assert [m.text for m in slack.messages_to(HERE)] == ["1", "2"]


def test_an_item_enqueued_ahead_of_time_is_sent_on_time(
    harness: OutboxHarness,
    rt: Runtime,
    slack: FakeSlack,
    clock: Clock,
    hours_ahead: float,
):
    harness.enqueue(1, to="C1")
    harness.enqueue_update(2, to="C2")
    harness.enqueue(3, to="C3", due=600)
    clock.advance(hours=-hours_ahead)
    assert correct(rt)
    assert harness.go() == 2
    assert slack.calls == [POST_METHOD, "reactions.add"]
    clock.advance(seconds=599)
    assert harness.go() == 0
    clock.advance(seconds=1)
    assert harness.go() == 1


def test_an_update_enqueued_ahead_of_time_is_sent_on_time(
    harness: OutboxHarness, rt: Runtime, slack: FakeSlack, clock: Clock
):
    harness.enqueue_update(1)
    harness.go()
    harness.enqueue(2, to="C2")
    harness.is_true = False
    harness.go()
    clock.advance(hours=3)
    harness.enqueue_update(1)
    harness.is_true = True
    harness.enqueue(2, to="C2")
    clock.advance(hours=-3)
    assert correct(rt)
    clock.advance(seconds=1)
    harness.go()
    assert slack.calls == ["reactions.add", POST_METHOD, "reactions.add"]


@pytest.mark.parametrize(
    ("error", "waits"),
    [
        (NotSent(POST_METHOD, "not_connected"), 2),
        (
            OutcomeUnknown(POST_METHOD, "timeout"),
            VERIFY_DELAY.total_seconds() * MAX_VERIFY_ATTEMPTS,
        ),
    ],
)
def test_a_retry_is_not_delayed(
    harness: OutboxHarness,
    rt: Runtime,
    slack: FakeSlack,
    clock: Clock,
    hours_ahead: float,
    error: SlackError,
    waits: float,
):
    slack.fail[POST_METHOD] = [error]
    harness.enqueue()
    harness.go()
    clock.advance(hours=-hours_ahead)
    assert correct(rt)
    clock.advance(seconds=1)
    harness.go()
    assert slack.messages == []
    for _ in range(int(waits)):
        clock.advance(seconds=1)
        harness.go()
    assert [m.text for m in slack.messages] == ["1"]


def test_a_rate_limit_is_no_longer_than_the_maximum(
    harness: OutboxHarness, rt: Runtime, slack: FakeSlack, clock: Clock
):
    clock.advance(hours=3)
    slack.fail[POST_METHOD] = [RateLimited(POST_METHOD, 30)]
    harness.enqueue()
    harness.go()
    clock.advance(hours=-3)
    assert correct(rt)
    with rt.read_session() as session:
        assert session.scalars(select(RateLimit.retry_at)).all() == [
            clock() + MAX_RETRY_AFTER
        ]
    clock.advance(seconds=31)
    harness.go()
    assert slack.messages == []
    clock.advance(seconds=MAX_RETRY_AFTER.total_seconds() - 31)
    harness.go()
    assert [m.text for m in slack.messages] == ["1"]


def test_a_lease_ends_and_the_sent_message_is_found(
    harness: OutboxHarness,
    rt: Runtime,
    slack: FakeSlack,
    clock: Clock,
    hours_ahead: float,
):
    """A worker died after it had posted, with times from the wrong clock."""
    harness.enqueue()
    with rt.write_session.begin() as session:
        claim = queue.claim(session, rt.workspaces.only.id, now=clock())
    assert claim is not None
    clock.advance(hours=-hours_ahead)
    posted = slack.post(HERE, "1", [], metadata_token=claim.metadata_token)
    assert correct(rt)
    clock.advance(seconds=LEASE_DURATION.total_seconds() - 1)
    assert harness.go() == 0, "it may be sending still"
    clock.advance(seconds=1)
    harness.go()
    assert harness.states() == ["sent"]
    assert harness.sent == [posted]
    assert [m.text for m in slack.messages] == ["1"]


def test_a_sending_worker_keeps_its_lease(
    harness: OutboxHarness, rt: Runtime, slack: FakeSlack, clock: Clock
):
    clock.advance(hours=3)
    harness.enqueue()

    def set_back(_: str) -> None:
        if POST_METHOD in slack.calls[:-1]:
            return
        clock.advance(hours=-3)
        correct(rt)
        assert harness.go() == 0

    slack.on_call = set_back
    harness.go()
    assert harness.states() == ["sent"]
    assert len(slack.messages) == 1
    assert correct(rt) is False


def test_users_and_channels_are_fetched_again(story: Story, clock: Clock):
    clock.advance(hours=3)
    story.ask()
    assert "users.info" in story.slack.calls
    with story.rt.write_session.begin() as session:
        session.add(
            Home(
                installation_id=story.rt.workspaces.only.id,
                member=ASKER,
                memberships_fetched_at=clock(),
            )
        )
    clock.advance(hours=-3)
    story.slack.calls.clear()
    sync.refresh(story.rt, story.rt.workspaces.only, users=[ASKER])
    assert story.slack.calls == ["users.info"]
    with story.rt.read_session() as session:
        home = session.get_one(Home, (story.rt.workspaces.only.id, ASKER))
        assert not memberships.is_fresh(home, clock())


def test_users_stored_ahead_of_time_are_fetched_gradually(story: Story, clock: Clock):
    clock.advance(days=100)
    story.ask(member=HELPER)
    clock.advance(days=-100)
    story.slack.calls.clear()
    sync.refresh_stale_users(story.rt, story.rt.workspaces.only)
    with story.rt.read_session() as session:
        fetch_times = session.scalars(select(Member.fetched_at)).all()
    assert fetch_times
    assert all(at is None or at <= clock() for at in fetch_times)


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("promise"), st.integers(0, 4)),
        st.tuples(st.just("refresh"), st.integers(0, 4)),
        st.tuples(st.just("go"), st.integers(1, 90)),
        st.tuples(st.just("fail"), st.integers(0, 2)),
        st.tuples(st.just("step"), st.integers(-200_000, 200_000)),
    ),
    max_size=25,
)


@settings(
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(STEPS)
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.deep
def test_whatever_the_clock_did_everything_is_sent_once_and_soon(
    rt: Runtime, clock: Clock, steps: list[tuple[str, int]]
):
    """Soon is after the longest Retry-After of Slack."""
    with rt.write_session.begin() as session:
        for table in (OutboxItem, OutboxChannel, RateLimit):
            session.query(table).delete()
    slack = FakeSlack()
    harness = OutboxHarness(
        replace(rt, workspaces=ServedWorkspaces([(rt.workspaces.only, slack)]))
    )
    promised: set[int] = set()
    for count, (act, value) in enumerate(steps):
        match act:
            case "promise":
                promised.add(count)
                harness.enqueue(count, to=f"C{value}")
            case "refresh":
                harness.enqueue_update(value, to=f"C{value}")
            case "go":
                clock.advance(seconds=value)
                harness.go()
            case "fail":
                errors = (
                    NotSent(POST_METHOD, "x"),
                    OutcomeUnknown(POST_METHOD, "x"),
                    RateLimited(POST_METHOD, 60),
                )
                slack.fail[POST_METHOD] = [errors[value]]
            case "step":
                clock.advance(seconds=value)
                correct(harness.rt)
    slack.fail.clear()
    for wait in (MAX_RETRY_AFTER, VERIFY_DELAY, VERIFY_DELAY, LEASE_DURATION):
        clock.advance(seconds=wait.total_seconds() + 1)
        while harness.go():
            clock.advance(seconds=1)
    assert sorted(m.text for m in slack.messages) == sorted(map(str, promised))
    assert set(harness.states()) <= {"sent"}


def test_a_start_corrects_the_times_of_a_clock_that_was_ahead(
    harness: OutboxHarness,
    rt: Runtime,
    slack: FakeSlack,
    clock: Clock,
    hours_ahead: float,
):
    harness.enqueue(1)
    harness.go()
    harness.enqueue(2)
    clock.advance(hours=-hours_ahead)
    jobs.outbox.release_leases(rt)
    clock.advance(seconds=1)
    harness.go()
    assert [m.text for m in slack.messages] == ["1", "2"]


def test_all_outbox_times_are_checked():
    """A new time in these tables is corrected, or does not decide when to send."""
    corrected = {"due_at", "due_set_at", "leased_until", "first_sent_at"}
    others = {"created_at", "finished_at", "redacted_at"}
    moments = {
        column.name
        for column in OutboxItem.__table__.columns
        if isinstance(column.type, UtcDateTime)
    }
    assert moments == corrected | others
