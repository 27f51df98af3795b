"""Simultaneous changes of several threads share a transaction."""

import itertools
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from handlers.group_commit import MAX_BATCH_SIZE, GroupCommit, _PendingChange


class Desk:
    """Applies changes; the first call waits until it is released."""

    def __init__(self, *, bad: frozenset[int] = frozenset()) -> None:
        self.batches: list[list[int]] = []
        self.began, self.go_on = threading.Event(), threading.Event()
        self._bad = bad

    def make(self, changes: Sequence[int]) -> None:
        self.began.set()
        assert self.go_on.wait(30)
        if self._bad & set(changes):
            raise ValueError(changes)
        self.batches.append(list(changes))


def make_all(desk: Desk, count: int) -> list[Exception | None]:
    """Submit each change, the first while the others wait; return the results."""
    gathered = GroupCommit(desk.make)
    errors: list[Exception | None] = [None] * count

    def make(change: int) -> None:
        try:
            gathered.submit(change)
        except ValueError as error:
            errors[change] = error

    with ThreadPoolExecutor(count) as pool:
        pool.submit(make, 0)
        assert desk.began.wait(30)
        waiting = [pool.submit(make, change) for change in range(1, count)]
        while len(gathered._waiting) < count - 1:
            threading.Event().wait(0.001)
        desk.go_on.set()
        for done in waiting:
            done.result(30)
    return errors


def test_waiting_changes_are_committed_together() -> None:
    desk = Desk()
    assert make_all(desk, 16) == [None] * 16
    first, rest = desk.batches
    assert first == [0]
    assert sorted(rest) == list(range(1, 16))


def test_a_batch_is_limited() -> None:
    desk = Desk()
    make_all(desk, MAX_BATCH_SIZE + 3)
    assert max(map(len, desk.batches)) == MAX_BATCH_SIZE
    assert sorted(itertools.chain(*desk.batches)) == list(range(MAX_BATCH_SIZE + 3))


def test_changes_behind_a_full_batch_are_in_the_next_one() -> None:
    desk = Desk()
    desk.go_on.set()
    gathered = GroupCommit(desk.make)
    gathered._waiting.extend(map(_PendingChange, range(MAX_BATCH_SIZE)))
    gathered.submit(MAX_BATCH_SIZE)
    assert desk.batches == [list(range(MAX_BATCH_SIZE)), [MAX_BATCH_SIZE]]


@pytest.mark.parametrize("bad", [0, 5])
def test_a_failing_change_fails_alone(bad: int) -> None:
    desk = Desk(bad=frozenset({bad}))
    errors = make_all(desk, 8)
    assert [n for n, error in enumerate(errors) if error is not None] == [bad]
    assert sorted(itertools.chain(*desk.batches)) == [n for n in range(8) if n != bad]
