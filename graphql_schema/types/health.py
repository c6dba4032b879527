"""Health: a package's score and its parts."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

import strawberry
from sqlalchemy import ColumnElement, Double, Integer, case, cast, func

from graphql_schema.engine.context import Context
from graphql_schema.engine.fields import column, entity, global_id, one, part
from graphql_schema.enumerations import BuildStatus, CheckStatus
from graphql_schema.types.build import Build
from graphql_schema.types.node import Node
from graphql_schema.types.references import PackageRef
from graphql_schema.types.report import Report
from registry import models
from registry.catalogue.health import summarise_health
from registry.rules.score import (
    BUILD_CONFIDENCE,
    BUILD_POINTS,
    COVERAGE_POINTS,
    HEALTHY_FROM,
    LINT_CONFIDENCE,
    LINT_POINTS,
    SECURITY_CONFIDENCE,
    SECURITY_POINTS,
)


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


def _points(status: Any, points: Mapping[Any, int]) -> ColumnElement[int]:
    worth = case({word.value: number for word, number in points.items()}, value=status)
    return func.coalesce(worth, 0, type_=Integer)


def _coverage_points(health: Any) -> ColumnElement[float]:
    return func.coalesce(health.test_coverage * COVERAGE_POINTS / 100, cast(0, Double))


def _confidence(health: Any) -> ColumnElement[int]:
    measured = (
        _points(health.build_status, BUILD_CONFIDENCE)
        + case((health.test_coverage.is_not(None), COVERAGE_POINTS), else_=0)
        + _points(health.lint_status, LINT_CONFIDENCE)
        + _points(health.security_audit, SECURITY_CONFIDENCE)
    )
    return func.coalesce(measured, 0, type_=Integer)


@entity(models.Health)
class HealthPoints:
    """What each part of a score is worth."""

    build: int = column(lambda health: _points(health.build_status, BUILD_POINTS), "Of at most 30.")
    coverage: float = column(_coverage_points, "Of at most 25.")
    lint: int = column(lambda health: _points(health.lint_status, LINT_POINTS), "Of at most 25.")
    security: int = column(
        lambda health: _points(health.security_audit, SECURITY_POINTS), "Of at most 20."
    )


@entity(models.Health)
class HealthEvidence:
    """What the parts of a score follow from; null for a part that was never measured."""

    build: Build | None = one(
        lambda health, build: build.id == health.build_id,
        "The newest build of the default branch.",
    )
    coverage: Report | None = one(
        lambda health, report: report.id == health.coverage_report_id,
        "The newest report on coverage.",
    )
    lint: Report | None = one(
        lambda health, report: report.id == health.lint_report_id,
        "The newest report of a lint run.",
    )
    security: Report | None = one(
        lambda health, report: report.id == health.audit_report_id,
        "The newest report on known vulnerabilities.",
    )


@entity(models.HealthDay)
class HealthDay:
    """A package's health at the end of a day on which it changed."""

    date: str = column(models.HealthDay.day, "The day, in UTC: `2026-11-22`.")
    overall_score: int = column(models.HealthDay.overall_score, "From 0 to 100.")
    confidence: int = column(
        models.HealthDay.confidence, "How many of the 100 points belong to measured parts."
    )
    build_status: BuildStatus = column(
        models.HealthDay.build_status, "Where the package's last CI run stood."
    )
    test_coverage: float | None = column(
        models.HealthDay.test_coverage, "Of its tests, in per cent; null if never measured."
    )
    lint_status: CheckStatus = column(
        models.HealthDay.lint_status, "What the last lint run had found."
    )
    security_audit: CheckStatus = column(
        models.HealthDay.security_audit, "What the last security audit had found."
    )


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
    points: HealthPoints = part("What each part of the score is worth.")
    confidence: int = column(
        _confidence, "How many of the 100 points belong to parts that were really measured."
    )
    evidence: HealthEvidence = part("What the parts of the score follow from.")
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
