"""Rules about directed graphs of names: circles in them, and what leads to what.

All is deterministic, without recursion (a chain may be longer than Python's stack), and takes time
in proportion to the number of edges, for a workspace may hold any graph.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

# How often each edge of a group may be looked at, on average, while its rings are sought.
_LOOKS_PER_EDGE = 32


def find_cycles(edges: Iterable[tuple[str, str]]) -> list[list[str]]:
    """List the circles in a graph: `["a", "b"]` says that `a` leads to `b`, and `b` to `a`.

    The circles of a dense graph cannot be counted, so these are not all: for each node on
    a circle, in order of names, that is on none of those listed yet, the shortest one through it.
    So each node on a circle is on one of those listed; only in a group of nodes that nearly all
    lead to each other, where seeking would take too long, some may not be. Each begins with its
    first name in order.
    """
    following = _following(edges)
    cycles: list[list[str]] = []
    for group in _find_groups(following):
        cycles += _find_rings(group, following)
    return sorted(cycles)


def find_groups(edges: Iterable[tuple[str, str]]) -> list[list[str]]:
    """List the groups of nodes in which each can be reached from each other, both sorted.

    These are the strongly connected components of more than one node, or of one with an edge to
    itself (Tarjan 1972).
    """
    return _find_groups(_following(edges))


def find_ways(starts: Iterable[str], following: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Find all that can be reached from some nodes, each with the node that it is reached from.

    Ways are shortest; of several, the one by the first names in order. A start is reached from
    itself. The keys come in the order of their distance, then of their names.
    """
    frontier = sorted(set(starts))
    ways = {start: start for start in frontier}
    while frontier:
        reached: dict[str, str] = {}
        for node in frontier:
            for target in following.get(node, ()):
                if target not in ways:
                    reached.setdefault(target, node)
        frontier = sorted(reached)
        ways.update((target, reached[target]) for target in frontier)
    return ways


def follow_way(ways: Mapping[str, str], node: str, *, most: int) -> list[str]:
    """List the nodes from `node` back to where its way started; at most `most` of them."""
    way = [node]
    while ways[node] != node and len(way) < most:
        node = ways[node]
        way.append(node)
    return way


def _following(edges: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """Give the nodes that each node leads to; one may come twice."""
    following: defaultdict[str, list[str]] = defaultdict(list)
    for source, target in edges:
        following[source].append(target)
    return following


def _find_groups(following: Mapping[str, Sequence[str]]) -> list[list[str]]:
    search = _Search(following)
    for node in sorted(following):
        search.visit(node)
    return sorted(search.found)


def _find_rings(
    group: Sequence[str], following: Mapping[str, Sequence[str]]
) -> Iterator[list[str]]:
    """Give rings of a group's nodes; the group is sorted."""
    members = set(group)
    inner = {node: sorted(members.intersection(following[node])) for node in group}
    before: dict[str, set[str]] = {node: set() for node in group}
    for source, targets in inner.items():
        for target in targets:
            before[target].add(source)
    budget = _LOOKS_PER_EDGE * sum(map(len, inner.values()))
    seen: set[str] = set()
    for node in group:
        if budget <= 0:
            return
        if node not in seen:
            ring, looks = _find_shortest_ring(node, inner, before[node])
            budget -= looks
            seen.update(ring)
            first = ring.index(min(ring))
            yield ring[first:] + ring[:first]


def _find_shortest_ring(
    start: str, inner: Mapping[str, Sequence[str]], before: Collection[str]
) -> tuple[list[str], int]:
    """Find the shortest ring through a node of a group, and tell how many edges it looked at.

    Args:
        start: the node.
        inner: what each node of the group leads to in it.
        before: the nodes that lead to `start`.
    """
    if start in before:
        return [start], len(inner[start])
    reached_from: dict[str, str] = {}
    queue, looks = [start], 0
    for node in queue:
        looks += len(inner[node])
        for target in inner[node]:
            if target in reached_from:
                continue
            reached_from[target] = node
            if target in before:
                ring = [target]
                while ring[-1] != start:
                    ring.append(reached_from[ring[-1]])
                return ring[::-1], looks
            queue.append(target)
    raise ValueError(f"{start!r} is on no circle")


class _Search:
    def __init__(self, following: Mapping[str, Sequence[str]]) -> None:
        self.found: list[list[str]] = []
        self._following = following
        # When each node was first seen, and the earliest seen that it leads back to.
        self._seen: dict[str, int] = {}
        self._earliest: dict[str, int] = {}
        # Seen nodes that belong to no group yet.
        self._open: dict[str, None] = {}

    def visit(self, start: str) -> None:
        if start in self._seen:
            return
        path = [(start, self._enter(start))]
        while path:
            node, waiting = path[-1]
            target = next(waiting, None)
            if target is None:
                path.pop()
                self._leave(node, path[-1][0] if path else None)
            elif target not in self._seen:
                path.append((target, self._enter(target)))
            elif target in self._open:
                self._earliest[node] = min(self._earliest[node], self._seen[target])

    def _enter(self, node: str) -> Iterator[str]:
        self._seen[node] = self._earliest[node] = len(self._seen)
        self._open[node] = None
        return iter(self._following.get(node, ()))

    def _leave(self, node: str, before: str | None) -> None:
        if before is not None:
            self._earliest[before] = min(self._earliest[before], self._earliest[node])
        if self._earliest[node] < self._seen[node]:
            return
        group = []
        while node in self._open:
            group.append(self._open.popitem()[0])
        if len(group) > 1 or node in self._following.get(node, ()):
            self.found.append(sorted(group))
