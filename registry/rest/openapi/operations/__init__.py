"""The operations by method and route, `GET /api/packages`: a module for each kind of route."""

from collections.abc import Mapping

from registry.rest.openapi.operation import Operation
from registry.rest.openapi.operations import (
    account,
    builds,
    commits,
    dependencies,
    docs,
    graphql,
    health,
    issues,
    packages,
    public_packages,
    publishing,
    resolution,
    root,
    upload_sessions,
)

# In the order in which the document lists them.
_TABLES: tuple[Mapping[str, Operation], ...] = (
    packages.OPERATIONS,
    commits.OPERATIONS,
    dependencies.OPERATIONS,
    health.OPERATIONS,
    issues.OPERATIONS,
    builds.OPERATIONS,
    account.OPERATIONS,
    public_packages.OPERATIONS,
    resolution.OPERATIONS,
    publishing.OPERATIONS,
    upload_sessions.OPERATIONS,
    graphql.OPERATIONS,
    root.OPERATIONS,
    docs.OPERATIONS,
)

OPERATIONS: Mapping[str, Operation] = {
    route: operation for table in _TABLES for route, operation in table.items()
}
