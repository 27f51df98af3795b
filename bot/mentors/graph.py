"""Components of a graph: rings and crowds of people. Pure."""

from array import array
from collections.abc import MutableSequence, Sequence


def strongly_connected_components(
    size: int, starts: Sequence[int], targets: Sequence[int]
) -> Sequence[int]:
    """Return the number of each node's strongly connected component.

    The edges of node n lead to targets[starts[n]:starts[n + 1]], for n below `size`.
    Two nodes are in the same component if each can be reached from the other. This is
    Tarjan's algorithm, without recursion, since Python limits its depth. It visits each
    edge once.
    """
    components = array("l", [-1]) * size
    # The order of each node's first visit, from 1 on; and the earliest visited node
    # that it leads back to.
    visited = array("l", [0]) * size
    low = array("l", [0]) * size
    # The next edge to follow from each node.
    edge = array("l", starts[:size])
    open_nodes: list[int] = []
    time = count = 0
    for root in range(size):
        if visited[root]:
            continue
        path = [root]
        while path:
            node = path[-1]
            if not visited[node]:
                time += 1
                visited[node] = low[node] = time
                open_nodes.append(node)
            at, end = edge[node], starts[node + 1]
            while at < end:
                target = targets[at]
                if not visited[target]:
                    # The loop visits this edge again afterwards, to get the target's
                    # `low`.
                    path.append(target)
                    break
                if components[target] < 0 and low[target] < low[node]:
                    low[node] = low[target]
                at += 1
            edge[node] = at
            if path[-1] != node:
                continue
            path.pop()
            if low[node] == visited[node]:
                _close_component(node, open_nodes, components, count)
                count += 1
    return components


def _close_component(
    node: int, open_nodes: list[int], components: MutableSequence[int], component: int
) -> None:
    """Pop `node` and the nodes opened after it, as one component."""
    member = -1
    while member != node:
        member = open_nodes.pop()
        components[member] = component


def in_large_component(
    size: int, sources: Sequence[int], targets: Sequence[int], max_size: int
) -> bytearray:
    """Return 1 for each node that is connected with more than `max_size` nodes, else 0.

    Edges connect in both directions. Union-find merges the smaller component into the
    larger. All components that are large enough become one: they need no more merging.
    """
    crowd = size
    parent = array("l", range(size + 1))
    weight = array("l", [1]) * size

    def root(node: int) -> int:
        while (next_node := parent[node]) != node:
            parent[node] = node = parent[next_node]
        return node

    for source, target in zip(sources, targets, strict=True):
        if parent[source] == parent[target]:
            continue
        root_a, root_b = root(source), root(target)
        if root_a == root_b:
            continue
        if crowd in {root_a, root_b}:
            parent[root_a] = parent[root_b] = crowd
            continue
        if weight[root_a] < weight[root_b]:
            root_a, root_b = root_b, root_a
        parent[root_b] = root_a
        weight[root_a] += weight[root_b]
        if weight[root_a] > max_size:
            parent[root_a] = crowd
    return bytearray(root(node) == crowd for node in range(size))


def in_several_groups(
    sources: Sequence[int], targets: Sequence[int], groups: Sequence[int]
) -> bytearray:
    """Return 1 for each node whose edges, in and out, lead to more than one group."""
    first = array("l", [-1]) * len(groups)
    flags = bytearray(len(groups))
    for source, target in zip(sources, targets, strict=True):
        if not flags[source]:
            group = groups[target]
            if first[source] < 0:
                first[source] = group
            elif first[source] != group:
                flags[source] = 1
        if not flags[target]:
            group = groups[source]
            if first[target] < 0:
                first[target] = group
            elif first[target] != group:
                flags[target] = 1
    return flags
