"""What jobs collect in memory is not lost if it can't be stored at once."""

import pytest
from sqlalchemy.exc import OperationalError

from bot.runtime import Runtime
from jobs.each_workspace import write_drained


class Collected:
    """A buffer of a single workspace."""

    def __init__(self, *items: str) -> None:
        self.items = [*items]

    def drain(self, installation_id: int, /) -> list[str]:
        del installation_id
        items, self.items = self.items, []
        return items

    def restore(self, installation_id: int, items: list[str], /) -> None:
        del installation_id
        self.items += items


def test_what_the_database_refused_is_stored_by_the_next_run(rt: Runtime):
    collected = Collected("first")

    def refuse(_tx: object, _items: list[str]) -> None:
        raise OperationalError("", None, Exception("disk full"))

    with pytest.raises(OperationalError):
        write_drained(rt, rt.workspaces.only, collected, refuse)
    collected.items.append("second")
    stored: list[str] = []
    for _ in range(2):
        write_drained(
            rt, rt.workspaces.only, collected, lambda _, items: stored.extend(items)
        )
    assert sorted(stored) == ["first", "second"]
