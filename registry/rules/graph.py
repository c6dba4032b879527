"""Rules about directed graphs of names: circles in them, and what leads to what.

All is deterministic, without recursion (a chain may be longer than Python's stack), and takes time
in proportion to the number of edges, for a workspace may hold any graph.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

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
    before: dict[str, list[str]] = {node: [] for node in group}
    for source, targets in inner.items():
        for target in targets:
            before[target].append(source)
    budget = _LOOKS_PER_EDGE * sum(map(len, inner.values()))
    seen: set[str] = set()
    for node in group:
        if budget <= 0:
            return
        if node not in seen:
            ring, looks = _find_shortest_ring(node, inner, before)
            budget -= looks
            seen.update(ring)
            first = ring.index(min(ring))
            yield ring[first:] + ring[:first]


def _find_shortest_ring(
    start: str, inner: Mapping[str, Sequence[str]], before: Mapping[str, Sequence[str]]
) -> tuple[list[str], int]:
    """Find the shortest ring through a node of a group, and tell how many edges it looked at.

    It is sought from both ends at once, a step on the side where there are fewer nodes by turns:
    after each step all rings are known that are as long as both sides are deep together.

    Args:
        start: the node.
        inner: what each node of the group leads to in it.
        before: what leads to each node of the group, in it.
    """
    onward, back = _Side(start, inner), _Side(start, before)
    looks = 0
    while onward.frontier and back.frontier:
        near, far = (onward, back) if len(onward.frontier) <= len(back.frontier) else (back, onward)
        looks += sum(map(len, map(near.edges.__getitem__, near.frontier)))
        met = near.step(far)
        if met is not None:
            one, other = met if near is onward else met[::-1]
            return onward.way(one)[::-1] + back.way(other)[:-1], looks
    raise ValueError(f"{start!r} is on no circle")


class _Side:
    """A search from a node in one direction: what it has reached, each from where, and how far."""

    def __init__(self, start: str, edges: Mapping[str, Sequence[str]]) -> None:
        self.edges = edges
        self.frontier = [start]
        self.reached_from = {start: start}

    def step(self, other: "_Side") -> tuple[str, str] | None:
        """Go one edge further; gives the first edge that leads to where the other side has been."""
        reached_from, met = self.reached_from, other.reached_from
        frontier = []
        for node in self.frontier:
            for target in self.edges[node]:
                if target in met:
                    return node, target
                if target not in reached_from:
                    reached_from[target] = node
                    frontier.append(target)
        self.frontier = frontier
        return None

    def way(self, node: str) -> list[str]:
        """List the nodes from one that was reached back to the start."""
        way = [node]
        while self.reached_from[node] != node:
            node = self.reached_from[node]
            way.append(node)
        return way


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
