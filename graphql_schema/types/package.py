"""Packages."""

from datetime import datetime
from typing import Any

import strawberry
from sqlalchemy import ColumnElement, Float, and_, func, literal_column, select
from sqlalchemy.orm import aliased
from strawberry.scalars import JSON

from graphql_schema.engine.fields import (
    argument,
    column,
    connection,
    entity,
    global_id,
    many,
    one,
    part,
)
from graphql_schema.engine.relay import Connection
from graphql_schema.engine.rows import Link
from graphql_schema.enumerations import PackageKind
from graphql_schema.filters import (
    BuildFilter,
    CommitFilter,
    DependencyFilter,
    PackageFilter,
    VersionFilter,
)
from graphql_schema.orders import (
    BUILD_ORDERS,
    DEPENDENCY_ORDERS,
    HEALTH_DAY_ORDERS,
    PACKAGE_COMMIT_ORDERS,
    PACKAGE_ORDERS,
    VERSION_ORDERS,
    PackageOrder,
)
from graphql_schema.types.build import Build
from graphql_schema.types.commit import Commit
from graphql_schema.types.dependency import Dependency
from graphql_schema.types.health import Health, HealthDay
from graphql_schema.types.issue import Issue
from graphql_schema.types.listing import Listing
from graphql_schema.types.node import Node
from graphql_schema.types.references import PackageRef
from graphql_schema.types.report import Report
from graphql_schema.types.version import Version
from registry import models
from registry.catalogue.visibility import package_is_visible
from registry.rules.score import HEALTHY_FROM


def _of_repository(key: str) -> Any:
    return lambda package: func.coalesce(package.repository[key].as_string(), "")


@entity(models.Package)
class Repository:
    """Where a package's manifest says that its source is kept."""

    type: str = column(_of_repository("type"), "The version control system: `git`.")
    url: str = column(_of_repository("url"), "Its address.")
    directory: str = column(_of_repository("directory"), "The package's directory in it.")


@entity(models.Package)
class Manifest:
    """A package's manifest (`package.json`), as it is written."""

    scripts: JSON = column(models.Package.scripts, "Commands by name.")
    dependencies: JSON = column(models.Package.dependencies, "Ranges by name.")
    dev_dependencies: JSON = column(models.Package.dev_dependencies, "Ranges by name.")
    peer_dependencies: JSON = column(models.Package.peer_dependencies, "Ranges by name.")
    optional_dependencies: JSON = column(models.Package.optional_dependencies, "Ranges by name.")


def _branch(package: Any) -> ColumnElement[str]:
    workspace = aliased(models.Workspace)
    branch = select(workspace.branch).where(workspace.id == package.workspace_id)
    return func.coalesce(branch.correlate(package).scalar_subquery(), "")


def _is_healthy(package: Any) -> ColumnElement[bool]:
    health = aliased(models.Health)
    healthy = select(health.overall_score >= HEALTHY_FROM).where(health.package_id == package.id)
    return func.coalesce(healthy.correlate(package).scalar_subquery(), False)


def _of_builds(package: Any, numerator: Any, denominator: Any) -> ColumnElement[float]:
    """Divide two sums over the package's finished builds; null where the divisor is 0."""
    figure = aliased(models.BuildFigure)
    # Written out, PostgreSQL takes it for a decimal, which it can round; a parameter not.
    factor = literal_column("1.0", Float)
    quotient = factor * numerator(figure) / func.nullif(denominator(figure), 0)
    rounded = select(func.round(quotient, 2, type_=Float)).where(figure.package_id == package.id)
    return rounded.correlate(package).scalar_subquery()


def _success_rate(package: Any) -> ColumnElement[float]:
    return _of_builds(package, lambda sums: 100 * sums.succeeded, lambda sums: sums.finished)


def _average_duration(package: Any) -> ColumnElement[float]:
    return _of_builds(package, lambda sums: sums.duration, lambda sums: sums.timed)


def _has_begun(package: Any, build: Any) -> ColumnElement[bool]:
    return and_(build.package_id == package.id, build.started_at.is_not(None))


def _depends_on(package: Any, dependent: Any) -> ColumnElement[bool]:
    dependency = aliased(models.Dependency)
    dependents = select(dependency.package_id).where(dependency.target_id == package.id)
    found: ColumnElement[bool] = dependent.id.in_(dependents.correlate(package))
    return found


