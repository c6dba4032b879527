"""Health: a package's score and its parts."""

from dataclasses import asdict
from datetime import datetime

import strawberry

from graphql_schema.engine.context import Context
from graphql_schema.engine.fields import column, entity, global_id, one
from graphql_schema.enumerations import BuildStatus, CheckStatus
from graphql_schema.types.node import Node
from graphql_schema.types.references import PackageRef
from registry import models
from registry.catalogue.health import summarise_health
from registry.rules.score import HEALTHY_FROM


@strawberry.type(description="How many packages of the workspace are well.")
class HealthSummary:
    """How many packages of the workspace are well."""

    total: int = strawberry.field(description="How many packages have a score.")
    healthy: int = strawberry.field(
        description=f"How many of them have a score of {HEALTHY_FROM} or more."
    )
    unhealthy: int = strawberry.field(description="How many have less.")
    average_score: float | None = strawberry.field(
        description="The mean of the scores; null if there are none."
    )


def sum_up_health(info: strawberry.Info[Context, None]) -> HealthSummary:
    """Sum up the scores, as `GET /api/health/packages` does."""
    return HealthSummary(**asdict(summarise_health(info.context.session())))


@entity(models.Health)
class Health(Node):
    """A package's score and its parts; what was never measured is `unknown` or null."""

    id: strawberry.ID = global_id("Health", models.Health.id)
    overall_score: int = column(models.Health.overall_score, "From 0 to 100.")
    build_status: BuildStatus = column(
        models.Health.build_status, "Where the package's last CI run stands."
    )
    test_coverage: float | None = column(
        models.Health.test_coverage, "Of its tests, in per cent; null if never measured."
    )
    lint_status: CheckStatus = column(models.Health.lint_status, "What the last lint run found.")
    security_audit: CheckStatus = column(
        models.Health.security_audit, "What the last security audit found."
    )
    is_healthy: bool = column(
        lambda health: health.overall_score >= HEALTHY_FROM, f"A score of {HEALTHY_FROM} or more."
    )
    dependencies: str = column(
        models.Health.dependencies, "What is to be said of the package's dependencies."
    )
    created_at: datetime = column(models.Health.created_at, "When it was first measured.")
    updated_at: datetime = column(models.Health.updated_at, "When it last changed.")
    package: PackageRef = one(
        lambda health, package: package.id == health.package_id,
        "The package.",
        visible_already=True,
    )
