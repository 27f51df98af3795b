"""One item that fails does not keep the others from being worked on."""

import pytest
from sqlalchemy.exc import OperationalError

from jobs.each_workspace import run_all


def test_the_items_after_one_that_fails_are_worked_on():
    worked: list[int] = []

    def work(item: int) -> None:
        worked.append(item)
        if item == 1:
            raise ValueError("one")

    with pytest.raises(ValueError, match="one"):
        run_all(work, [1, 2, 3])
    assert worked == [1, 2, 3]


def test_all_errors_are_raised_at_the_end():
    def work(item: int) -> None:
        if item != 2:
            raise ValueError(str(item))

    with pytest.raises(ExceptionGroup) as raised:
        run_all(work, [1, 2, 3])
    assert [str(error) for error in raised.value.exceptions] == ["1", "3"]


def test_an_item_is_tried_again_after_a_conflict():
    class Conflict(Exception):
        sqlstate = "40001"

    tries: list[int] = []

    def work(item: int) -> None:
        tries.append(item)
        if tries.count(1) == 1:
            raise OperationalError("", None, Conflict())

    run_all(work, [1, 2])
    assert tries == [1, 1, 2]
