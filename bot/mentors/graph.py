"""Parts of a graph: rings of people, and crowds."""

from array import array
from collections.abc import MutableSequence, Sequence


def strongly_connected_components(
    size: int, starts: Sequence[int], targets: Sequence[int]
) -> Sequence[int]:
    """For each of `size` nodes, the number of its strongly connected component.

    The edges of node n lead to targets[starts[n]:starts[n + 1]]. Two nodes are in the
    same component if each can be reached from the other. This is Tarjan's algorithm
    without recursion, whose depth Python limits; it looks at each edge once.
    """
    found = array("l", [-1]) * size
    # When a node was first seen, from 1 on, and the earliest that it leads back to.
    seen = array("l", [0]) * size
    low = array("l", [0]) * size
    # Which of a node's edges is looked at next.
    edge = array("l", starts[:size])
    open_nodes: list[int] = []
    time = count = 0
    for root in range(size):
        if seen[root]:
            continue
        path = [root]
        while path:
            node = path[-1]
            if not seen[node]:
                time += 1
                seen[node] = low[node] = time
                open_nodes.append(node)
            at, end = edge[node], starts[node + 1]
            while at < end:
                target = targets[at]
                if not seen[target]:
                    # The edge is looked at again on the way back, for where it led.
                    path.append(target)
                    break
                if found[target] < 0 and low[target] < low[node]:
                    low[node] = low[target]
                at += 1
            edge[node] = at
            if path[-1] != node:
                continue
            path.pop()
            if low[node] == seen[node]:
                _close_component(node, open_nodes, found, count)
                count += 1
    return found


def _close_component(
    node: int, open_nodes: list[int], found: MutableSequence[int], component: int
) -> None:
    """All that was opened since the node, and the node, are one component."""
    member = -1
    while member != node:
        member = open_nodes.pop()
        found[member] = component


def in_large_component(
    size: int, sources: Sequence[int], targets: Sequence[int], max_size: int
) -> bytearray:
    """For each of `size` nodes, 1 if it is one of more than `most` that are joined.

    Edges join whichever way they lead. Parts are merged by union-find, the smaller into
    the larger; all that are large enough become one, which no edge has to look through.
    """
    crowd = size
    parent = array("l", range(size + 1))
    weight = array("l", [1]) * size

    def root(node: int) -> int:
        while (above := parent[node]) != node:
            parent[node] = node = parent[above]
        return node

    for source, target in zip(sources, targets, strict=True):
        if parent[source] == parent[target]:
            continue
        one, other = root(source), root(target)
        if one == other:
            continue
        if crowd in {one, other}:
            parent[one] = parent[other] = crowd
            continue
        if weight[one] < weight[other]:
            one, other = other, one
        parent[other] = one
        weight[one] += weight[other]
        if weight[one] > max_size:
            parent[one] = crowd
    return bytearray(root(node) == crowd for node in range(size))


def in_several_groups(
    sources: Sequence[int], targets: Sequence[int], groups: Sequence[int]
) -> bytearray:
    """For each node, 1 if its edges, in and out, join it with more than one group."""
    first = array("l", [-1]) * len(groups)
    found = bytearray(len(groups))
    for source, target in zip(sources, targets, strict=True):
        if not found[source]:
            group = groups[target]
            if first[source] < 0:
                first[source] = group
            elif first[source] != group:
                found[source] = 1
        if not found[target]:
            group = groups[source]
            if first[target] < 0:
                first[target] = group
            elif first[target] != group:
                found[target] = 1
    return found
