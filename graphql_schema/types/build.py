"""Builds: a package's CI runs."""

from datetime import datetime

import strawberry

from graphql_schema.engine.fields import column, entity, global_id, one
from graphql_schema.enumerations import BuildStatus
from graphql_schema.scalars import BigInt
from graphql_schema.types.node import Node
from graphql_schema.types.references import CommitRef, PackageRef
from registry import models


@entity(models.Build)
class Build(Node):
    """A CI run of a package, as the CI told of it."""

    id: strawberry.ID = global_id("Build", models.Build.id)
    run_id: str = column(models.Build.run_id, "The id that the CI gave to it.")
    status: BuildStatus = column(models.Build.status, "Where it stands.")
    branch: str = column(models.Build.branch, "Of which branch it is; empty if that was not told.")
    commit_hash: str = column(
        models.Build.commit_hash, "Of which commit it is; empty if that was not told."
    )
    commit: CommitRef | None = one(
        lambda build, commit: commit.hash == build.commit_hash,
        "The same, where the workspace's history has it.",
    )
    started_at: datetime | None = column(models.Build.started_at, "When it began.")
    finished_at: datetime | None = column(
        models.Build.finished_at, "When it finished; null until then."
    )
    duration: BigInt | None = column(
        models.Build.duration, "From start to finish, in milliseconds; null until it has finished."
    )
    url: str = column(models.Build.url, "Where the CI shows it; empty if that was not told.")
    package: PackageRef = one(
        lambda build, package: package.id == build.package_id,
        "The package.",
        visible_already=True,
    )
