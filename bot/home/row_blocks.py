"""Lists of rows, and how those of a Home tab share its room. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from slack_sdk.models.blocks import Block

from bot.slack.blocks import context_line

Row = Sequence[Block]

_HEAD_ONLY = -1


@dataclass(frozen=True, slots=True)
class RowList:
    """A list that can end after any row, so the most important row comes first.

    Its `head` is always shown. `rest` takes the number of rows shown, and returns the
    blocks that follow them, such as buttons to the other rows.
    """

    head: Sequence[Block] = ()
    rows: Sequence[Row] = ()
    # None: a line with the number of the other rows, if there are any.
    rest: Callable[[int], Sequence[Block]] | None = None
    # The number of things that have no row, however much room there is.
    without_row: int = 0
    foot: Sequence[Block] = ()

    @property
    def blocks(self) -> list[Block]:
        """The whole list."""
        return self.cut(len(self.rows))

    def cut(self, shown: int) -> list[Block]:
        """Return the list with its first rows only; -1 for the head alone."""
        if shown == _HEAD_ONLY:
            return [*self.head]
        rows = [block for row in self.rows[:shown] for block in row]
        rest = self.rest or self._count_rest
        return [*self.head, *rows, *rest(shown), *self.foot]

    def _count_rest(self, shown: int) -> Sequence[Block]:
        left = len(self.rows) - shown + self.without_row
        return [context_line(f"and {left} more")] if left else []


def fit(lists: Sequence[RowList], room: int) -> list[list[Block]]:
    """Return the blocks of each list, together not more than `room`.

    If they do not fit whole, the shortest one in turn gets one row more, so a long list
    takes no room from a short one. If not even the heads fit, the last ones are left
    out.
    """
    blocks = [row_list.blocks for row_list in lists]
    if _count(blocks) <= room:
        return blocks
    shown = [_HEAD_ONLY] * len(lists)
    blocks = [row_list.cut(_HEAD_ONLY) for row_list in lists]

    def show(number: int, rows: int) -> bool:
        longer = lists[number].cut(rows)
        if _count(blocks) - len(blocks[number]) + len(longer) > room:
            return False
        shown[number], blocks[number] = rows, longer
        return True

    growing = set(range(len(lists)))
    while growing:
        shortest = min(growing, key=lambda number: (len(blocks[number]), number))
        rows = shown[shortest] + 1
        if rows > len(lists[shortest].rows) or not show(shortest, rows):
            growing.remove(shortest)
    # A last row can need less room than the blocks that say that it is left out.
    for number, row_list in enumerate(lists):
        for rows in range(shown[number] + 1, len(row_list.rows) + 1):
            show(number, rows)
    return _within(blocks, room)


def _count(lists: Sequence[Sequence[Block]]) -> int:
    return sum(map(len, lists))


def _within(lists: Sequence[list[Block]], room: int) -> list[list[Block]]:
    fitting: list[list[Block]] = []
    for blocks in lists:
        fitting.append(blocks[: room - _count(fitting)])
    return fitting
