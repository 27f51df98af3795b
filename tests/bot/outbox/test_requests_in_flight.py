"""Messages wait a moment for requests, and for messages of those who send little."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial

import pytest
from slack_bolt import BoltRequest, BoltResponse

from bot.outbox.rate_limiter import RateLimiter
from bot.outbox.requests_in_flight import RequestsInFlight
from bot.outbox.turns import LITTLE_BURST
from bot.outbox.worker import OutboxWorker
from bot.runtime import Runtime
from handlers.bolt_app import BoltApp
from tests.factories import Story
from tests.fakes import FakeSlack
from tests.outbox import OutboxHarness
from tests.slack_payloads import HELPER


def test_a_message_waits_until_the_request_is_answered(
    rt: Runtime, slack: FakeSlack
) -> None:
    requests = RequestsInFlight(max_pause_seconds=60)
    harness = OutboxHarness(replace(rt, requests=requests))
    harness.enqueue()
    sending = threading.Thread(target=harness.go)
    with requests.answering():
        with requests.answering():
            sending.start()
        sending.join(0.1)
        assert not slack.messages
    sending.join(30)
    assert len(slack.messages) == 1


@pytest.mark.deep_on_postgresql
def test_it_waits_before_it_is_claimed_rendered_checked_and_recorded(
    rt: Runtime, slack: FakeSlack
) -> None:
    pauses: list[tuple[object, int]] = []

    class Noted(RequestsInFlight):
        @contextmanager
        def give_way(self, *, is_first: bool = False) -> Iterator[None]:
            [state] = harness.states()
            pauses.append((state, len(slack.messages)))
            with super().give_way(is_first=is_first):
                yield

    harness = OutboxHarness(replace(rt, requests=Noted()))
    harness.enqueue()
    harness.go()
    assert pauses[:4] == [
        ("pending", 0),
        ("sending", 0),
        ("sending", 0),
        ("sending", 1),
    ]


def test_a_workspace_that_sends_little_comes_before_one_that_sends_much() -> None:
    requests = RequestsInFlight(max_pause_seconds=60)
    order: list[str] = []

    def send(name: str, *, is_first: bool) -> None:
        with requests.give_way(is_first=is_first):
            order.append(name)

    others = threading.Thread(target=send, args=["much"], kwargs={"is_first": False})
    with requests.give_way(is_first=True):
        others.start()
        others.join(0.1)
        # Those who send little don't wait for each other.
        send("little", is_first=True)
    others.join(30)
    assert order == ["little", "much"]


def test_those_who_send_little_come_first_after_a_request() -> None:
    requests = RequestsInFlight(max_pause_seconds=60)
    order: list[str] = []

    def send(name: str, *, is_first: bool) -> None:
        with requests.give_way(is_first=is_first):
            order.append(name)
            # If it had let the others go on, they would be in the order before its end.
            threading.Event().wait(0.05 if is_first else 0)
            order.append(name)

    with requests.answering():
        threads = [
            threading.Thread(target=send, args=[name], kwargs={"is_first": is_first})
            for name, is_first in (("much", False), ("little", True))
        ]
        for waiting, thread in enumerate(threads, 1):
            thread.start()
            while len(requests._changed._waiters) < waiting:  # type: ignore[attr-defined]
                thread.join(0.01)
    for thread in threads:
        thread.join(30)
    assert order == ["little", "little", "much", "much"]


def test_who_sends_much_is_not_first(rt: Runtime) -> None:
    noted: list[bool] = []

    class Noted(RequestsInFlight):
        @contextmanager
        def give_way(self, *, is_first: bool = False) -> Iterator[None]:
            noted.append(is_first)
            with super().give_way(is_first=is_first):
                yield

    harness = OutboxHarness(replace(rt, requests=Noted()))
    harness.worker = OutboxWorker(
        harness.rt,
        harness.message_types,
        new_rate_limiter=partial(RateLimiter, 100, burst=100),
        # It stands still: each message comes at once after the one before.
        monotonic_clock=lambda: 100.0,
    )
    for subject_id in range(LITTLE_BURST + 1):
        harness.enqueue(subject_id, to=f"C{subject_id}")
    assert harness.go() == LITTLE_BURST + 1
    # It is claimed, rendered and checked first; what Slack has is recorded in turn.
    assert noted[:4] == [True, True, True, False]
    assert noted[4 * LITTLE_BURST :][:4] == [False] * 4


def test_a_request_without_end_stops_no_message(rt: Runtime, slack: FakeSlack) -> None:
    harness = OutboxHarness(rt)
    harness.enqueue()
    with rt.requests.answering():
        assert harness.go() == 1
    assert len(slack.messages) == 1


def test_a_request_that_fails_is_over() -> None:
    requests = RequestsInFlight(max_pause_seconds=60)
    with pytest.raises(ZeroDivisionError), requests.answering():
        raise ZeroDivisionError
    with requests.give_way():
        pass


def test_events_wait_for_a_command(bolt: BoltApp, rt: Runtime) -> None:
    rt.requests._max_pause_seconds = 60
    request = BoltRequest(body={"type": "event_callback"}, mode="socket_mode")
    handling = threading.Thread(target=bolt.dispatch_batch, args=[[request]])
    with rt.requests.answering():
        handling.start()
        handling.join(0.1)
        assert handling.is_alive()
    handling.join(30)
    assert not handling.is_alive()


def test_a_request_counts_while_its_listener_runs(
    bolt: BoltApp, rt: Runtime, story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts: list[int] = []
    dispatch = bolt._dispatch_safely

    def look(request: BoltRequest) -> BoltResponse:
        counts.append(rt.requests._count)
        return dispatch(request)

    monkeypatch.setattr(bolt, "_dispatch_safely", look)
    story.say(HELPER, "Tell them today.")
    assert counts == [1]
    assert rt.requests._count == 0
