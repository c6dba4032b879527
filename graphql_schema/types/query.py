"""The root fields."""

import re
from typing import Any

import strawberry
from sqlalchemy import ColumnElement, Text, and_, func, select, type_coerce
from sqlalchemy.orm import aliased

from graphql_schema.engine.fields import argument, by_global_id, connection, one, part
from graphql_schema.engine.parameters import then
from graphql_schema.engine.relay import Connection
from graphql_schema.enumerations import Grade, PackageKind
from graphql_schema.filters import CommitFilter, IssueFilter, PackageFilter
from graphql_schema.orders import COMMIT_ORDERS, ISSUE_ORDERS, PACKAGE_ORDERS, PackageOrder
from graphql_schema.types.affected import Affected, read_affected
from graphql_schema.types.commit import Commit
from graphql_schema.types.graph import DependencyGraph
from graphql_schema.types.health import HealthSummary, sum_up_health
from graphql_schema.types.issue import Issue
from graphql_schema.types.listing import Listing, ViewerAccount
from graphql_schema.types.node import Node
from graphql_schema.types.package import Package
from graphql_schema.types.resolution import (
    Resolution,
    VersionDependent,
    find_resolution,
    find_version_dependents,
)
from graphql_schema.types.selection import SelectionResult, read_selection
from registry import models
from registry.errors import Forbidden, InvalidInput
from registry.rules.permissions import Permission
from registry.rules.viewer import ANONYMOUS, Viewer

_HASH = re.compile("[0-9a-f]{7,64}")


def _read_hash(text: str) -> str:
    if not _HASH.fullmatch(text.lower()):
        raise InvalidInput.of("hash", "must be a hash, or at least 7 of its first characters")
    return text.lower()


def _has_hash(commit: Any, hash: Any) -> ColumnElement[bool]:  # noqa: A002 -- the argument's name in the API
    beginning = type_coerce(then(hash, _read_hash), Text)
    # A range instead of a pattern: that is what an index on hashes finds. `g` comes after `f`.
    end = beginning + "g"
    other = aliased(models.Commit)
    matches = select(other.id).where(other.hash >= beginning, other.hash < end).limit(2).subquery()
    unique = select(func.count()).select_from(matches).scalar_subquery() == 1
    return and_(commit.hash >= beginning, commit.hash < end, unique)


def _is_of_the_workspace(commit: Any) -> ColumnElement[bool]:
    # There is one. Said so, that its index gives the commits in order.
    workspace = aliased(models.Workspace)
    only = select(func.min(workspace.id)).scalar_subquery()
    of_it: ColumnElement[bool] = commit.workspace_id == only
    return of_it


def _is_member(package: Any) -> ColumnElement[bool]:
    member: ColumnElement[bool] = package.workspace_id.is_not(None)
    return member


def _is_found(package: Any, query: Any, type: Any, status: Any) -> ColumnElement[bool]:  # noqa: A002 -- the argument's name in the API
    wanted = PackageFilter(
        q=query,
        name=None,
        type=None if type is None else [type],
        path=None,
        status=None if status is None else [status],
        depends_on=None,
        listed=None,
    )
    return and_(_is_member(package), *wanted.conditions(package, ANONYMOUS))


def _may_view_packages(viewer: Viewer) -> bool:
    if viewer.author_id is None:
        return False
    if not viewer.may(Permission.ViewPackages):
        raise Forbidden("The token lacks the permission ViewPackages.", scope="ViewPackages")
    return True


@strawberry.type(description="Where every query begins.")
class Query:
    """Where every query begins."""

    packages: Connection[Package] = connection(
        _is_member,
        "Every package of the workspace.",
        orders=PACKAGE_ORDERS,
        filter_by=PackageFilter,
        order_by=PackageOrder,
        page_size=50,
        visible_already=True,
    )
    package: Package | None = one(
        lambda package, name: (package.name == name) & _is_member(package),
        "A package of the workspace by its name; null if there is none.",
        arguments=[argument("name", str, "The name, with its scope: `@org/name`.")],
        visible_already=True,
    )
    listing: Listing | None = one(
        lambda listing, package_id: listing.identifier == then(package_id, str.lower),
        "A listing by its identifier; null if there is none for the viewer to see.",
        arguments=[argument("package_id", str, "The partial identifier, in any case.")],
    )
    commit: Commit | None = one(
        _has_hash,
        "A commit by its hash; null if there is none, or more than one that begins so.",
        arguments=[argument("hash", str, "The full hash, or at least 7 of its first characters.")],
    )
    commits: Connection[Commit] = connection(
        _is_of_the_workspace,
        "The workspace's commits, the newest first.",
        orders=COMMIT_ORDERS,
        filter_by=CommitFilter,
        page_size=50,
    )
    issues: Connection[Issue] = connection(
        None,
        "What is wrong with the workspace and its packages.",
        orders=ISSUE_ORDERS,
        filter_by=IssueFilter,
        page_size=50,
    )
    search: Connection[Package] = connection(
        _is_found,
        "The packages of the workspace that hold a text in name or description, by name.",
        orders=PACKAGE_ORDERS,
        arguments=[
            argument("query", str, "The text, in any case."),
            argument("type", PackageKind | None, "Of this type only."),
            argument("status", Grade | None, "With a health score of this grade only."),
        ],
        order_by=PackageOrder,
        page_size=50,
        visible_already=True,
    )
    viewer: ViewerAccount | None = one(
        lambda author, viewer: author.id == viewer.author_id,
        "The author whose token was sent, which must have ViewPackages; null without a token.",
        admits=_may_view_packages,
    )
    node: Node | None = by_global_id(
        "Anything that has an id; null if there is nothing of it for the viewer to see.",
        arguments=[argument("id", strawberry.ID, "The id.")],
    )

    health_summary: HealthSummary = strawberry.field(
        resolver=sum_up_health, description="How many packages of the workspace are well."
    )
    dependency_graph: DependencyGraph = part("What depends on what within the workspace.")
    affected: Affected = strawberry.field(
        resolver=read_affected,
        description="The packages that were touched since a commit, branch or tag, and all that "
        "depend on them.",
    )
    resolve: Resolution = strawberry.field(
        resolver=find_resolution,
        description="The newest published versions that go together: all that is wanted and "
        "installed, with what it needs and without what it cannot be together with.",
    )
    version_dependents: list[VersionDependent] = strawberry.field(
        resolver=find_version_dependents,
        description="The published versions that need a version, and which of them would be "
        "left without any if it went.",
    )
    selection: SelectionResult = strawberry.field(
        resolver=read_selection, description="A version selection, such as `1.2-, 0.9.1b2`, read."
    )
