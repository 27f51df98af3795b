"""Two replicas, crashes, and presses at the same time as steps and answers."""

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import Connection, event, select, text

import jobs
from bot.outbox.worker import OutboxWorker
from bot.privacy import service as privacy
from bot.workspace import contact_budget, member_settings, sync
from models import AskRoute, AskStep, HelpRequest, UnaskedMessage
from tests.factories import Story
from tests.handlers.routing.conftest import QUESTION, Routing
from tests.handlers.test_deadlocks import wait_for_a_waiter
from tests.handlers.test_lost_commits import lost
from tests.slack_payloads import ADMIN, ASKER, HELPER, PEER

pytestmark = pytest.mark.deep

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
# Half past nine in Helsinki.
MONDAY = datetime(2026, 3, 9, 7, 30, tzinfo=UTC)
DUE = MONDAY + 4 * HOUR + MINUTE

on_postgresql = pytest.mark.parametrize("database", ["postgresql"], indirect=True)


def run_job(story: Story) -> None:
    jobs.routing.route_asks(story.rt, story.worker)


def at_once(*calls: Callable[[], Any]) -> None:
    """Make calls at the same time, and wait for all."""
    barrier = threading.Barrier(len(calls))

    def start(call: Callable[[], Any]) -> None:
        barrier.wait()
        call()

    with ThreadPoolExecutor(len(calls)) as pool:
        list(pool.map(start, calls))


def wait_until_due(routing: Routing, story: Story, texts: Iterable[str]) -> None:
    """Ask on Monday, and go to the time at which the first step is due."""
    routing.at(MONDAY)
    for title in texts:
        story.ask(title)
    routing.run()
    story.clock.now = DUE


def stored(story: Story, model: type[Any]) -> list[Any]:
    with story.rt.read_session() as session:
        return list(session.scalars(select(model)))


def check(story: Story) -> None:
    """Check what has to be true after whatever happened."""
    requests, steps = stored(story, HelpRequest), stored(story, AskStep)
    by_ask = {ask.id: ask for ask in story.asks()}
    pairs = [(request.ask_id, request.member) for request in requests]
    assert len(set(pairs)) == len(pairs)
    for route in stored(story, AskRoute):
        taken = sorted(s.step for s in steps if s.ask_id == route.ask_id)
        assert taken == list(range(1, route.next_step))
    for request in requests:
        is_waiting = by_ask[request.ask_id].state == "open"
        assert is_waiting or request.outcome != "open"
        messages = [
            message
            for message in story.slack.messages_to(request.member)
            if "I can help" in str(message.blocks)
        ]
        assert len(messages) <= sum(
            r.member == request.member and r.outcome in {"open", "declined"}
            for r in requests
        )
    for member in {request.member for request in requests}:
        claims = sorted(
            row.claimed_at
            for row in stored(story, UnaskedMessage)
            if row.member == member
        )
        for earlier, later in pairwise(claims):
            assert later - earlier >= HOUR


# Two replicas


@on_postgresql
@pytest.mark.deep_on_postgresql
def test_two_replicas_at_the_same_tick(
    routing: Routing, story: Story, crowd: list[str]
):
    titles = [f"{QUESTION} It is number {number}." for number in range(5)]
    wait_until_due(routing, story, titles)
    other = OutboxWorker(
        story.rt, story.rt.features.message_types, fetch_new_users=sync.fetch_new_users
    )
    for _ in range(3):
        at_once(lambda: run_job(story), lambda: run_job(story))
        at_once(story.worker.send_due, other.send_due)
        story.advance(seconds=5)
        check(story)
    requests = stored(story, HelpRequest)
    assert len(requests) == 10
    assert len({request.member for request in requests}) == 10
    assert len(stored(story, AskStep)) == 5
    for request in requests:
        assert len(routing.requests(request.member)) == 1
    # The asker has one notice for each ask.
    notices = [m for m in routing.messages(ASKER) if "asked two people" in m.text]
    assert len(notices) == 5


