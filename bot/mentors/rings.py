"""Who is in a ring: the strongly connected parts of a graph."""

from array import array
from collections.abc import MutableSequence, Sequence


def components(
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
                _close(node, open_nodes, found, count)
                count += 1
    return found


def _close(
    node: int, open_nodes: list[int], found: MutableSequence[int], number: int
) -> None:
    """All that was opened since the node, and the node, are one component."""
    member = -1
    while member != node:
        member = open_nodes.pop()
        found[member] = number
