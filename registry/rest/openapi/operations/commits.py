"""Commits, search and counts."""

from typing import Annotated

from pydantic import Field

from registry.rest.openapi.operation import Operation, Parameter, json_answer
from registry.rest.openapi.operations.packages import (
    FOLLOW,
    NO_PACKAGE,
    LookedFor,
    Nothing,
    Packages,
)
from registry.rest.openapi.shape import Count, Hash, HashOrEmpty, Shape, Time, TimeOrEmpty
from registry.rules.enumerations import PackageKind
from registry.rules.score import Grade


class Commit(Shape):
    """A commit that touched a package."""

    hash: Hash
    author: str
    package_name: str
    date: Time
    """The committer's."""
    message: str
    type: str
    """Its conventional-commit type, else `other`."""


class WorkspaceState(Shape):
    """Where the catalogued workspace stands."""

    tool: str
    branch: str
    head: HashOrEmpty
    scanned_at: TimeOrEmpty


class Stats(Shape):
    """What the catalogue holds."""

    packages: Count
    packages_by_type: dict[str, Count]
    commits: Count
    versions: Count
    dependencies: Count
    issues: Count
    listings: Count
    publications: Count
    workspace: WorkspaceState | Nothing


_PARAMETERS = [
    Parameter(
        "limit", "At most so many; without it, all.", Annotated[int, Field(ge=1, le=1_000_000_000)]
    ),
    Parameter("before", "Only commits older than the one of this hash."),
    FOLLOW,
]

OPERATIONS = {
    "GET /api/commits/": Operation(
        id="list_root_package_commits",
        summary="List the commits of the package at the workspace's root",
        tag="Packages",
        parameters=_PARAMETERS,
        answers=json_answer("The commits, the newest first.", list[Commit]),
        problems={404: NO_PACKAGE},
        is_conditional=True,
    ),
    "GET /api/commits/<path:path>": Operation(
        id="list_package_commits",
        summary="List the commits of the package at a path",
        tag="Packages",
        path=[
            Parameter(
                "packagePath",
                "The package's path from the root, raw or percent-encoded.",
                example="packages/ui",
            )
        ],
        parameters=_PARAMETERS,
        answers=json_answer("The commits, the newest first.", list[Commit]),
        problems={404: NO_PACKAGE},
        is_conditional=True,
    ),
    "GET /api/search": Operation(
        id="search_packages",
        summary="List the packages that hold a text, are of a type, and are so healthy",
        tag="Packages",
        parameters=[
            Parameter("q", "Name or description contains it, in any case.", LookedFor),
            Parameter("type", "Only packages of this type.", PackageKind),
            Parameter("status", "Only packages whose health is of this grade.", Grade),
        ],
        answers=json_answer("The packages, by name.", Packages),
        is_conditional=True,
    ),
    "GET /api/stats": Operation(
        id="get_stats",
        summary="Count what the catalogue holds",
        tag="Packages",
        answers=json_answer("The counts.", Stats),
        is_conditional=True,
    ),
}
