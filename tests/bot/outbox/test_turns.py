"""The next workspace to send for, if several have messages."""

import threading
from functools import partial

import pytest

from bot.outbox.rate_limiter import RateLimiter
from bot.outbox.turns import LITTLE_BURST, LITTLE_PER_SECOND, Turns


class Watch:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def go(turns: Turns, *candidates: int, most: int = 2) -> int | None:
    """Take a turn with a message, and end it at once."""
    turns.add(candidates)
    chosen = turns.take(most)
    if chosen is not None:
        turns.count_message(chosen)
        turns.end(chosen)
    return chosen


def test_workspaces_take_turns_however_long_their_queues_are():
    turns = Turns(None)
    assert [go(turns, 1, 2, 3) for _ in range(6)] == [1, 2, 3, 1, 2, 3]
    assert [go(turns) for _ in range(3)] == [1, 2, None]
    assert go(turns, 1) == 1
    # Workspace 1 had the last turn, and so comes last.
    assert [go(turns, 1, 2) for _ in range(2)] == [2, 1]


def test_the_workspace_with_nothing_in_flight_comes_first():
    turns = Turns(None)
    turns.add([1])
    assert turns.take(9) == 1
    assert [go(turns, 1, 2) for _ in range(3)] == [2, 2, 2]
    turns.end(1)
    assert go(turns, 1, 2) == 1


def test_one_workspace_does_not_take_all_threads():
    turns = Turns(None)
    turns.add([1])
    assert turns.take(1) == 1
    turns.add([1])
    assert turns.take(1) is None
    assert turns.seconds_to_turn(1) is None
    turns.add([2])
    assert turns.seconds_to_turn(1) == 0
    assert turns.take(1) == 2
    turns.end(1)
    assert turns.take(1) == 1


def test_one_workspaces_rate_limit_slows_no_other_down():
    watch = Watch()
    turns = Turns(partial(RateLimiter, 10, burst=2, clock=watch))
    assert [go(turns, 1) for _ in range(3)] == [1, 1, None]
    assert turns.seconds_to_turn(2) == pytest.approx(0.1)
    assert [go(turns, 1, 2) for _ in range(3)] == [2, 2, None]
    watch.now += 0.1001
    assert [go(turns, 1, 2) for _ in range(3)] == [1, 2, None]


def test_a_turn_without_a_message_is_not_limited():
    turns = Turns(partial(RateLimiter, 10, burst=2, clock=Watch()))
    for _ in range(10):
        turns.add([1])
        assert turns.take(1) == 1
        turns.end(1)
    assert [go(turns, 1) for _ in range(3)] == [1, 1, None]


def test_who_sends_at_the_rate_for_a_while_sends_much():
    watch = Watch()
    turns = Turns(partial(RateLimiter, 10, burst=10, clock=watch), clock=watch)
    for _ in range(LITTLE_BURST - 1):
        assert turns.sends_little(1)
        assert go(turns, 1) == 1
    assert go(turns, 1) == 1
    assert not turns.sends_little(1)
    assert turns.sends_little(2)
    # Half the rate is little, however long it lasts, and more is not.
    watch.now += 1.01 / LITTLE_PER_SECOND
    assert turns.sends_little(1)
    for _ in range(100):
        assert go(turns, 1) == 1
        watch.now += 1.01 / LITTLE_PER_SECOND
        assert turns.sends_little(1)
    for _ in range(100):
        assert go(turns, 1) == 1
        watch.now += 0.11
    assert not turns.sends_little(1)
    watch.now += LITTLE_BURST / LITTLE_PER_SECOND + 0.01
    assert turns.sends_little(1)


def test_a_workspace_that_is_no_longer_served_is_forgotten():
    turns = Turns(partial(RateLimiter, 10, burst=2, clock=Watch()))
    assert [go(turns, 1, 2) for _ in range(4)] == [1, 2, 1, 2]
    turns.add([1])
    turns.forget_all_but([2])
    for counts in (turns._limiters, turns._little, turns._last_turn, turns._in_flight):
        assert counts.keys() <= {2}
    # Served again, it begins anew.
    assert [go(turns, 1, 2) for _ in range(3)] == [1, 1, None]


def test_what_is_enqueued_during_a_turn_gets_another_one():
    turns = Turns(None)
    turns.add([1])
    assert turns.take(1) == 1
    turns.add([1])
    turns.end(1)
    assert go(turns) == 1
    assert go(turns) is None


def test_one_of_the_waiting_threads_asks_the_queue_and_each_candidate_wakes_one():
    turns = Turns(None)
    asked = threading.Semaphore(0)
    begun = threading.Semaphore(0)
    results: list[bool | int | None] = []

    def wait() -> None:
        must_ask = turns.wait(1)
        results.append(must_ask or turns.take(1))
        (asked if must_ask else begun).release()

    threads = [threading.Thread(target=wait) for _ in range(4)]
    for thread in threads:
        thread.start()
    turns.ask_queue()
    assert asked.acquire(timeout=60)
    turns.add([1, 2])
    assert begun.acquire(timeout=60)
    assert begun.acquire(timeout=60)
    turns.end_all()
    for thread in threads:
        thread.join(60)
    assert results[0] is True
    assert {*results[1:3]} == {1, 2}
    assert results[3:] == [None]
