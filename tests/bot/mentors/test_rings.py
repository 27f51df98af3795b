"""Components, against an independent way to find them."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from bot.mentors.rings import components

Edges = list[tuple[int, int]]


def found(size: int, edges: Edges) -> Sequence[int]:
    targets, starts = [], [0]
    for node in range(size):
        targets += [end for start, end in edges if start == node]
        starts.append(len(targets))
    return components(size, starts, targets)


def reachable(size: int, edges: Edges) -> list[set[int]]:
    """Where each node leads, by trying until nothing is added (Warshall)."""
    to = [{node} for node in range(size)]
    for start, end in edges:
        to[start].add(end)
    for between in range(size):
        for start in range(size):
            if between in to[start]:
                to[start] |= to[between]
    return to


@given(
    st.integers(1, 9).flatmap(
        lambda size: st.tuples(
            st.just(size),
            st.lists(
                st.tuples(st.integers(0, size - 1), st.integers(0, size - 1)),
                max_size=25,
            ),
        )
    )
)
def test_two_are_in_one_component_if_each_leads_to_the_other(graph):
    size, edges = graph
    component, to = found(size, edges), reachable(size, edges)
    for one in range(size):
        for other in range(size):
            is_mutual = other in to[one] and one in to[other]
            assert (component[one] == component[other]) is is_mutual


def test_a_path_as_long_as_a_large_workspace_needs_no_recursion():
    size = 50_000
    around = [(node, (node + 1) % size) for node in range(size)]
    starts = list(range(size + 1))
    assert set(components(size, starts, [end for _, end in around])) == {0}
    # One edge less, and everybody is alone.
    starts[-1] -= 1
    assert len(set(components(size, starts, list(range(1, size))))) == size


def test_nobody_is_in_no_component():
    assert list(components(0, [0], [])) == []
