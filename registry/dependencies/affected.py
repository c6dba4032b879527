"""Which packages a range of commits affects: those it touched, and all that depend on them."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from registry.dependencies.dependents import LONGEST_WAY, dependents_of
from registry.dependencies.graph import read_edges
from registry.errors import WorkspaceUnavailable
from registry.history.differences import find_difference, read_changed_paths
from registry.history.repository import Repository
from registry.models import Package, Workspace
from registry.rules.enumerations import AffectedReason, DependencyKind
from registry.rules.graph import find_ways, follow_way
from registry.rules.territories import Territories


@dataclass(frozen=True)
class AffectedPackage:
    """A package that a range of commits affects.

    Attributes:
        name: its name.
        path: its directory from the root.
        reason: whether files of its own changed, or only packages that it depends on.
        files: how many of its files changed.
        through: the shortest chain of names from it to a package that was touched, both included;
            at most the first `LONGEST_WAY`; for one that was itself touched, only its name.
    """

    name: str
    path: str
    reason: AffectedReason
    files: int
    through: tuple[str, ...]


@dataclass(frozen=True)
class Affected:
    """What the commits since a commit, branch or tag affect.

    Attributes:
        since: as it was asked for.
        base: the full hash of the newest commit that both have.
        head: the full hash of the commit that the catalogue is at.
        files: how many files changed in all; more than the packages' where some are of none.
        packages: by name.
    """

    since: str
    base: str
    head: str
    files: int
    packages: tuple[AffectedPackage, ...]


def find_affected(
    session: Session, since: str, *, kinds: Collection[DependencyKind] = ()
) -> Affected:
    """Find the packages whose files differ between SINCE and HEAD, and those that depend on them.

    The meaning is that of `git diff SINCE...HEAD`: what was committed on HEAD's side since the two
    parted. HEAD is the commit that the catalogue is at; what is not committed does not count. Git
    is asked, not the catalogue's commits: it compares two trees whatever lies between them, and so
    leaves out what was changed and changed back.

    Args:
        session: where packages and dependencies are read.
        since: a commit, branch or tag.
        kinds: only dependencies of these sections lead on; none for all.

    Raises:
        NotFound: the repository has no such commit, branch or tag.
        Conflict: the two histories have no commit in common.
        WorkspaceUnavailable: there is no workspace yet, or its repository cannot be read.
    """
    workspace = session.execute(
        select(Workspace.id, Workspace.path, Workspace.head).order_by(Workspace.id).limit(1)
    ).first()
    if workspace is None:
        raise WorkspaceUnavailable(
            "No workspace is catalogued yet: refresh first.", code="workspace_not_configured"
        )
    repository = Repository.open(Path(workspace.path))
    difference = find_difference(repository, since, workspace.head)
    rows = session.execute(
        select(Package.name, Package.path).where(Package.workspace_id == workspace.id)
    )
    paths = {name: path for name, path in rows if path is not None}
    territories = Territories(list(paths.values()))
    names = list(paths)

    touched: Counter[str] = Counter()
    files = 0
    for path in read_changed_paths(repository, difference):
        files += 1
        touched.update(names[owner] for owner in territories.owners([path]))

    ways = find_ways(touched, dependents_of(read_edges(session, kinds=kinds)))
    packages = tuple(
        AffectedPackage(
            name=name,
            path=paths[name],
            reason=AffectedReason.TOUCHED if name in touched else AffectedReason.DEPENDENCY,
            files=touched[name],
            through=tuple(follow_way(ways, name, most=LONGEST_WAY)),
        )
        for name in sorted(ways)
    )
    return Affected(since, difference.base, difference.head, files, packages)
