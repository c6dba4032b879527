"""Scores against the evidence that they name, and evidence against what is newer."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import exists, func, or_, select, true
from sqlalchemy.orm import aliased

from registry.database import reading
from registry.health.build_figures import default_branch
from registry.models import Build, Health, HealthDay, Package, Report
from registry.rules.builds import counted_branches
from registry.rules.enumerations import BuildStatus, CheckStatus, ReportKind
from registry.rules.score import overall_score
from registry.verify.finding import Finding, Verification, gather

_MEND = "Run `registry refresh --anew`: it works every score out again."
_MEND_DAYS = "Delete their rows of health, then run `registry refresh --anew`."
# What a day keeps of a score.
_PARTS = ("overall_score", "build_status", "test_coverage", "lint_status", "security_audit")
_BUILD, _COVERAGE, _LINT, _AUDIT = Build, aliased(Report), aliased(Report), aliased(Report)
_SCORES = (
    select(
        Package.name,
        Package.id,
        Health.overall_score,
        Health.build_status,
        Health.test_coverage,
        Health.lint_status,
        Health.security_audit,
        _BUILD.status,
        _BUILD.package_id.label("build_of"),
        _COVERAGE.coverage,
        _COVERAGE.package_id.label("coverage_of"),
        _LINT.verdict.label("lint"),
        _LINT.package_id.label("lint_of"),
        _AUDIT.verdict.label("audit"),
        _AUDIT.package_id.label("audit_of"),
    )
    .join(Health, Health.package_id == Package.id)
    .outerjoin(_BUILD, _BUILD.id == Health.build_id)
    .outerjoin(_COVERAGE, _COVERAGE.id == Health.coverage_report_id)
    .outerjoin(_LINT, _LINT.id == Health.lint_report_id)
    .outerjoin(_AUDIT, _AUDIT.id == Health.audit_report_id)
)


def check_health(view: Verification) -> Iterator[Finding]:
    """See that every member has a score, that it follows from its evidence, which is the newest."""
    unscored = select(Package.name).where(
        Package.workspace_id.is_not(None), ~exists().where(Health.package_id == Package.id)
    )
    yield from gather(_names(view, unscored), "packages of the workspace have no score", _MEND)
    for is_wrong, what in (
        (_adds_up_otherwise, "scores are not what their parts come to"),
        (_says_otherwise, "parts of a score differ from the build or report that they name"),
    ):
        yield from gather((row.name for row in _scores(view) if is_wrong(row)), what, _MEND)
    yield from gather(
        _outdated(view), "scores name a build or report that is not the newest", _MEND
    )

    yield from gather(_of_other_days(view), "the newest day has another score", _MEND_DAYS)


def _of_other_days(view: Verification) -> Iterator[str]:
    """Name the packages whose newest day is not what they came to: each change has one."""
    later = aliased(HealthDay)
    newest = select(func.max(later.day)).where(later.package_id == Health.package_id)
    statement = (
        select(Package.name, Health, HealthDay)
        .join(Health, Health.package_id == Package.id)
        .outerjoin(
            HealthDay,
            (HealthDay.package_id == Health.package_id)
            & (HealthDay.day == newest.correlate(Health).scalar_subquery()),
        )
    )
    with reading(view.sessions) as session:
        for row in session.execute(statement.execution_options(yield_per=1_000)):
            health, day = row.Health, row.HealthDay
            if day is None:
                # The first one comes with the first measurement.
                if any(getattr(health, part) not in {"unknown", None} for part in _PARTS[1:]):
                    yield f"{row.name}: there is no day"
            elif day.day > health.updated_at.date().isoformat():
                # From before the clock was set back.
                continue
            elif any(getattr(health, part) != getattr(day, part) for part in _PARTS):
                yield f"{row.name}: {day.day}"


def _scores(view: Verification) -> Iterator[Any]:
    with reading(view.sessions) as session:
        yield from session.execute(_SCORES.execution_options(yield_per=1_000))


def _names(view: Verification, statement: Any) -> Iterator[str]:
    with reading(view.sessions) as session:
        yield from session.scalars(statement.execution_options(yield_per=1_000))


def _adds_up_otherwise(row: Any) -> bool:
    try:
        score = overall_score(
            BuildStatus(row.build_status),
            row.test_coverage,
            CheckStatus(row.lint_status),
            CheckStatus(row.security_audit),
        )
    except ValueError:
        return True
    return bool(row.overall_score != score.total)


def _says_otherwise(row: Any) -> bool:
    owners = {row.build_of, row.coverage_of, row.lint_of, row.audit_of} - {None, row.id}
    return bool(owners) or (
        (row.build_status, row.test_coverage, row.lint_status, row.security_audit)
        != (row.status or "unknown", row.coverage, row.lint or "unknown", row.audit or "unknown")
    )


def _outdated(view: Verification) -> Iterator[str]:
    for kind, named in (
        (ReportKind.COVERAGE, Health.coverage_report_id),
        (ReportKind.LINT, Health.lint_report_id),
        (ReportKind.AUDIT, Health.audit_report_id),
    ):
        known, newer = aliased(Report), aliased(Report)
        statement = (
            select(Package.name)
            .join(Health, Health.package_id == Package.id)
            .outerjoin(known, known.id == named)
            .where(
                Package.workspace_id.is_not(None),
                exists().where(
                    newer.package_id == Package.id,
                    newer.kind == kind,
                    newer.problem == "",
                    or_(known.id.is_(None), newer.measured_at > known.measured_at),
                ),
            )
        )
        for name in _names(view, statement):
            yield f"{name}: {kind}"
    known_build, newer_build = aliased(Build), aliased(Build)
    with reading(view.sessions) as session:
        counted = counted_branches(default_branch(session))
    builds = (
        select(Package.name)
        .join(Health, Health.package_id == Package.id)
        .outerjoin(known_build, known_build.id == Health.build_id)
        .where(
            Package.workspace_id.is_not(None),
            exists().where(
                newer_build.package_id == Package.id,
                true() if counted is None else newer_build.branch.in_(counted),
                newer_build.started_at.is_not(None),
                or_(
                    known_build.id.is_(None),
                    newer_build.started_at > known_build.started_at,
                ),
            ),
        )
    )
    for name in _names(view, builds):
        yield f"{name}: build"
