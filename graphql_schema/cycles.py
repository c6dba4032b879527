"""Circles in a graph."""

from collections import defaultdict
from collections.abc import Iterable, Iterator


def find_cycles(edges: Iterable[tuple[str, str]]) -> list[list[str]]:
    """List the groups of nodes in which each can be reached from each other, both sorted.

    These are the strongly connected components of more than one node, or of one with an edge to
    itself (Tarjan 1972), found without recursion: a chain may be longer than Python's stack.
    """
    following: defaultdict[str, list[str]] = defaultdict(list)
    for source, target in edges:
        following[source].append(target)
    search = _Search(following)
    for node in sorted(following):
        search.visit(node)
    return sorted(search.found)


class _Search:
    def __init__(self, following: dict[str, list[str]]) -> None:
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
