"""The orders that connections come in; each ends with a key that tells all rows apart."""

from typing import Any

import strawberry
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import aliased

from graphql_schema.engine.paging import Order
from graphql_schema.enumerations import OrderDirection, PackageOrderField
from registry.models import Health


@strawberry.input(description="What packages are ordered by, and which end comes first.")
class PackageOrder:
    """What packages are ordered by, and which end comes first."""

    field: PackageOrderField = strawberry.field(description="What they are ordered by.")
    direction: OrderDirection = strawberry.field(
        default=OrderDirection.ASC, description="Which end comes first."
    )

    @property
    def descending(self) -> bool:
        """Whether the greatest comes first."""
        return self.direction is OrderDirection.DESC


def _score(package: Any) -> ColumnElement[int]:
    health = aliased(Health)
    score = select(health.overall_score).where(health.package_id == package.id).correlate(package)
    # What was never scored comes before the worst.
    return func.coalesce(score.scalar_subquery(), -1)


PACKAGE_ORDERS = {
    PackageOrderField.NAME: Order("name", lambda package: (package.name, package.id)),
    PackageOrderField.TYPE: Order("type", lambda package: (package.type, package.name, package.id)),
    PackageOrderField.CREATED_AT: Order(
        "createdAt", lambda package: (package.created_at, package.id)
    ),
    PackageOrderField.LAST_UPDATED: Order(
        "lastUpdated", lambda package: (package.last_updated, package.id)
    ),
    PackageOrderField.SCORE: Order("score", lambda package: (_score(package), package.id)),
}

# By precedence, the newest first.
VERSION_ORDERS = {
    None: Order("precedence", lambda version: (version.sort_key, version.id), descending=True)
}

# As history has them, the newest first; ids rise with history within one second.
COMMIT_ORDERS = {None: Order("date", lambda commit: (commit.date, commit.id), descending=True)}

# The same through the link, whose key is clustered by it.
PACKAGE_COMMIT_ORDERS = {
    None: Order("date", lambda link: (link.date, link.commit_id), descending=True)
}
COMMIT_PACKAGE_ORDERS = {
    None: Order("name", lambda _link, package: (package.name, package.id)),
}

DEPENDENCY_ORDERS = {None: Order("name", lambda dependency: (dependency.name, dependency.kind))}

# In the order in which they were found.
ISSUE_ORDERS = {None: Order("found", lambda issue: (issue.id,))}

LISTING_ORDERS = {None: Order("packageId", lambda listing: (listing.identifier,))}

# By start, the newest first. The connection has those alone that have begun.
BUILD_ORDERS = {
    None: Order("startedAt", lambda build: (build.started_at, build.id), descending=True)
}

# The newest first.
HEALTH_DAY_ORDERS = {None: Order("date", lambda day: (day.day, day.id), descending=True)}