@on_postgresql
@pytest.mark.deep_on_postgresql
def test_a_second_replica_sees_that_the_step_is_taken(routing: Routing, story: Story):
    wait_until_due(routing, story, [QUESTION])
    ask_id = story.asks()[-1].id
    bind = story.rt.write_session.kw["bind"]
    with bind.connect() as connection:
        with connection.begin():
            connection.execute(text("SELECT 1 FROM asks FOR UPDATE"))
            thread = threading.Thread(target=lambda: run_job(story))
            thread.start()
            wait_for_a_waiter(connection)
            # The other replica takes the step.
            taken = {"ask": ask_id, "now": DUE, "later": DUE + 9 * HOUR}
            connection.execute(
                text(
                    "INSERT INTO ask_steps (ask_id, step, taken_at, request_count,"
                    " is_sideways) VALUES (:ask, 1, :now, 0, false)"
                ),
                taken,
            )
            connection.execute(
                text(
                    "UPDATE ask_routes SET next_step = 2, due_at = :later"
                    " WHERE ask_id = :ask"
                ),
                taken,
            )
        thread.join()
    assert [(step.ask_id, step.step) for step in stored(story, AskStep)] == [
        (ask_id, 1)
    ]
    assert stored(story, HelpRequest) == []


@on_postgresql
@pytest.mark.deep_on_postgresql
def test_the_asker_presses_twice_at_the_tick_of_the_job(
    routing: Routing, story: Story, crowd: list[str]
):
    wait_until_due(routing, story, [QUESTION])
    ask_id = str(story.asks()[-1].id)

    def ask_now() -> None:
        assert story.click(ASKER, "route_now", ask_id).status == 200

    at_once(ask_now, ask_now, lambda: run_job(story))
    story.advance(seconds=5)
    check(story)
    assert "went wrong" not in str(story.slack.responses)
    assert [(step, count) for step, _, count in routing.steps()] == [(1, 2)]
    for _, member in routing.asked():
        assert len(routing.requests(member)) == 1


# Commits that fail, or whose response is lost


@on_postgresql
@pytest.mark.parametrize("count", range(1, 5))
@pytest.mark.deep_on_postgresql
def test_a_job_that_dies_before_its_commit_runs_again(
    routing: Routing, story: Story, count: int
):
    """The machine may stop at any commit of the job or of a delivery."""
    wait_until_due(routing, story, [QUESTION])
    engine = story.rt.write_session.kw["bind"]
    left = [count]

    def die(_connection: Connection) -> None:
        left[0] -= 1
        if left[0] == 0:
            raise KeyboardInterrupt

    event.listen(engine, "commit", die)
    try:
        with pytest.raises(KeyboardInterrupt):
            routing.run()
    finally:
        event.remove(engine, "commit", die)
    # Its lease on a message is over.
    for _ in range(4):
        routing.advance(minutes=5)
    check(story)
    assert [step for step, _, _ in routing.steps()] == [1]
    assert routing.asked() == [(1, HELPER), (1, PEER)]
    assert len(routing.requests(HELPER)) == len(routing.requests(PEER)) == 1
    notices = [m for m in routing.messages(ASKER) if "asked two people" in m.text]
    assert len(notices) == 1


@on_postgresql
@pytest.mark.parametrize("is_committed", [True, False])
@pytest.mark.deep_on_postgresql
def test_a_step_whose_commit_is_lost_is_taken_once(
    routing: Routing, story: Story, *, is_committed: bool
):
    wait_until_due(routing, story, [QUESTION])
    with lost(story, is_committed=is_committed):
        run_job(story)
    for _ in range(3):
        routing.advance(seconds=61)
    check(story)
    assert routing.asked() == [(1, HELPER), (1, PEER)]
    assert len(routing.requests(HELPER)) == len(routing.requests(PEER)) == 1


@on_postgresql
@pytest.mark.parametrize("is_committed", [True, False])
@pytest.mark.parametrize(
    ("action", "outcome"),
    [("request_help", "helping"), ("request_decline", "declined")],
)
@pytest.mark.deep_on_postgresql
def test_a_press_whose_commit_is_lost_counts_once(
    routing: Routing, story: Story, action: str, outcome: str, *, is_committed: bool
):
    wait_until_due(routing, story, [QUESTION])
    routing.run()
    value = str(routing.request(PEER).id)
    with lost(story, is_committed=is_committed):
        assert story.click(PEER, action, value).status == 200
    routing.run()
    check(story)
    assert routing.request(PEER).outcome == outcome
    assert "went wrong" not in str(story.slack.responses)


# An answer while the step is taken


@on_postgresql
@pytest.mark.deep_on_postgresql
def test_an_answer_that_comes_first_stops_the_step(routing: Routing, story: Story):
    wait_until_due(routing, story, [QUESTION])
    ask = story.asks()[-1]
    bind = story.rt.write_session.kw["bind"]
    with bind.connect() as connection:
        with connection.begin():
            answered = text("UPDATE asks SET state = 'answered' WHERE id = :ask")
            connection.execute(answered, {"ask": ask.id})
            thread = threading.Thread(target=lambda: run_job(story))
            thread.start()
            wait_for_a_waiter(connection)
        thread.join()
    assert stored(story, AskStep) == []
    assert stored(story, HelpRequest) == []