@entity(models.Package, visible=package_is_visible)
class Package(Node):
    """A package: a member of the workspace, something that an author lists, or both."""

    id: strawberry.ID = global_id("Package", models.Package.id)
    name: str = column(models.Package.name, "Its name, with its scope: `@org/name`.")
    version: str = column(models.Package.version, "The manifest's version; empty if it has none.")
    type: PackageKind = column(models.Package.type, "What it is.")
    description: str = column(models.Package.description, "What it does.")
    path: str = column(
        lambda package: func.coalesce(package.path, ""),
        "Where it is, from the workspace's root; empty for a package that is only listed.",
    )
    license: str = column(models.Package.license, "Its licence, as the manifest has it.")
    private: bool = column(models.Package.private, "Whether its manifest forbids publishing it.")
    maintainers: list[str] = column(models.Package.maintainers, "Persons: `Name <mail> (url)`.")
    repository: Repository = part("Where its source is kept.")
    manifest: Manifest = part("The manifest's maps, as they are written.")
    created_at: datetime = column(models.Package.created_at, "When it was first catalogued.")
    last_updated: datetime = column(
        models.Package.last_updated, "When something of it last changed in the catalogue."
    )
    branch: str = column(_branch, "The branch that the workspace is on.")
    is_healthy: bool = column(_is_healthy, f"Whether its health score is {HEALTHY_FROM} or more.")
    success_rate: float | None = column(
        _success_rate,
        "How many of the default branch's CI runs that finished in the days that count (90) "
        "succeeded, in per cent; null if none finished.",
    )
    average_duration: float | None = column(
        _average_duration, "Of the same CI runs, in milliseconds; null if none finished."
    )
    last_commit: Commit | None = one(
        lambda package, commit: commit.id == package.last_commit_id,
        "The newest commit that touched it.",
    )
    health: Health | None = one(
        lambda package, health: health.package_id == package.id,
        "Its score; null for a package that is only listed.",
    )
    health_history: Connection[HealthDay] = connection(
        lambda package, day: day.package_id == package.id,
        "The days on which its health changed, the newest first.",
        orders=HEALTH_DAY_ORDERS,
    )
    reports: list[Report] = many(
        lambda package, report: report.package_id == package.id,
        "What tools measured of it, by kind and file.",
        order=lambda report: (report.kind, report.path, report.id),
        expected=8,
    )
    listing: Listing | None = one(
        lambda package, listing: listing.package_id == package.id,
        "Its author's registration; null if there is none, or none for the viewer to see.",
    )
    versions: Connection[Version] = connection(
        lambda package, version: version.package_id == package.id,
        "Its versions by precedence, the newest first.",
        orders=VERSION_ORDERS,
        filter_by=VersionFilter,
    )
    commits: Connection[Commit] = connection(
        lambda package, link: link.package_id == package.id,
        "The commits that touched it, the newest first.",
        link=Link(models.PackageCommit, "commit_id", also=models.FormerCommit, also_if="follow"),
        arguments=[
            argument(
                "follow", bool | None, "Whether those count too from where it was before it moved."
            )
        ],
        orders=PACKAGE_COMMIT_ORDERS,
        filter_by=CommitFilter,
    )
    dependencies: Connection[Dependency] = connection(
        lambda package, dependency: dependency.package_id == package.id,
        "What its manifest says it depends on, by name.",
        orders=DEPENDENCY_ORDERS,
        filter_by=DependencyFilter,
    )
    dependents: Connection[PackageRef] = connection(
        _depends_on,
        "The packages of the workspace that depend on it, by name.",
        orders=PACKAGE_ORDERS,
        filter_by=PackageFilter,
        order_by=PackageOrder,
        visible_already=True,
    )
    builds: Connection[Build] = connection(
        _has_begun,
        "The CI runs of it, as the CI told of them, the newest first.",
        orders=BUILD_ORDERS,
        filter_by=BuildFilter,
    )
    issues: list[Issue] = many(
        lambda package, issue: issue.package_id == package.id,
        "What is wrong with it.",
        order=lambda issue: (issue.id,),
        expected=5,
    )
