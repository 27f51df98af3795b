"""The room of a Home tab, shared by lists of any length."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from slack_sdk.models.blocks import Block, DividerBlock, HeaderBlock

from bot.home.row_blocks import RowList, fit
from bot.slack.blocks import context_line

ROOM = 96


def divider(name: str) -> Block:
    return DividerBlock(block_id=name)


def list_of(
    number: int, sizes: Sequence[int], *, rest: int | None = None, has_foot: bool = True
) -> RowList:
    """Return a list with rows of so many blocks; `rest` blocks say that it is cut."""
    rows = [
        [divider(f"{number}/{row}/{block}") for block in range(size)]
        for row, size in enumerate(sizes)
    ]

    def more(shown: int) -> list[Block]:
        is_cut = shown < len(rows)
        return [divider(f"{number}/more/{n}") for n in range(rest or 0) if is_cut]

    return RowList(
        [HeaderBlock(text=f"List {number}")],
        rows,
        rest=None if rest is None else more,
        foot=[divider(f"{number}/foot")] if has_foot else [],
    )


LISTS = st.lists(
    st.tuples(
        st.lists(st.integers(1, 8), max_size=30),
        st.sampled_from([None, 1, 2]),
        st.booleans(),
    ),
    max_size=20,
)


def rows_shown(row_list: RowList, blocks: Sequence[Block]) -> int:
    """Return the number of rows in `blocks`, each of which must be whole."""
    return next(
        rows
        for rows in range(len(row_list.rows), -2, -1)
        if same(row_list.cut(rows), blocks)
    )


def same(first: Sequence[Block], second: Sequence[Block]) -> bool:
    return [b.to_dict() for b in first] == [b.to_dict() for b in second]


@given(LISTS)
@pytest.mark.deep
def test_lists_of_any_length_share_the_room(drawn):
    lists = [
        list_of(number, sizes, rest=rest, has_foot=has_foot)
        for number, (sizes, rest, has_foot) in enumerate(drawn)
    ]
    fitted = fit(lists, ROOM)
    total = sum(map(len, fitted))
    assert total <= ROOM
    for row_list, blocks in zip(lists, fitted, strict=True):
        # Each head is there, and rows are whole and in order.
        shown = rows_shown(row_list, blocks)
        # Nothing is left out for which there is room.
        for more in range(shown + 1, len(row_list.rows) + 1):
            assert total - len(blocks) + len(row_list.cut(more)) > ROOM


@given(LISTS)
@pytest.mark.deep
def test_nothing_is_left_out_while_there_is_room(drawn):
    lists = [list_of(n, sizes, rest=rest) for n, (sizes, rest, _) in enumerate(drawn)]
    whole = [row_list.blocks for row_list in lists]
    fitted = fit(lists, sum(map(len, whole)))
    assert all(map(same, fitted, whole))


def test_a_long_list_takes_no_room_from_a_short_one():
    long, short = list_of(0, [1] * 200), list_of(1, [1] * 5)
    first, second = fit([long, short], ROOM)
    assert same(second, short.blocks)
    assert len(first) == ROOM - len(second)


@pytest.mark.deep
def test_lists_that_are_cut_show_as_many_rows():
    lists = [list_of(number, [1] * 200) for number in range(3)]
    counts = [
        rows_shown(row_list, blocks)
        for row_list, blocks in zip(lists, fit(lists, ROOM), strict=True)
    ]
    assert max(counts) - min(counts) <= 1


def test_a_list_of_large_rows_shows_fewer_of_them():
    lists = [list_of(0, [8] * 50), list_of(1, [1] * 200)]
    large, small = fit(lists, ROOM)
    assert abs(len(large) - len(small)) <= 8
    assert len(large) + len(small) == ROOM


def test_a_list_that_is_cut_says_how_much_it_leaves_out():
    row_list = RowList([HeaderBlock(text="Due")], [[divider(str(n))] for n in range(9)])
    [blocks] = fit([row_list], 5)
    assert same(blocks, [*row_list.head, *(divider(str(n)) for n in range(3)),
                         context_line("and 6 more")])  # fmt: skip


def test_what_has_no_row_is_counted():
    row_list = RowList(rows=[[divider("1")], [divider("2")]], without_row=4)
    assert same(row_list.blocks[2:], [context_line("and 4 more")])
    assert same(row_list.cut(1)[1:], [context_line("and 5 more")])


@pytest.mark.parametrize("room", [0, 1, 5])
def test_more_heads_than_room(room: int):
    fitted = fit([list_of(number, [1]) for number in range(9)], room)
    assert [len(blocks) for blocks in fitted] == [1] * room + [0] * (9 - room)