def test_an_answer_between_the_step_and_its_messages(routing: Routing, story: Story):
    wait_until_due(routing, story, [QUESTION])
    run_job(story)
    assert len(routing.asked()) == 2
    before = len(story.slack.messages)
    story.say(ADMIN, "Run vpnctl renew.", thread_ts=story.asks()[-1].ts)
    routing.run()
    check(story)
    assert {request.outcome for request in stored(story, HelpRequest)} == {"over"}
    assert "asked" not in str([m.text for m in story.slack.messages[before:]])
    # What was not sent does not count.
    with routing.write() as tx:
        sent = contact_budget.sent_times(tx, [HELPER, PEER])
    assert sent == {HELPER: [], PEER: []}


def test_never_between_the_step_and_its_message(routing: Routing, story: Story):
    wait_until_due(routing, story, [QUESTION])
    run_job(story)
    with routing.write() as tx:
        member_settings.update(tx, HELPER, max_requests_per_week=0)
    story.deliver()
    assert routing.requests(HELPER) == []
    assert len(routing.requests(PEER)) == 1


# Forget me while the step is taken


@on_postgresql
@pytest.mark.deep_on_postgresql
def test_who_is_forgotten_meanwhile_is_not_asked(
    routing: Routing, story: Story, crowd: list[str]
):
    wait_until_due(routing, story, [QUESTION])
    bind = story.rt.write_session.kw["bind"]
    with story.rt.write(story.workspace) as tx:
        privacy.erase(tx, HELPER)
        thread = threading.Thread(target=lambda: run_job(story))
        thread.start()
        with bind.connect() as connection:
            wait_for_a_waiter(connection)
    thread.join()
    routing.run()
    assert HELPER not in {request.member for request in stored(story, HelpRequest)}
    assert len(stored(story, HelpRequest)) == 2
    assert routing.requests(HELPER) == []
    check(story)


@on_postgresql
@pytest.mark.deep_on_postgresql
def test_someone_whom_another_transaction_asks_first_is_replaced(
    routing: Routing, story: Story, crowd: list[str]
):
    """Ben is the best for two asks; a message to him is claimed meanwhile."""
    wait_until_due(routing, story, [QUESTION])
    bind = story.rt.write_session.kw["bind"]
    with story.rt.write(story.workspace) as tx:
        assert contact_budget.lock_room(tx, HELPER, limit=3)
        other = HelpRequest(
            installation_id=tx.workspace.id,
            ask_id=story.asks()[0].id,
            member=HELPER,
            step=1,
            reason="active",
            requested_at=tx.now,
        )
        tx.session.add(other)
        tx.session.flush()
        thread = threading.Thread(target=lambda: run_job(story))
        thread.start()
        with bind.connect() as connection:
            wait_for_a_waiter(connection)
    thread.join()
    asked = {member for _, member in routing.asked()}
    assert len(asked) == 2
    assert HELPER not in asked
    assert [(step, count) for step, _, count in routing.steps()] == [(1, 2)]


# Refusals and races: presses at the same time as events


Act = Callable[[Routing, Story], Callable[[], Any]]


def press(action: str) -> Act:
    def prepare(routing: Routing, story: Story) -> Callable[[], Any]:
        value = str(routing.request(HELPER).id)
        return lambda: story.click(HELPER, action, value)

    return prepare


def answer(_routing: Routing, story: Story) -> Callable[[], Any]:
    ts = story.asks()[-1].ts
    return lambda: story.say(ADMIN, "Run vpnctl renew.", thread_ts=ts)


def answer_oneself(_routing: Routing, story: Story) -> Callable[[], Any]:
    ts = story.asks()[-1].ts
    return lambda: story.say(HELPER, "Run vpnctl renew.", thread_ts=ts)


def close(_routing: Routing, story: Story) -> Callable[[], Any]:
    option = f"close:{story.asks()[-1].id}"
    return lambda: story.click(ASKER, "ask_menu", option=option)


def delete(_routing: Routing, story: Story) -> Callable[[], Any]:
    story.click(ASKER, "ask_menu", option=f"delete:{story.asks()[-1].id}")
    view = story.slack.views[-1][1]
    return lambda: story.submit(ASKER, view, {})


