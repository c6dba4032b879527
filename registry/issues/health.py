"""Issues that come from what was measured: a failing build, less coverage, vulnerabilities."""

from collections.abc import Collection, Iterator
from typing import Any

from sqlalchemy import ColumnElement, select, true
from sqlalchemy.orm import Session, aliased

from registry.issues.keep import IssueRow, replace_issues, write_evidence
from registry.models import Build, Health, HealthDay, Issue, Package, Report
from registry.rules.enumerations import BuildStatus, CheckStatus, Severity
from registry.rules.issue_codes import IssueCode
from registry.rules.times import format_time

# The codes that are found here.
CODES = (
    IssueCode.BUILD_FAILING,
    IssueCode.COVERAGE_DROPPED,
    IssueCode.VULNERABILITIES_KNOWN,
)
# Less of a drop is no issue; in per cent of lines.
LEAST_DROP = 1.0
# As in `registry.health.scores`: beyond, it costs less to look at all than to name them.
_MOST_NAMED = 500


def update_health_issues(session: Session, package_ids: Collection[int] | None = None) -> bool:
    """Look at the newest measurements anew; tells whether any issue changed.

    Args:
        session: in a transaction that was begun to write, in which scores are up to date.
        package_ids: whose; None: everyone's.
    """
    session.flush()
    wanted: ColumnElement[bool] = true()
    mine: ColumnElement[bool] = Issue.code.in_(CODES)
    if package_ids is not None and len(package_ids) <= _MOST_NAMED:
        wanted = Health.package_id.in_(package_ids)
        mine = mine & Issue.package_id.in_(package_ids)
    workspace_id = None
    rows: list[IssueRow] = []
    for measured in session.execute(_measured(wanted)):
        workspace_id = measured.workspace_id
        rows += _look_at(measured)
    if workspace_id is None:
        return False
    return replace_issues(session.connection(), workspace_id, rows, mine)


def _measured(wanted: ColumnElement[bool]) -> Any:
    """Select what is known of packages, with the coverage before the one that they have."""
    day = aliased(HealthDay)
    before = (
        select(day.id)
        .where(
            day.package_id == Health.package_id,
            day.test_coverage.is_not(None),
            day.test_coverage != Health.test_coverage,
        )
        .order_by(day.day.desc())
        .limit(1)
        .correlate(Health)
        .scalar_subquery()
    )
    return (
        select(
            Package.id,
            Package.workspace_id,
            Package.path,
            Health.build_status,
            Health.test_coverage,
            Health.security_audit,
            Build.run_id,
            Build.commit_hash,
            Build.branch,
            Build.url,
            Build.finished_at,
            Report.figures,
            HealthDay.test_coverage.label("coverage_before"),
            HealthDay.day,
        )
        .join(Package, Package.id == Health.package_id)
        .outerjoin(Build, Build.id == Health.build_id)
        .outerjoin(Report, Report.id == Health.audit_report_id)
        .outerjoin(HealthDay, HealthDay.id == before)
        .where(Package.workspace_id.is_not(None), wanted)
        .order_by(Package.id)
    )


def _look_at(measured: Any) -> Iterator[IssueRow]:
    def issue(
        code: IssueCode, severity: Severity, message: str, evidence: dict[str, Any]
    ) -> IssueRow:
        path = measured.path or ""
        return IssueRow(measured.id, path, code, severity, message, write_evidence(evidence))

    if measured.build_status == BuildStatus.FAILED and measured.run_id is not None:
        yield issue(
            IssueCode.BUILD_FAILING,
            Severity.ERROR,
            f"The newest build, {measured.run_id}, failed"
            + (f": see {measured.url}" if measured.url else ": see the CI for why")
            + ".",
            {
                "runId": measured.run_id,
                "commit": measured.commit_hash,
                "branch": measured.branch,
                "url": measured.url,
                "finishedAt": format_time(measured.finished_at) if measured.finished_at else "",
            },
        )
    coverage, before = measured.test_coverage, measured.coverage_before
    if coverage is not None and before is not None and before - coverage >= LEAST_DROP:
        yield issue(
            IssueCode.COVERAGE_DROPPED,
            Severity.WARNING,
            f"Tests cover {coverage:g} % of the lines; on {measured.day} it was {before:g} %. Test "
            "what was added since.",
            {"coverage": coverage, "before": before, "since": measured.day},
        )
    if measured.security_audit in (CheckStatus.FAIL, CheckStatus.WARN):
        figures = measured.figures or {}
        counts = {
            key: figures.get(key, 0) for key in ("critical", "high", "moderate", "low", "info")
        }
        told = ", ".join(f"{count} {severity}" for severity, count in counts.items() if count)
        failed = measured.security_audit == CheckStatus.FAIL
        yield issue(
            IssueCode.VULNERABILITIES_KNOWN,
            Severity.ERROR if failed else Severity.WARNING,
            f"The newest audit knows of vulnerabilities ({told}): upgrade what it names.",
            counts,
        )
