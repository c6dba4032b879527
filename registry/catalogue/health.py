"""Reads of health: every package's, and what they come to."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from registry.catalogue.columns import Columns
from registry.catalogue.packages import in_workspace
from registry.models import Health, Package
from registry.rules.enumerations import BuildStatus, CheckStatus
from registry.rules.score import HEALTHY_FROM, Score, overall_score


@dataclass(frozen=True)
class HealthSummary:
    """How many packages are well; the score is the mean, None where there is no package."""

    total: int
    healthy: int
    unhealthy: int
    average_score: float | None


def list_health(session: Session, name: str | None = None) -> Sequence[Columns]:
    """List the health of workspace packages by name, or of the one named."""
    statement = (
        select(
            Package.name,
            Health.build_status,
            Health.test_coverage,
            Health.lint_status,
            Health.security_audit,
            Health.overall_score,
        )
        .join(Health, Health.package_id == Package.id)
        .where(in_workspace())
        .order_by(Package.name)
    )
    if name is not None:
        statement = statement.where(Package.name == name)
    return session.execute(statement).all()


def score_of(row: Columns) -> Score:
    """Work out again what the parts of a package's health are worth."""
    return overall_score(
        BuildStatus(row.build_status),
        row.test_coverage,
        CheckStatus(row.lint_status),
        CheckStatus(row.security_audit),
    )


def summarise_health(session: Session) -> HealthSummary:
    """Count the workspace packages that are healthy, and average their scores."""
    healthy = func.count().filter(Health.overall_score >= HEALTHY_FROM)
    total, well, average = session.execute(
        select(func.count(), healthy, func.avg(Health.overall_score))
        .join(Package, Package.id == Health.package_id)
        .where(in_workspace())
    ).one()
    return HealthSummary(
        total=total,
        healthy=well,
        unhealthy=total - well,
        average_score=None if average is None else round(float(average), 2),
    )
