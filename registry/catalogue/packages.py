"""Reads of packages.

Rows come as columns, not entities; JSON columns come as text (see `columns.json_text`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session

from registry.catalogue.columns import Columns, json_text
from registry.errors import package_not_found
from registry.models import Build, Commit, Dependency, Health, Issue, Package, Workspace
from registry.rules.enumerations import BuildStatus

PACKAGE_COLUMNS = (
    Package.id,
    Package.name,
    Package.version,
    Package.type,
    Package.created_at,
    Package.last_updated,
    json_text(Package.dependencies),
    json_text(Package.maintainers),
    Package.path,
    Package.description,
    Package.license,
    json_text(Package.repository),
    json_text(Package.scripts),
    json_text(Package.dev_dependencies),
    json_text(Package.peer_dependencies),
)


@dataclass(frozen=True)
class PackageFilter:
    """Which packages are wanted; what is empty does not restrict."""

    # Name or description contains it, in any case.
    text: str = ""
    kind: str = ""
    # The health score, from (inclusive) and below (exclusive).
    score_from: int | None = None
    score_below: int | None = None


def in_workspace() -> ColumnElement[bool]:
    """Say which packages are members of the workspace, rather than listed only."""
    return Package.workspace_id.is_not(None)


def matching(wanted: PackageFilter) -> ColumnElement[bool]:
    """Say which packages a filter admits."""
    conditions = [in_workspace()]
    if wanted.text:
        conditions.append(
            or_(
                Package.name.icontains(wanted.text, autoescape=True),
                Package.description.icontains(wanted.text, autoescape=True),
            )
        )
    if wanted.kind:
        conditions.append(Package.type == wanted.kind)
    if wanted.score_from is not None:
        conditions.append(Health.overall_score >= wanted.score_from)
    if wanted.score_below is not None:
        conditions.append(Health.overall_score < wanted.score_below)
    return and_(*conditions)


def list_packages(
    session: Session,
    wanted: PackageFilter = PackageFilter(),
    *,
    after: str | None = None,
    limit: int | None = None,
) -> Sequence[Columns]:
    """List workspace packages by name in code point order, those after the name `after`."""
    statement = _with_health(select(*PACKAGE_COLUMNS), wanted).where(matching(wanted))
    if after is not None:
        statement = statement.where(Package.name > after)
    return session.execute(statement.order_by(Package.name).limit(limit)).all()


def _with_health(
    statement: Select[*tuple[Any, ...]], wanted: PackageFilter
) -> Select[*tuple[Any, ...]]:
    if wanted.score_from is None and wanted.score_below is None:
        return statement
    return statement.join(Health, Health.package_id == Package.id)


def find_package(session: Session, name: str) -> Columns:
    """Find a workspace package by its name.

    Raises:
        NotFound: the workspace has none of that name.
    """
    row = session.execute(
        select(*PACKAGE_COLUMNS, Workspace.branch, Commit.hash, Commit.date)
        .join(Workspace, Workspace.id == Package.workspace_id)
        .outerjoin(Commit, Commit.id == Package.last_commit_id)
        .where(Package.name == name)
    ).first()
    if row is None:
        raise package_not_found(name)
    return row


def list_dependencies(session: Session, package_id: int) -> Sequence[Columns]:
    """List what a package's manifest depends on, by kind and then name."""
    return session.execute(
        select(
            Dependency.name,
            Dependency.range,
            Dependency.kind,
            Dependency.status,
            Dependency.latest,
            Dependency.outdated,
        )
        .where(Dependency.package_id == package_id)
        .order_by(Dependency.kind, Dependency.name)
    ).all()


def list_issues(session: Session, package_id: int) -> Sequence[Columns]:
    """List what is wrong with a package."""
    return session.execute(
        select(Issue.code, Issue.severity, Issue.message)
        .where(Issue.package_id == package_id)
        .order_by(Issue.id)
    ).all()


def find_health(session: Session, package_id: int) -> Columns | None:
    """Find a package's health; None where no scan has looked at it yet."""
    return session.execute(
        select(*Health.__table__.columns).where(Health.package_id == package_id)
    ).first()


@dataclass(frozen=True)
class BuildFigures:
    """What a package's finished builds come to; None where there are none."""

    # Per cent.
    success_rate: float | None
    # Milliseconds.
    average_duration: float | None


def sum_up_builds(session: Session, package_id: int) -> BuildFigures:
    """Sum up a package's finished builds: those that succeeded or failed, not the cancelled."""
    succeeded = func.count().filter(Build.status == BuildStatus.SUCCESS)
    finished, successes, duration = session.execute(
        select(func.count(), succeeded, func.avg(Build.duration)).where(
            Build.package_id == package_id,
            Build.status.in_([BuildStatus.SUCCESS, BuildStatus.FAILED]),
        )
    ).one()
    return BuildFigures(
        success_rate=round(100 * successes / finished, 2) if finished else None,
        average_duration=None if duration is None else round(float(duration), 2),
    )
