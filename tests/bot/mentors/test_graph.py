"""Components and groups, compared with an independent algorithm."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from bot.mentors.graph import (
    in_large_component,
    in_several_groups,
    strongly_connected_components,
)

Edges = list[tuple[int, int]]


def components(size: int, edges: Edges) -> Sequence[int]:
    targets, starts = [], [0]
    for node in range(size):
        targets += [end for start, end in edges if start == node]
        starts.append(len(targets))
    return strongly_connected_components(size, starts, targets)


def reachable(size: int, edges: Edges) -> list[set[int]]:
    """Return the nodes that each node reaches, by repetition (Warshall)."""
    to = [{node} for node in range(size)]
    for start, end in edges:
        to[start].add(end)
    for between in range(size):
        for start in range(size):
            if between in to[start]:
                to[start] |= to[between]
    return to


GRAPHS = st.integers(1, 9).flatmap(
    lambda size: st.tuples(
        st.just(size),
        st.lists(
            st.tuples(st.integers(0, size - 1), st.integers(0, size - 1)),
            max_size=25,
        ),
    )
)


@given(GRAPHS)
def test_two_nodes_are_in_one_component_if_each_reaches_the_other(graph):
    size, edges = graph
    component, to = components(size, edges), reachable(size, edges)
    for one in range(size):
        for other in range(size):
            is_mutual = other in to[one] and one in to[other]
            assert (component[one] == component[other]) is is_mutual


def ends(edges: Edges) -> tuple[list[int], list[int]]:
    return [start for start, _ in edges], [end for _, end in edges]


@given(GRAPHS, st.integers(1, 9))
def test_a_group_is_larger_than_a_circle_in_any_direction_of_edges(graph, most):
    size, edges = graph
    joined = reachable(size, [*edges, *((end, start) for start, end in edges)])
    large = [len(nodes) > most for nodes in joined]
    assert list(in_large_component(size, *ends(edges), most)) == large


@given(GRAPHS, st.lists(st.integers(0, 3), min_size=9, max_size=9))
def test_members_of_several_groups(graph, groups):
    size, edges = graph
    both = [*edges, *((end, start) for start, end in edges)]
    met = [{groups[end] for start, end in both if start == n} for n in range(size)]
    several = [len(each) > 1 for each in met]
    assert list(in_several_groups(*ends(edges), groups[:size])) == several


def test_a_path_through_a_large_workspace_needs_no_recursion():
    size = 50_000
    around = [(node, (node + 1) % size) for node in range(size)]
    starts = list(range(size + 1))
    assert set(
        strongly_connected_components(size, starts, [end for _, end in around])
    ) == {0}
    # One edge less, and every node is alone.
    starts[-1] -= 1
    assert (
        len(set(strongly_connected_components(size, starts, list(range(1, size)))))
        == size
    )


def test_an_empty_graph_has_no_components():
    assert list(strongly_connected_components(0, [0], [])) == []
