"""Tells of builds and reports of some of the demo workspace's packages.

They stand for what a CI would send; the packages left out show what was never measured.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from registry.health.builds import record_builds
from registry.health.reports import SentReport, record_reports
from registry.health.told_builds import ToldBuild
from registry.models import Build, Commit, Package
from registry.reports import read_report
from registry.rules.builds import BuildState
from registry.rules.enumerations import BuildStatus, CheckStatus, ReportKind

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


# What the tools wrote, as far as anybody reads it.
_COUNTS_OF_LINT = {_PASS: (0, 0), _WARN: (0, 3), _FAIL: (2, 1)}
_FOUND_BY_AUDIT = {_PASS: {}, _WARN: {"moderate": 1}, _FAIL: {"high": 1, "low": 2}}
_LINES = 1_000
# Per cent that every run covered more than the one before.
_PROGRESS = 1.3


def make_measurements(session: Session) -> None:
    """Record the builds and reports of packages that have no build yet; others stay as they are.

    The workspace is catalogued first. The transaction is the caller's.
    """
    rows = session.execute(
        select(Package.id, Package.name, Commit.hash)
        .outerjoin(Commit, Commit.id == Package.last_commit_id)
        .where(Package.workspace_id.is_not(None), Package.name.in_(_MEASURED))
        .order_by(Package.name)
    ).all()
    built = set(session.scalars(select(Build.package_id).distinct()))
    runs = [
        _Run(row.name, _MEASURED[row.name], row.hash or "", number)
        for number, row in enumerate(rows)
        if row.id not in built
    ]
    # A day at a time, as the days' scores come about.
    for day in range(max((len(run.measured.builds) for run in runs), default=0)):
        told = [run for run in runs if day < len(run.measured.builds)]
        at = max(run.finished(day) for run in told)
        builds = [run.build(day) for run in told]
        record_builds(session, builds, window_days=_WINDOW_DAYS, at=at)
        reports = [report for run in told for report in run.reports(day)]
        record_reports(session, reports, received_at=at)


@dataclass(frozen=True)
class _Run:
    """A package's runs, one a day, as a CI would have told of them."""

    package: str
    measured: _Measured
    commit: str
    number: int

    def started(self, day: int) -> datetime:
        return _FIRST_RUN + timedelta(days=day, minutes=7 * self.number)

    def finished(self, day: int) -> datetime:
        return self.started(day) + timedelta(seconds=abs(self.measured.builds[day]))

    def build(self, day: int) -> ToldBuild:
        status = BuildStatus.SUCCESS if self.measured.builds[day] > 0 else BuildStatus.FAILED
        run_id = f"{4000 + 100 * day + self.number}"
        url = f"https://ci.example.com/runs/{run_id}"
        state = BuildState(status, self.started(day), self.finished(day), self.commit, "main", url)
        return ToldBuild(self.package, run_id, state)

    def reports(self, day: int) -> Iterator[SentReport]:
        runs_to_come = len(self.measured.builds) - 1 - day
        for kind, content in _reports(self.measured, runs_to_come):
            report = read_report(kind, content)
            yield SentReport(self.package, report, len(content), self.finished(day))


def _reports(measured: _Measured, runs_to_come: int) -> Iterator[tuple[ReportKind, bytes]]:
    """Write what the tools of a run would have written."""
    if measured.coverage is not None:
        percent = measured.coverage - _PROGRESS * runs_to_come
        covered = round(percent * _LINES / 100)
        lcov = f"TN:\nSF:src/index.ts\nLF:{_LINES}\nLH:{covered}\nend_of_record\n"
        yield ReportKind.COVERAGE, lcov.encode()
    if measured.lint in _COUNTS_OF_LINT:
        errors, warnings = _COUNTS_OF_LINT[measured.lint]
        counts = {"errorCount": errors, "warningCount": warnings}
        eslint = [{"filePath": "src/index.ts", "messages": [], **counts}]
        yield ReportKind.LINT, json.dumps(eslint).encode()
    if measured.security in _FOUND_BY_AUDIT:
        metadata = {"vulnerabilities": _FOUND_BY_AUDIT[measured.security]}
        audit = {"auditReportVersion": 2, "metadata": metadata}
        yield ReportKind.AUDIT, json.dumps(audit).encode()
