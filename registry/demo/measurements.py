"""Writes builds and health of some of the demo workspace's packages.

They stand for what a CI would report; the packages left out show what was never measured.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from registry.health.build_reports import BuildReport
from registry.health.builds import record_builds
from registry.models import Build, Commit, Health, Package
from registry.rules.builds import BuildState
from registry.rules.enumerations import BuildStatus, CheckStatus
from registry.rules.score import overall_score

_FIRST_RUN = datetime(2026, 10, 5, 2, 0, tzinfo=UTC)
# The demo is the same whenever it is made: its runs count however long ago they were.
_WINDOW_DAYS = 3_650


@dataclass(frozen=True)
class _Measured:
    """What the CI has found: coverage in per cent, the builds (newest last) in seconds."""

    coverage: float | None
    lint: CheckStatus
    security: CheckStatus
    # Negative: the build failed after so many seconds.
    builds: tuple[int, ...]


_PASS, _WARN, _FAIL = CheckStatus.PASS, CheckStatus.WARN, CheckStatus.FAIL
_MEASURED = {
    "@acme/accounts": _Measured(88.4, _PASS, _PASS, (141, 138, 139)),
    "@acme/charts": _Measured(71.0, _WARN, _PASS, (204, -61, 199, 208)),
    "@acme/flight-plan": _Measured(93.2, _PASS, _PASS, (77, 74)),
    "@acme/geodesy": _Measured(98.7, _PASS, _PASS, (52, 53, 51)),
    "@acme/kneeboard": _Measured(34.5, _WARN, CheckStatus.UNKNOWN, (-88, -91)),
    "@acme/logbook": _Measured(66.1, _PASS, _WARN, (122, 130, -45, 127)),
    "@acme/metar": _Measured(96.0, _PASS, _PASS, (48, 47, 49, 47)),
    "@acme/planner": _Measured(58.9, _WARN, _FAIL, (311, -120, 298, -77)),
    "@acme/sync": _Measured(84.0, _PASS, _PASS, (163,)),
    "@acme/ui": _Measured(79.3, _PASS, _PASS, (96, 94, 97)),
    "@acme/units": _Measured(100.0, _PASS, _PASS, (21, 22, 20)),
    "@acme/weather-service": _Measured(None, _PASS, CheckStatus.UNKNOWN, (133, 129)),
    "xplane-connect": _Measured(81.8, _PASS, _PASS, (64, -30, 66)),
}


def make_measurements(session: Session) -> None:
    """Write the builds and health of packages that have no build yet; others stay as they are.

    The workspace is catalogued first. The transaction is the caller's.
    """
    rows = session.execute(
        select(Package, Commit.hash)
        .outerjoin(Commit, Commit.id == Package.last_commit_id)
        .where(Package.workspace_id.is_not(None), Package.name.in_(_MEASURED))
        .order_by(Package.name)
    ).all()
    built = set(session.scalars(select(Build.package_id).distinct()))
    for number, (package, commit) in enumerate(rows):
        if package.id not in built:
            _measure(session, package, _MEASURED[package.name], commit or "", number)


def _measure(
    session: Session, package: Package, measured: _Measured, commit: str, number: int
) -> None:
    status, finished = BuildStatus.UNKNOWN, _FIRST_RUN
    reports = []
    for run, seconds in enumerate(measured.builds):
        started = _FIRST_RUN + timedelta(days=run, minutes=7 * number)
        finished = started + timedelta(seconds=abs(seconds))
        status = BuildStatus.SUCCESS if seconds > 0 else BuildStatus.FAILED
        run_id = f"{4000 + 100 * run + number}"
        url = f"https://ci.example.com/runs/{run_id}"
        state = BuildState(status, started, finished, commit, "main", url)
        reports.append(BuildReport(package.name, run_id, state))
    record_builds(session, reports, window_days=_WINDOW_DAYS)
    health = session.scalar(select(Health).where(Health.package_id == package.id))
    if health is None:
        health = Health(package_id=package.id, created_at=finished)
        session.add(health)
    score = overall_score(status, measured.coverage, measured.lint, measured.security)
    health.overall_score = score.total
    health.build_status = status
    health.test_coverage = measured.coverage
    health.lint_status = measured.lint
    health.security_audit = measured.security
    health.updated_at = finished
