"""Reads of what was measured of one package: its reports, what a score follows from, its days."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from registry.catalogue.columns import Columns
from registry.catalogue.packages import in_workspace
from registry.errors import package_not_found
from registry.models import Build, Health, HealthDay, Package, Report

_REPORT_COLUMNS = (
    Report.id,
    Report.kind,
    Report.path,
    Report.format,
    Report.measured_at,
    Report.verdict,
    Report.coverage,
    Report.figures,
    Report.problem,
)
_BUILD_COLUMNS = (
    Build.id,
    Build.run_id,
    Build.status,
    Build.branch,
    Build.commit_hash,
    Build.url,
    Build.started_at,
    Build.finished_at,
)


@dataclass(frozen=True)
class Evidence:
    """What a package's score follows from; None: that part was never measured."""

    build: Columns | None
    coverage: Columns | None
    lint: Columns | None
    security: Columns | None


def list_reports(session: Session, name: str) -> Sequence[Columns]:
    """List the newest reports of a workspace package: by kind, the newest first.

    Raises:
        NotFound: the workspace has no such package.
    """
    package_id = _find_id(session, name)
    return session.execute(
        select(*_REPORT_COLUMNS)
        .where(Report.package_id == package_id)
        .order_by(Report.kind, Report.measured_at.desc(), Report.path)
    ).all()


def find_report(session: Session, report_id: int) -> Columns:
    """Give one report by its key."""
    return session.execute(select(*_REPORT_COLUMNS).where(Report.id == report_id)).one()


def find_evidence(session: Session, name: str) -> Evidence:
    """Find what a workspace package's score follows from.

    Raises:
        NotFound: the workspace has no such package.
    """
    package_id = _find_id(session, name)
    wanted = session.execute(
        select(
            Health.build_id,
            Health.coverage_report_id,
            Health.lint_report_id,
            Health.audit_report_id,
        ).where(Health.package_id == package_id)
    ).first()
    if wanted is None:
        return Evidence(None, None, None, None)
    build = session.execute(select(*_BUILD_COLUMNS).where(Build.id == wanted.build_id)).first()
    ids = [report_id for report_id in wanted[1:] if report_id is not None]
    reports = {
        row.id: row for row in session.execute(select(*_REPORT_COLUMNS).where(Report.id.in_(ids)))
    }
    coverage, lint, security = (reports.get(report_id) for report_id in wanted[1:])
    return Evidence(build, coverage, lint, security)


def list_health_days(
    session: Session, name: str, *, first: str | None, last: str | None, limit: int
) -> Sequence[Columns]:
    """List how a workspace package's health went, a row for each day on which it changed.

    Args:
        session: the transaction that reads.
        name: the package's.
        first: the earliest day, as `2026-11-22`; None: from the beginning.
        last: the latest day; None: up to today.
        limit: how many days at most; the newest come first.

    Raises:
        NotFound: the workspace has no such package.
    """
    statement = select(*HealthDay.__table__.columns).where(
        HealthDay.package_id == _find_id(session, name)
    )
    if first is not None:
        statement = statement.where(HealthDay.day >= first)
    if last is not None:
        statement = statement.where(HealthDay.day <= last)
    return session.execute(statement.order_by(HealthDay.day.desc()).limit(limit)).all()


def _find_id(session: Session, name: str) -> int:
    package_id = session.scalar(select(Package.id).where(Package.name == name, in_workspace()))
    if package_id is None:
        raise package_not_found(name)
    return package_id
