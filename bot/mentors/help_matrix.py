"""A compact matrix of who helped whom, for counting over windows of time."""

from array import array
from bisect import bisect_right
from collections.abc import Collection, Sequence
from itertools import accumulate, groupby


class HelpMatrix:
    """Marks, in any order, as compact as a million of them ask for."""

    def __init__(self, indexes: dict[str, int] | None = None) -> None:
        """`numbers` gives people theirs; by default in the order of their coming."""
        self._indexes = {} if indexes is None else indexes
        self.helpers = array("l")
        self.askers = array("l")
        self.times = array("d")
        self._is_public_until: int | None = None

    def add(self, helper: str, asker: str, at: float) -> None:
        if helper == asker:
            return
        numbers = self._indexes
        self.helpers.append(numbers.setdefault(helper, len(numbers)))
        self.askers.append(numbers.setdefault(asker, len(numbers)))
        self.times.append(at)

    def __len__(self) -> int:
        return len(self.times)

    def start_private(self) -> None:
        """What is added from now on is from private channels."""
        self._is_public_until = len(self)

    def public(self) -> "HelpMatrix":
        """Those that are not from private channels."""
        if self._is_public_until in {None, len(self)}:
            return self
        some = HelpMatrix(self._indexes)
        end = self._is_public_until
        some.helpers, some.askers = self.helpers[:end], self.askers[:end]
        some.times = self.times[:end]
        return some

    @property
    def people(self) -> list[str]:
        """Everybody who helped or asked; their places are their numbers."""
        return list(self._indexes)

    def first_mark_times(
        self, helpers: Collection[int], since: float, until: float
    ) -> dict[int, float]:
        """When each of these helpers earned their first mark in (since, until]."""
        first: dict[int, float] = {}
        for helper, at in zip(self.helpers, self.times, strict=True):
            if helper in helpers and since < at <= until:
                first[helper] = min(at, first.get(helper, at))
        return first


class PairCounts:
    """The marks of a window, by helper and asker, sorted by them."""

    def __init__(
        self, marks: HelpMatrix, until: float, windows: Sequence[float]
    ) -> None:
        """`windows` are lengths in seconds, ascending; the last one is the longest."""
        people = len(marks.people)
        self._steps = steps = len(windows)
        # One number says who, by whom, and the shortest window that the mark is in.
        longest = windows[-1]
        keys = [
            (helper * people + asker) * steps + bisect_right(windows, age)
            for helper, asker, at in zip(
                marks.helpers, marks.askers, marks.times, strict=True
            )
            if 0 <= (age := until - at) < longest
        ]
        keys.sort()
        self._keys = array("q", keys)
        pairs = array("q", [pair for pair, _ in groupby(key // steps for key in keys)])
        del keys
        self.helpers = array("l", [pair // people for pair in pairs])
        self.askers = array("l", [pair % people for pair in pairs])

    def __len__(self) -> int:
        return len(self.helpers)

    def counts(self, window: int) -> Sequence[int]:
        """How many marks each pair has within one of the windows."""
        counts = array("l", [0]) * len(self)
        at, previous = -1, -1
        for key in self._keys:
            pair, step = divmod(key, self._steps)
            if pair != previous:
                at, previous = at + 1, pair
            if step <= window:
                counts[at] += 1
        return counts

    def starts(self, people: int) -> Sequence[int]:
        """Where each helper's pairs begin, and where the last one's end."""
        found = array("l", [0]) * (people + 1)
        for helper in self.helpers:
            found[helper + 1] += 1
        return array("l", accumulate(found))
