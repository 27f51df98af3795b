"""Messages wait a moment for requests, which Slack waits for."""

import threading
from dataclasses import replace

import pytest
from slack_bolt import BoltRequest, BoltResponse

from bot.outbox.requests_in_flight import RequestsInFlight
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


def test_it_waits_before_it_is_claimed_rendered_and_recorded(
    rt: Runtime, slack: FakeSlack
) -> None:
    pauses: list[tuple[object, int]] = []

    class Noted(RequestsInFlight):
        def give_way(self) -> None:
            [state] = harness.states()
            pauses.append((state, len(slack.messages)))

    harness = OutboxHarness(replace(rt, requests=Noted()))
    harness.enqueue()
    harness.go()
    assert pauses[:3] == [("pending", 0), ("sending", 0), ("sending", 1)]


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
    requests.give_way()


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