def step(_routing: Routing, story: Story) -> Callable[[], Any]:
    story.clock.now = MONDAY + 24 * HOUR + 2 * MINUTE
    return lambda: run_job(story)


def forget(member: str) -> Act:
    def prepare(_routing: Routing, story: Story) -> Callable[[], Any]:
        story.command(member, "/backswing", "forget me")
        view = story.slack.views[-1][1]
        return lambda: story.submit(member, view, {})

    return prepare


PRESSES = {
    "help": press("request_help"),
    "decline": press("request_decline"),
    "never": press("request_never"),
    "refuse": press("request_refuse_channel"),
}
EVENTS = {
    **PRESSES,
    "answer": answer,
    "own answer": answer_oneself,
    "close": close,
    "delete": delete,
    "step": step,
    "forget asker": forget(ASKER),
    "forget member": forget(HELPER),
}


def races() -> list[Any]:
    """Return pairs of a press and an event: each is in one, the others are exhaustive.

    One press meets each event; the others meet themselves and what changes them most.
    """
    return [
        pytest.param(
            first,
            second,
            marks=()
            if first == "help" or second in {first, "step"}
            else pytest.mark.exhaustive,
        )
        for first in PRESSES
        for second in EVENTS
    ]


@on_postgresql
@pytest.mark.parametrize(("first", "second"), races())
@pytest.mark.deep_on_postgresql
def test_a_press_and_something_else_at_once(
    routing: Routing, story: Story, crowd: list[str], first: str, second: str
):
    wait_until_due(routing, story, [QUESTION])
    routing.run()
    assert (1, HELPER) in routing.asked()
    calls = [act(routing, story) for act in (EVENTS[second], PRESSES[first])]
    at_once(*calls)
    for _ in range(3):
        routing.advance(seconds=61)
    check(story)
    assert "went wrong" not in str(story.slack.responses)
    facts = {first, second}
    mine = [r for r in stored(story, HelpRequest) if r.member == HELPER]
    if "forget member" in facts:
        assert mine == []
        return
    [request] = mine
    ends = {"answer", "own answer", "close", "delete", "forget asker"}
    if "help" in facts and not facts & ends:
        assert request.outcome == "helping"
    elif "help" in facts:
        # Either may have come first.
        assert request.outcome in {"helping", "over", "declined"}
    elif facts & {"decline", "never"} and not facts & ends:
        assert request.outcome == "declined"
    elif facts & ends:
        assert request.outcome in {"declined", "over"}
    if "never" in facts:
        with routing.write() as tx:
            assert member_settings.get(tx, HELPER).max_requests_per_week == 0


@on_postgresql
@pytest.mark.deep_on_postgresql
def test_steps_of_many_asks_answers_presses_and_erasures_at_once(
    routing: Routing, story: Story, crowd: list[str]
):
    for member in (*crowd, HELPER, PEER):
        with routing.write() as tx:
            member_settings.update(tx, member, max_requests_per_week=7)
    titles = [f"{QUESTION} Number {n}, as <@{HELPER}> said." for n in range(6)]
    wait_until_due(routing, story, titles)
    for _ in range(3):
        routing.advance(minutes=61)
    asks, requests = story.asks()[-6:], stored(story, HelpRequest)
    assert len(requests) >= 6
    story.clock.now = MONDAY + 24 * HOUR + 2 * MINUTE
    story.command(HELPER, "/backswing", "forget me")
    view = story.slack.views[-1][1]
    presses = [
        (request.member, action, str(request.id))
        for request, action in zip(
            [each for each in requests if each.member != HELPER],
            ["request_help", "request_decline", "request_never"] * 9,
            strict=False,
        )
    ]
    at_once(
        lambda: run_job(story),
        lambda: run_job(story),
        lambda: story.submit(HELPER, view, {}),
        *(
            lambda ask=ask: story.say(ADMIN, "Like this.", thread_ts=ask.ts)
            for ask in asks[:3]
        ),
        *(lambda press=press: story.click(*press) for press in presses),
        lambda: story.click(ASKER, "ask_menu", option=f"close:{asks[4].id}"),
        story.worker.send_due,
    )
    for _ in range(3):
        routing.advance(seconds=61)
    check(story)
    assert "went wrong" not in str(story.slack.responses)
    assert HELPER not in {request.member for request in stored(story, HelpRequest)}
    assert [ask.state for ask in story.asks()[-6:-1]] == [
        *("answered", "answered", "answered", "open", "closed")
    ]
