"""A compact list of marks (helper, asker, time), to count over windows."""

from array import array
from bisect import bisect_right
from collections.abc import Collection, Sequence
from itertools import accumulate, groupby


class HelpMatrix:
    """Marks in any order, stored in arrays, since there may be a million."""

    def __init__(self, indexes: dict[str, int] | None = None) -> None:
        """`indexes` numbers the members; by default, in the order of their addition."""
        self._indexes = {} if indexes is None else indexes
        self.helpers = array("l")
        self.askers = array("l")
        self.times = array("d")
        self._is_public_until: int | None = None

    def add(self, helper: str, asker: str, at: float) -> None:
        """Add a mark with its time in seconds since 1970."""
        if helper == asker:
            return
        numbers = self._indexes
        self.helpers.append(numbers.setdefault(helper, len(numbers)))
        self.askers.append(numbers.setdefault(asker, len(numbers)))
        self.times.append(at)

    def __len__(self) -> int:
        return len(self.times)

    def start_private(self) -> None:
        """Treat marks that are added from now on as private."""
        self._is_public_until = len(self)

    def public(self) -> "HelpMatrix":
        """Return the marks that are not from private channels."""
        if self._is_public_until in {None, len(self)}:
            return self
        public = HelpMatrix(self._indexes)
        end = self._is_public_until
        public.helpers, public.askers = self.helpers[:end], self.askers[:end]
        public.times = self.times[:end]
        return public

    @property
    def people(self) -> list[str]:
        """All helpers and askers; a member's position is their number."""
        return list(self._indexes)

    def first_mark_times(
        self, helpers: Collection[int], since: float, until: float
    ) -> dict[int, float]:
        """Return the time of each helper's first mark in (since, until]."""
        first: dict[int, float] = {}
        for helper, at in zip(self.helpers, self.times, strict=True):
            if helper in helpers and since < at <= until:
                first[helper] = min(at, first.get(helper, at))
        return first


class PairCounts:
    """The numbers of marks per pair of helper and asker, sorted by pair."""

    def __init__(
        self, marks: HelpMatrix, until: float, windows: Sequence[float]
    ) -> None:
        """`windows` are lengths in seconds, ascending; the last one is the longest."""
        people = len(marks.people)
        self._steps = steps = len(windows)
        # One integer encodes the pair and the shortest window that the mark is in.
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
        """Return the number of each pair's marks within a window (by its index)."""
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
        """Return the index of each helper's first pair, then the number of pairs."""
        starts = array("l", [0]) * (people + 1)
        for helper in self.helpers:
            starts[helper + 1] += 1
        return array("l", accumulate(starts))
