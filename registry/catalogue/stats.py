"""What the catalogue holds, in numbers."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from registry.catalogue.packages import in_workspace
from registry.models import (
    Commit,
    Dependency,
    Issue,
    Listing,
    Package,
    Publication,
    Version,
    Workspace,
)
from registry.rules.enumerations import PackageKind, VersionStatus


@dataclass(frozen=True)
class WorkspaceState:
    """Where the catalogued workspace stands; its path is the server's own affair."""

    tool: str
    branch: str
    head: str
    scanned_at: datetime | None


@dataclass(frozen=True)
class Stats:
    """The catalogue's counts; `workspace` is None before the first scan."""

    packages: int
    packages_by_type: dict[str, int]
    commits: int
    versions: int
    dependencies: int
    issues: int
    listings: int
    publications: int
    workspace: WorkspaceState | None


def count_everything(session: Session) -> Stats:
    """Count what the catalogue holds, of what everyone may see."""
    by_type = dict.fromkeys([kind.value for kind in PackageKind], 0)
    for kind, number in session.execute(
        select(Package.type, func.count()).where(in_workspace()).group_by(Package.type)
    ):
        by_type[kind] = number
    public = (Publication.is_public.is_(True), Publication.status == VersionStatus.PROCESSED)
    counts = session.execute(
        select(
            select(func.count()).select_from(Commit).scalar_subquery(),
            select(func.count()).where(Version.from_git.is_(True)).scalar_subquery(),
            select(func.count()).select_from(Dependency).scalar_subquery(),
            select(func.count()).select_from(Issue).scalar_subquery(),
            select(func.count()).select_from(Listing).scalar_subquery(),
            select(func.count()).where(*public).scalar_subquery(),
        )
    ).one()
    commits, versions, dependencies, issues, listings, publications = counts
    workspace = session.execute(
        select(Workspace.tool, Workspace.branch, Workspace.head, Workspace.scanned_at).order_by(
            Workspace.scanned_at.desc()
        )
    ).first()
    return Stats(
        packages=sum(by_type.values()),
        packages_by_type=by_type,
        commits=commits,
        versions=versions,
        dependencies=dependencies,
        issues=issues,
        listings=listings,
        publications=publications,
        workspace=WorkspaceState(*workspace) if workspace else None,
    )
