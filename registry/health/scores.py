"""Scores: every package's health, worked out from its newest reports and its newest build.

The rule itself is `registry.rules.score`; what counts as newest is in `docs/health.md`.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, insert, select, text, true, update
from sqlalchemy.orm import Session, aliased

from registry.database import raise_revision
from registry.health.build_figures import default_branch
from registry.issues.health import update_health_issues
from registry.models import Build, Health, HealthDay, Package, Report
from registry.models.base import utc_now
from registry.rules.builds import counted_branches
from registry.rules.enumerations import BuildStatus, CheckStatus, ReportKind
from registry.rules.score import overall_score

# Beyond so many packages it costs less to look at all than to name them (and SQLite's oldest limit
# on the parameters of one statement is 999).
_MOST_NAMED = 500
# Any number, the same for all that work scores out: the key of PostgreSQL's advisory lock.
_LOCK_KEY = 0x7265_7363

# What a score is made of, and which rows say so.
_PARTS = ("overall_score", "build_status", "test_coverage", "lint_status", "security_audit")
_EVIDENCE = ("build_id", "coverage_report_id", "lint_report_id", "audit_report_id")


@dataclass
class _Measured:
    """The newest that is known of a package."""

    build: Any = None
    reports: dict[str, Any] = field(default_factory=dict)


def update_scores(
    session: Session, package_ids: Collection[int] | None = None, *, at: datetime | None = None
) -> int:
    """Bring the scores of the workspace's packages up to date; gives how many changed.

    Only what changed is written, into the package's health and its row for the day; the revision
    is raised only then. A handful of statements, however many packages there are.

    Args:
        session: in a transaction that was begun to write; the caller commits.
        package_ids: whose scores; None: everyone's.
        at: when it was found out, if not now.
    """
    if package_ids is not None and not package_ids:
        return 0
    wanted: ColumnElement[bool] = true()
    if package_ids is not None and len(package_ids) <= _MOST_NAMED:
        wanted = Package.id.in_(package_ids)
    lock_scores(session)
    at = at or utc_now()
    measured = _measure(session, wanted)
    scored = {
        row.package_id: row._asdict()
        for row in session.execute(
            select(Health.id, Health.package_id, *_columns(*_PARTS, *_EVIDENCE))
            .join(Package, Package.id == Health.package_id)
            .where(Package.workspace_id.is_not(None), wanted)
        )
    }
    new, changed, days = [], [], {}
    for package_id, found in measured.items():
        health, confidence = _score(found)
        before = scored.get(package_id)
        if before is None:
            new.append({"package_id": package_id, "created_at": at, "updated_at": at, **health})
        elif any(before[key] != value for key, value in health.items()):
            changed.append({"id": before["id"], "updated_at": at, **health})
        else:
            continue
        if before is None or any(before[part] != health[part] for part in _PARTS):
            parts = {part: health[part] for part in _PARTS}
            days[package_id] = {**parts, "confidence": confidence}
    if new:
        session.execute(insert(Health), new)
    if changed:
        session.execute(update(Health), changed)
    _write_days(session, at.date().isoformat(), days)
    issues = update_health_issues(session, package_ids)
    if new or changed or issues:
        raise_revision(session)
    return len(new) + len(changed)


def lock_scores(session: Session) -> None:
    """Let one transaction at a time work scores out; on SQLite it is the one writer anyway.

    Two at once would each miss what the other has not committed yet, and the later one would win.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK_KEY})


def _columns(*names: str) -> list[Any]:
    return [getattr(Health, name) for name in names]


def _measure(session: Session, wanted: ColumnElement[bool]) -> dict[int, _Measured]:
    """Find the newest build and reports of the workspace's packages that are wanted."""
    member = Package.workspace_id.is_not(None)
    measured = {
        package_id: _Measured()
        for package_id in session.scalars(select(Package.id).where(member, wanted))
    }
    for branch in counted_branches(default_branch(session)) or (None,):
        one = aliased(Build)
        of_branch = true() if branch is None else one.branch == branch
        newest = (
            select(one.id)
            # One without a start has not begun, and tells nothing yet.
            .where(one.package_id == Package.id, one.started_at.is_not(None), of_branch)
            .order_by(one.started_at.desc(), one.id.desc())
            .limit(1)
            .correlate(Package)
        )
        for row in session.execute(
            select(Build.package_id, Build.id, Build.status, Build.started_at)
            .select_from(Package)
            .join(Build, Build.id == newest.scalar_subquery())
            .where(member, wanted)
        ):
            package = measured[row.package_id]
            known = package.build
            if known is None or (row.started_at, row.id) > (known.started_at, known.id):
                package.build = row
    reports = session.execute(
        select(Report.package_id, Report.id, Report.kind, Report.verdict, Report.coverage)
        .join(Package, Package.id == Report.package_id)
        .where(member, wanted, Report.problem == "", Report.kind != ReportKind.TESTS)
        # The last one stays: the newest; of several at once the one that was uploaded, or else
        # the first by path.
        .order_by(Report.measured_at, Report.path.desc())
    )
    for report in reports:
        measured[report.package_id].reports[report.kind] = report
    return measured


def _score(found: _Measured) -> tuple[Mapping[str, Any], int]:
    """Give the columns of a package's health, and how much of the score was measured."""
    build = BuildStatus.UNKNOWN if found.build is None else BuildStatus(found.build.status)
    coverage, lint, audit = (
        found.reports.get(kind) for kind in (ReportKind.COVERAGE, ReportKind.LINT, ReportKind.AUDIT)
    )
    percent = coverage.coverage if coverage else None
    lint_status = CheckStatus(lint.verdict) if lint else CheckStatus.UNKNOWN
    security = CheckStatus(audit.verdict) if audit else CheckStatus.UNKNOWN
    score = overall_score(build, percent, lint_status, security)
    columns = {
        "overall_score": score.total,
        "build_status": build.value,
        "test_coverage": percent,
        "lint_status": lint_status.value,
        "security_audit": security.value,
        "build_id": found.build.id if found.build else None,
        "coverage_report_id": coverage.id if coverage else None,
        "lint_report_id": lint.id if lint else None,
        "audit_report_id": audit.id if audit else None,
    }
    return columns, score.confidence


def _write_days(session: Session, day: str, found: Mapping[int, Mapping[str, Any]]) -> None:
    """Keep what packages came to by the end of a day; one row for each."""
    if not found:
        return
    known = {
        row.package_id: row.id
        for row in session.execute(
            select(HealthDay.package_id, HealthDay.id).where(HealthDay.day == day)
        )
    }
    again = [
        {"id": known[package_id], **columns}
        for package_id, columns in found.items()
        if package_id in known
    ]
    first = [
        {"package_id": package_id, "day": day, **columns}
        for package_id, columns in found.items()
        if package_id not in known
    ]
    if again:
        session.execute(update(HealthDay), again)
    if first:
        session.execute(insert(HealthDay), first)
