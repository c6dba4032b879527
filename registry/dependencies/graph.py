"""The dependency graph of the workspace, read from the catalogue."""

from collections.abc import Collection, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from registry.errors import package_not_found
from registry.models import Dependency, Package
from registry.rules.enumerations import DependencyKind
from registry.rules.graph import find_cycles

# Tables, not models: what is read is thousands of rows, and no objects are made of them.
_PACKAGE: Any = Package.__table__
_DEPENDENCY: Any = Dependency.__table__


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
    members = _read_members(session)
    nodes = [Node(name, kind) for _, name, kind in members]
    edges = _read_edges(session, members, kinds)
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
    return _read_edges(session, _read_members(session), kinds)


def find_edge_cycles(edges: Iterable[Edge]) -> tuple[tuple[str, ...], ...]:
    """Name the circles that edges make."""
    found = find_cycles((edge.source, edge.target) for edge in edges)
    return tuple(tuple(cycle) for cycle in found)


def read_cycles(session: Session) -> list[list[str]]:
    """Name the circles of packages that depend on each other."""
    names = {id_: name for id_, name, _ in _read_members(session)}
    rows = _read_rows(session, ())
    return find_cycles(
        (names[source], names[target])
        for source, target, _ in rows
        if source in names and target in names
    )


def _read_members(session: Session) -> Sequence[tuple[int, str, str]]:
    """Read id, name and type of the workspace's packages, by name."""
    members = select(_PACKAGE.c.id, _PACKAGE.c.name, _PACKAGE.c.type)
    statement = members.where(_PACKAGE.c.workspace_id.is_not(None)).order_by(_PACKAGE.c.name)
    return _fetch(session, statement)


def _read_edges(
    session: Session,
    members: Sequence[tuple[int, str, str]],
    kinds: Collection[DependencyKind],
) -> list[Edge]:
    # By the places of names in their order, and not by joins and names: there are ten edges for
    # each package, and numbers are sorted faster than texts.
    place = {id_: index for index, (id_, _, _) in enumerate(members)}
    found: list[list[tuple[int, str]]] = [[] for _ in members]
    for source, target, kind in _read_rows(session, kinds):
        if source in place and target in place:
            found[place[source]].append((place[target], kind))
    names = [name for _, name, _ in members]
    return [
        Edge(name, names[target], kind)
        for name, targets in zip(names, found, strict=True)
        for target, kind in sorted(targets)
    ]


def _read_rows(
    session: Session, kinds: Collection[DependencyKind]
) -> Sequence[tuple[int, int, str]]:
    """Read ids of the packages that depend and are depended on, and the section, in any order."""
    statement = select(_DEPENDENCY.c.package_id, _DEPENDENCY.c.target_id, _DEPENDENCY.c.kind).where(
        _DEPENDENCY.c.target_id.is_not(None)
    )
    if kinds:
        statement = statement.where(_DEPENDENCY.c.kind.in_(sorted(kinds)))
    return _fetch(session, statement)


def _fetch(session: Session, statement: Any) -> Sequence[Any]:
    """Read rows as the driver has them: texts and numbers need nothing to be made of them."""
    with closing(session.connection().execute(statement)) as result:
        rows: Sequence[Any] = result.cursor.fetchall()
    return rows
