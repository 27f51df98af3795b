"""The next workspace to send for, if several have messages."""

from functools import partial

import pytest

from bot.outbox.rate_limiter import RateLimiter
from bot.outbox.turns import Turns


class Watch:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def go(turns: Turns, due: list[int], most: int | None = None) -> int | None:
    """Take a turn, and end it at once."""
    chosen = turns.take(due, most)
    if chosen is not None:
        turns.end(chosen)
    return chosen


def test_workspaces_take_turns_however_long_their_queues_are():
    turns = Turns(None)
    assert [go(turns, [1, 2, 3]) for _ in range(6)] == [1, 2, 3, 1, 2, 3]
    assert go(turns, [1]) == 1
    # Workspace 1 had the last turn, and so comes last.
    assert [go(turns, [1, 2]) for _ in range(2)] == [2, 1]


def test_the_workspace_with_nothing_in_flight_comes_first():
    turns = Turns(None)
    assert turns.take([1], None) == 1
    assert [go(turns, [1, 2]) for _ in range(3)] == [2, 2, 2]
    turns.end(1)
    assert go(turns, [1, 2]) == 1


def test_one_workspace_does_not_take_all_threads():
    turns = Turns(None)
    assert turns.take([1], 1) == 1
    assert turns.take([1], 1) is None
    assert turns.wait_seconds([1], 1) is None
    assert turns.take([1, 2], 1) == 2
    turns.end(1)
    assert turns.take([1, 2], 1) == 1


def test_one_workspaces_rate_limit_slows_no_other_down():
    watch = Watch()
    turns = Turns(partial(RateLimiter, 10, burst=2, clock=watch))
    assert [go(turns, [1]) for _ in range(3)] == [1, 1, None]
    assert turns.wait_seconds([1], None) == pytest.approx(0.1)
    assert [go(turns, [1, 2]) for _ in range(3)] == [2, 2, None]
    watch.now += 0.1001
    assert [go(turns, [1, 2]) for _ in range(3)] == [1, 2, None]


def test_without_a_limit_nobody_waits():
    turns = Turns(None)
    assert {go(turns, [1]) for _ in range(100)} == {1}
    assert turns.wait_seconds([1], None) == 0


def test_with_nothing_due_there_is_no_wait():
    turns = Turns(None)
    assert turns.take([], None) is None
    assert turns.wait_seconds([], None) is None
