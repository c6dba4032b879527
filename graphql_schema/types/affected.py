"""What the commits since a commit, branch or tag affect."""

from dataclasses import fields
from typing import Annotated

import strawberry

from graphql_schema.engine.context import Context
from graphql_schema.enumerations import AffectedReason, DependencyKind


@strawberry.type(description="A package that commits affect.")
class AffectedPackage:
    """A package that commits affect."""

    name: str = strawberry.field(description="Its name.")
    path: str = strawberry.field(description="Where it is, from the workspace's root.")
    reason: AffectedReason = strawberry.field(description="Why it is affected.")
    files: int = strawberry.field(description="How many of its own files changed.")
    through: list[str] = strawberry.field(
        description="The shortest chain of names from it to a package that was touched."
    )


@strawberry.type(description="What the commits since a commit, branch or tag affect.")
class Affected:
    """What the commits since a commit, branch or tag affect."""

    since: str = strawberry.field(description="As it was asked for.")
    base: str = strawberry.field(description="The newest commit that it and HEAD both have.")
    head: str = strawberry.field(description="The commit that the catalogue is at.")
    files: int = strawberry.field(
        description="How many files changed, those of no package included."
    )
    packages: list[AffectedPackage] = strawberry.field(
        description="The packages that were touched, and all that depend on them, by name."
    )


def read_affected(
    info: strawberry.Info[Context, None],
    since: Annotated[str, strawberry.argument(description="A commit, branch or tag.")],
    type: Annotated[  # noqa: A002 -- the argument's name in the API
        list[DependencyKind] | None,
        strawberry.argument(description="Only dependencies of these sections lead on."),
    ] = None,
) -> Affected:
    """Find what is affected, as `GET /api/affected` does."""
    # The one read that asks git, and the only one that needs what speaks to it.
    from registry.dependencies.affected import find_affected  # noqa: PLC0415 -- see above

    # A branch may move without anything in the catalogue changing.
    info.context.reads_elsewhere = True
    found = find_affected(info.context.session(), since, kinds=type or ())
    return Affected(
        since=found.since,
        base=found.base,
        head=found.head,
        files=found.files,
        packages=[
            AffectedPackage(
                **{each.name: getattr(package, each.name) for each in fields(package)}
                | {"through": list(package.through)}
            )
            for package in found.packages
        ],
    )
