"""Swap members of circles as long as that costs less. Pure."""

from collections.abc import Sequence
from itertools import combinations
from operator import itemgetter

from bot.matching.cost import IMPOSSIBLE
from bot.matching.tables import CircleCosts


def improve(
    costs: CircleCosts,
    circles: list[list[int]],
    *,
    smallest: int,
    largest: int,
    max_passes: int,
    compared: Sequence[range] = (),
    negligible: int = 0,
) -> None:
    """Change circles in place, by the best swap of each two, until none costs less.

    People move without a swap only out of a circle that is impossible. `compared` has
    ranges of circles that were compared with each other before. A swap that saves no
    more than `negligible`, in hundredths of a point, is not made.
    """
    search = _Search(costs, circles, smallest, largest, negligible)
    for each in compared:
        search.skip(each)
    for _ in range(max_passes):
        if not search.improve_each():
            break
    circles[:] = [circle.members for circle in search.circles]


class _Circle:
    """A circle, and what its members would miss."""

    __slots__ = (
        "apart",
        "best_fits",
        "gain",
        "members",
        "missed",
        "own_gain",
        "penalty",
        "select",
    )

    def __init__(self, costs: CircleCosts, members: list[int]) -> None:
        self.members = members
        self.select = select = itemgetter(*members)
        self.penalty = costs.penalty(members)
        self.apart = [sum(select(costs.apart[n])) for n in members]
        self.own_gain = [0] * len(members)
        # The loss of the others if a member leaves and nobody comes.
        self.missed = [0] * len(members)
        # The fits of members to each person, and their second and best fit here.
        self.best_fits: list[tuple[list[int], int, int]] = []
        for i, n in enumerate(members):
            if not costs.has_fit[n]:
                continue
            fits = select(costs.fit[n])
            *_, third, second, best = sorted(fits)
            self.own_gain[i] = best + second // 2
            self.best_fits.append((costs.fit[n], second, best))
            if best:
                for j, value in enumerate(fits):
                    if value == best:
                        self.missed[j] += best - second + (second - third) // 2
                    elif value and value == second:
                        self.missed[j] += (second - third) // 2
        self.gain = sum(self.own_gain)


class _Search:
    def __init__(
        self,
        costs: CircleCosts,
        circles: list[list[int]],
        smallest: int,
        largest: int,
        negligible: int,
    ) -> None:
        self._costs = costs
        self.circles = [_Circle(costs, circle) for circle in circles]
        self._smallest = smallest
        self._largest = largest
        self._negligible = negligible
        # Two circles are compared again once one of them has changed.
        self._changes = [0] * len(circles)
        self._compared: dict[tuple[int, int], tuple[int, int]] = {}

    def skip(self, compared: range) -> None:
        self._compared |= dict.fromkeys(combinations(compared, 2), (0, 0))

    def improve_each(self) -> bool:
        has_changed = False
        for pair in combinations(range(len(self.circles)), 2):
            x, y = pair
            if self._compared.get(pair) == (self._changes[x], self._changes[y]):
                continue
            while self._swap(x, y) or self._move(x, y) or self._move(y, x):
                has_changed = True
            self._compared[pair] = self._changes[x], self._changes[y]
        return has_changed

    def _swap(self, x: int, y: int) -> bool:
        """Apply the swap that saves most, if any does.

        The most that a swap can gain is known beforehand. Only swaps that may save more
        than the best so far are computed.
        """
        costs = self._costs
        circle, other = self.circles[x], self.circles[y]
        members, others = circle.members, other.members
        penalty = circle.penalty + other.penalty
        moves = list(zip(*self._moves(circle, other), circle.missed, strict=True))
        backs = list(zip(*self._moves(other, circle), other.missed, strict=True))
        promising = []
        enough = -self._negligible
        for i, (apart, gain, brings, missed) in enumerate(moves):
            row = costs.apart[members[i]]
            for j, (apart_back, gain_back, brings_back, missed_back) in enumerate(
                backs
            ):
                change = apart + apart_back - 2 * row[others[j]]
                least = change - gain - gain_back - penalty
                if least < enough:
                    # The mates of a member who leaves gain less.
                    least += max(0, gain_back - brings_back + missed)
                    least += max(0, gain - brings + missed_back)
                    if least < enough:
                        promising.append((least, change, i, j))
        promising.sort()
        best = enough
        chosen: tuple[list[int], list[int]] | None = None
        before = penalty - circle.gain - other.gain
        for least, apart, i, j in promising:
            if least >= best:
                break
            new, new_other = members.copy(), others.copy()
            new[i], new_other[j] = others[j], members[i]
            after = costs.penalty(new) + costs.penalty(new_other)
            after -= costs.gain(new) + costs.gain(new_other)
            if apart + after - before < best:
                best, chosen = apart + after - before, (new, new_other)
        if chosen is None:
            return False
        self._replace(x, y, *chosen)
        return True

    def _moves(
        self, circle: _Circle, other: _Circle
    ) -> tuple[list[int], list[int], list[int]]:
        """Return for each member what a move to the other circle changes.

        That is: what pairs have more apart; what is gained at most, if nobody leaves
        the other circle; and the same, counting in full the fits to the member.
        """
        costs = self._costs
        there, here = other.select, circle.select
        aparts = [
            sum(there(costs.apart[n])) - apart
            for n, apart in zip(circle.members, circle.apart, strict=True)
        ]
        gains = [-gain for gain in circle.own_gain]
        for i, n in enumerate(circle.members):
            if costs.has_fit[n]:
                fits = sorted(there(costs.fit[n]))
                gains[i] += fits[-1] + fits[-2] // 2
        brings = gains.copy()
        for row, second, best in other.best_fits:
            for i, value in enumerate(here(row)):
                if value:
                    brings[i] += value
                    if value > best:
                        gains[i] += value - best + (best - second) // 2
                    elif value > second:
                        gains[i] += (value - second) // 2
        return aparts, gains, brings

    def _move(self, x: int, y: int) -> bool:
        """Move a member out of an impossible circle, if that costs less."""
        circle, other = self.circles[x].members, self.circles[y].members
        if (
            not self._costs.has_obstacles
            or len(circle) <= self._smallest
            or len(other) >= self._largest
            or self._costs.cost(circle) < IMPOSSIBLE // 2
        ):
            return False
        before = self._costs.cost(circle) + self._costs.cost(other)
        best = 0
        chosen: tuple[list[int], list[int]] | None = None
        for n in circle:
            new, new_other = [m for m in circle if m != n], [*other, n]
            change = self._costs.cost(new) + self._costs.cost(new_other) - before
            if change < best:
                best, chosen = change, (new, new_other)
        if chosen is None:
            return False
        self._replace(x, y, *chosen)
        return True

    def _replace(self, x: int, y: int, circle: list[int], other: list[int]) -> None:
        self.circles[x] = _Circle(self._costs, circle)
        self.circles[y] = _Circle(self._costs, other)
        self._changes[x] += 1
        self._changes[y] += 1
