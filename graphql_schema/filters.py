"""The inputs that say which rows of a connection are wanted; what is left out does not restrict.

Conditions on what not everyone sees ask who is asking: a filter tells as much as a field.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import strawberry
from sqlalchemy import ColumnElement, Text, exists, func, not_, or_, select, type_coerce
from sqlalchemy.orm import aliased

from graphql_schema.engine.parameters import then
from graphql_schema.enumerations import (
    BuildStatus,
    DependencyKind,
    Grade,
    PackageKind,
    Severity,
    VersionStatus,
)
from registry.catalogue.visibility import listing_is_visible, publication_is_visible
from registry.errors import InvalidInput
from registry.models import Dependency, Health, Listing, Package, PackageCommit, Publication
from registry.rules.score import HEALTHY_FROM, WARNING_FROM
from registry.rules.viewer import Viewer

# Each is a parameter, of which databases take so many and no more.
_MOST_VALUES = 500
# SQLite's patterns have an end.
_LONGEST_TEXT = 1_000

Conditions = Iterator[ColumnElement[bool]]


@strawberry.input(description="Which packages are wanted.")
class PackageFilter:
    """Which packages are wanted."""

    q: str | None = strawberry.field(description="Name or description contains it, in any case.")
    name: list[str] | None = strawberry.field(description="Has one of these names.")
    type: list[PackageKind] | None = strawberry.field(description="Is of one of these types.")
    path: str | None = strawberry.field(
        description="Is at this path from the workspace's root, or below it."
    )
    status: list[Grade] | None = strawberry.field(
        description="Has a health score of one of these grades."
    )
    depends_on: str | None = strawberry.field(
        description="Depends, in whatever way, on something of this name."
    )
    listed: bool | None = strawberry.field(
        description="Is listed by an author, as far as the viewer sees, or is not."
    )

    def conditions(self, package: Any, viewer: Viewer) -> Conditions:
        """Say it in SQL."""
        if self.q is not None:
            yield or_(contains(package.name, self.q), contains(package.description, self.q))
        if self.name is not None:
            yield is_one_of(package.name, self.name)
        if self.type is not None:
            yield is_one_of(package.type, self.type)
        if self.path is not None:
            below = type_coerce(
                then(self.path, lambda path: _escape(path) + _escape("/") + "%"), Text
            )
            yield or_(package.path == self.path, package.path.like(below, escape="/"))
        if self.status is not None:
            yield _has_grade(package, self.status)
        if self.depends_on is not None:
            dependency = aliased(Dependency)
            yield exists(
                select(dependency.id)
                .where(dependency.package_id == package.id, dependency.name == self.depends_on)
                .correlate(package)
            )
        if self.listed is not None:
            listing = aliased(Listing)
            found = exists(
                select(listing.package_id)
                .where(listing.package_id == package.id, listing_is_visible(listing, viewer))
                .correlate(package)
            )
            yield found if self.listed else not_(found)


def _has_grade(package: Any, grades: list[Grade]) -> ColumnElement[bool]:
    health = aliased(Health)
    score = health.overall_score
    ranges: dict[Grade, ColumnElement[bool]] = {
        Grade.HEALTHY: score >= HEALTHY_FROM,
        Grade.WARNING: score.between(WARNING_FROM, HEALTHY_FROM - 1),
        Grade.ERROR: score < WARNING_FROM,
    }
    wanted = or_(*(ranges[grade] for grade in grades)) if grades else score < 0
    return exists(
        select(health.id).where(health.package_id == package.id, wanted).correlate(package)
    )


@strawberry.input(description="Which versions are wanted.")
class VersionFilter:
    """Which versions are wanted."""

    status: list[VersionStatus] | None = strawberry.field(
        description="Has a publication of one of these statuses that the viewer sees."
    )
    published: bool | None = strawberry.field(
        description="Has a publication that the viewer sees, or has none."
    )
    tagged: bool | None = strawberry.field(description="Is named by a tag, or is not.")

    def conditions(self, version: Any, viewer: Viewer) -> Conditions:
        """Say it in SQL."""
        publication = aliased(Publication)
        seen = (
            select(publication.version_id)
            .where(
                publication.version_id == version.id,
                publication_is_visible(publication, viewer),
            )
            .correlate(version)
        )
        if self.status is not None:
            yield exists(seen.where(is_one_of(publication.status, self.status)))
        if self.published is not None:
            yield exists(seen) if self.published else not_(exists(seen))
        if self.tagged is not None:
            yield version.tag != "" if self.tagged else version.tag == ""


@strawberry.input(description="Which commits are wanted.")
class CommitFilter:
    """Which commits are wanted."""

    author: str | None = strawberry.field(description="The author's name contains it, in any case.")
    message: str | None = strawberry.field(description="The subject contains it, in any case.")
    type: list[str] | None = strawberry.field(
        description="Is of one of these conventional-commit types; `other` is what has none.",
    )
    package: list[str] | None = strawberry.field(
        description="Touched one of the packages of these names."
    )
    since: datetime | None = strawberry.field(description="Is of this moment or later.")
    until: datetime | None = strawberry.field(description="Is of this moment or earlier.")
    breaking: bool | None = strawberry.field(
        description="Is marked as a breaking change, or is not."
    )

    def conditions(self, commit: Any, viewer: Viewer) -> Conditions:  # noqa: ARG002 -- as all filters; everyone sees every commit
        """Say it in SQL."""
        if self.author is not None:
            yield contains(commit.author_name, self.author)
        if self.message is not None:
            yield contains(commit.message, self.message)
        if self.type is not None:
            yield is_one_of(commit.type, self.type)
        if self.package is not None:
            link, package = aliased(PackageCommit), aliased(Package)
            yield exists(
                select(link.commit_id)
                .join(package, package.id == link.package_id)
                .where(
                    link.commit_id == commit.id,
                    package.workspace_id.is_not(None),
                    is_one_of(package.name, self.package),
                )
                .correlate(commit)
            )
        if self.since is not None:
            yield commit.date >= self.since
        if self.until is not None:
            yield commit.date <= self.until
        if self.breaking is not None:
            yield commit.breaking.is_(self.breaking)


@strawberry.input(description="Which issues are wanted.")
class IssueFilter:
    """Which issues are wanted."""

    severity: list[Severity] | None = strawberry.field(
        description="Matters as much as one of these say."
    )
    code: list[str] | None = strawberry.field(description="Has one of these codes.")
    package: list[str] | None = strawberry.field(
        description="Is an issue of the package of one of these names."
    )

    def conditions(self, issue: Any, viewer: Viewer) -> Conditions:  # noqa: ARG002 -- as all filters; everyone sees every issue
        """Say it in SQL."""
        if self.severity is not None:
            yield is_one_of(issue.severity, self.severity)
        if self.code is not None:
            yield is_one_of(issue.code, self.code)
        if self.package is not None:
            package = aliased(Package)
            yield exists(
                select(package.id)
                .where(package.id == issue.package_id, is_one_of(package.name, self.package))
                .correlate(issue)
            )


@strawberry.input(description="Which dependencies are wanted.")
class DependencyFilter:
    """Which dependencies are wanted."""

    type: list[DependencyKind] | None = strawberry.field(
        description="Stands in one of these sections of the manifest."
    )
    outdated: bool | None = strawberry.field(description="Is older than the latest, or is not.")
    internal: bool | None = strawberry.field(
        description="Is a package of the workspace, or is not."
    )

    def conditions(self, dependency: Any, viewer: Viewer) -> Conditions:  # noqa: ARG002 -- as all filters; everyone sees every dependency
        """Say it in SQL."""
        if self.type is not None:
            yield is_one_of(dependency.kind, self.type)
        if self.outdated is not None:
            yield dependency.outdated.is_(self.outdated)
        if self.internal is not None:
            target = dependency.target_id
            yield target.is_not(None) if self.internal else target.is_(None)


@strawberry.input(description="Which CI runs are wanted.")
class BuildFilter:
    """Which CI runs are wanted."""

    status: list[BuildStatus] | None = strawberry.field(description="Stands at one of these.")
    branch: list[str] | None = strawberry.field(description="Is of one of these branches.")

    def conditions(self, build: Any, viewer: Viewer) -> Conditions:  # noqa: ARG002 -- as all filters; everyone sees every build
        """Say it in SQL."""
        if self.status is not None:
            yield is_one_of(build.status, self.status)
        if self.branch is not None:
            yield is_one_of(build.branch, self.branch)


def contains(column: Any, text: Any) -> ColumnElement[bool]:
    """Say that a column holds a text somewhere, in any case; `%` and `_` mean themselves."""
    pattern = func.lower(type_coerce(then(text, _escape), Text))
    return func.lower(column).contains(pattern, escape="/")


def is_one_of(column: Any, values: list[Any]) -> ColumnElement[bool]:
    """Say that a column holds one of some values.

    Raises:
        InvalidInput: there are more than a filter takes.
    """
    if len(values) > _MOST_VALUES:
        raise InvalidInput(
            f"A filter takes at most {_MOST_VALUES} values of one kind.", code="too_many_values"
        )
    found: ColumnElement[bool] = column.in_(values)
    return found


def _escape(text: str) -> str:
    if len(text) > _LONGEST_TEXT:
        raise InvalidInput(
            f"A text to look for has at most {_LONGEST_TEXT} characters.", code="invalid_text"
        )
    return text.replace("/", "//").replace("%", "/%").replace("_", "/_")
