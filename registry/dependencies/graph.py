"""The dependency graph of the workspace, read from the catalogue."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from registry.errors import package_not_found
from registry.models import Dependency, Package
from registry.rules.enumerations import DependencyKind
from registry.rules.graph import find_cycles


class Node(NamedTuple):
    """A package of the workspace; `type` is a `PackageKind`."""

    name: str
    type: str


class Edge(NamedTuple):
    """One package depends on another; `type` is the manifest's section that says so."""

    source: str
    target: str
    type: str


@dataclass(frozen=True)
class DependencyGraph:
    """What depends on what within the workspace.

    Attributes:
        nodes: the packages, by name.
        edges: by both names, then by type.
        cycles: as `registry.rules.graph.find_cycles` names them.
    """

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    cycles: tuple[tuple[str, ...], ...]


def read_graph(
    session: Session, *, around: str | None = None, kinds: Collection[DependencyKind] = ()
) -> DependencyGraph:
    """Read the workspace's dependency graph.

    Args:
        session: where to read.
        around: a package's name: only it, what it directly depends on, what directly depends on
            it, and the edges between all these.
        kinds: only edges of these sections; none for all.

    Raises:
        NotFound: the workspace has no package of the name `around`.
    """
    nodes = _read_nodes(session)
    edges = read_edges(session, kinds=kinds)
    if around is not None:
        if all(node.name != around for node in nodes):
            raise package_not_found(around)
        near = {around}
        near.update(edge.target for edge in edges if edge.source == around)
        near.update(edge.source for edge in edges if edge.target == around)
        nodes = [node for node in nodes if node.name in near]
        edges = [edge for edge in edges if edge.source in near and edge.target in near]
    return DependencyGraph(tuple(nodes), tuple(edges), find_edge_cycles(edges))


def read_edges(session: Session, *, kinds: Collection[DependencyKind] = ()) -> list[Edge]:
    """Read who depends on whom within the workspace, by both names and then by type."""
    # Names by a map, which is faster than two joins for each of the edges.
    members = select(Package.id, Package.name).where(Package.workspace_id.is_not(None))
    names = dict(session.execute(members).all())
    statement = select(Dependency.package_id, Dependency.target_id, Dependency.kind).where(
        Dependency.target_id.is_not(None)
    )
    if kinds:
        statement = statement.where(Dependency.kind.in_(sorted(kinds)))
    return sorted(
        Edge(names[source], names[target], kind)
        for source, target, kind in session.execute(statement)
        if source in names and target in names
    )


def find_edge_cycles(edges: Iterable[Edge]) -> tuple[tuple[str, ...], ...]:
    """Name the circles that edges make."""
    found = find_cycles((edge.source, edge.target) for edge in edges)
    return tuple(tuple(cycle) for cycle in found)


def read_cycles(session: Session) -> list[list[str]]:
    """Name the circles of packages that depend on each other."""
    return find_cycles((edge.source, edge.target) for edge in read_edges(session))


def _read_nodes(session: Session) -> list[Node]:
    rows = session.execute(
        select(Package.name, Package.type)
        .where(Package.workspace_id.is_not(None))
        .order_by(Package.name)
    )
    return [Node(name, kind) for name, kind in rows]
