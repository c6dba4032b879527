"""Who depends on a package, directly or by way of others."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from registry.dependencies.graph import Edge, read_edges
from registry.errors import package_not_found
from registry.models import Package
from registry.rules.graph import find_ways, follow_way

# The longest chain of names that is told; a chain may be as long as the workspace has packages,
# and there is one for each of them.
LONGEST_WAY = 100


@dataclass(frozen=True)
class Dependent:
    """A package that depends on another.

    Attributes:
        name: its name.
        types: the sections of its manifest that name the other package; empty where it depends on
            it by way of others only.
        through: the shortest chain of names from this package to the other one, both included; at
            most the first `LONGEST_WAY`.
    """

    name: str
    types: tuple[str, ...]
    through: tuple[str, ...]


def list_dependents(
    session: Session, name: str, *, transitive: bool = False
) -> Sequence[Dependent]:
    """List the packages of the workspace that depend on one, by name.

    Args:
        session: where to read.
        name: the package that they depend on.
        transitive: whether those that depend on it only by way of others are wanted too.

    Raises:
        NotFound: the workspace has no package of that name.
    """
    known = session.scalar(
        select(Package.id).where(Package.name == name, Package.workspace_id.is_not(None))
    )
    if known is None:
        raise package_not_found(name)
    edges = read_edges(session)
    types: defaultdict[str, list[str]] = defaultdict(list)
    for edge in edges:
        if edge.target == name:
            types[edge.source].append(edge.type)
    ways = find_ways([name], dependents_of(edges))
    return [
        Dependent(
            dependent, tuple(types[dependent]), tuple(follow_way(ways, dependent, most=LONGEST_WAY))
        )
        for dependent in sorted(ways)
        if dependent != name and (transitive or dependent in types)
    ]


def dependents_of(edges: Iterable[Edge]) -> dict[str, list[str]]:
    """Turn edges round: give who depends on each package, by name."""
    dependents: defaultdict[str, list[str]] = defaultdict(list)
    for edge in edges:
        dependents[edge.target].append(edge.source)
    return dict(dependents)
