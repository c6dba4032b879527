"""What reading reports adds to an unchanged refresh.

    .venv/bin/python -m benchmarks.reports [--packages N] [--rounds N] [--database URL]

Makes a monorepo, refreshes a fresh database from it until nothing changes, and then looks at what
an unchanged refresh takes more for its reports: for packages without a report, for packages with
coverage, and for packages with coverage, tests, lint and audit. Refreshes that look at reports and
refreshes that do not take turns, so that what else the machine does weighs on both alike. The aim
is 20 % at most.
"""

import argparse
import json
import os
import resource
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from statistics import median
from typing import NamedTuple

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from benchmarks.monorepo import MonorepoSize, make_monorepo
from benchmarks.table import interleave
from registry import schema
from registry.database import begin_write, make_engine
from registry.history.repository import Repository
from registry.models import Package
from registry.refresh import refresh_workspace
from registry.refresh.lock import refresh_lock
from registry.refresh.scan import refresh_in
from registry.workspace.report_files import DEFAULT_REPORT_FILES, ReportFiles

# Long enough ago that nothing counts as just written.
AN_HOUR = 3_600
_SHARE = {"total": 100, "covered": 80}
_COVERAGE = {
    "coverage/coverage-summary.json": json.dumps(
        {"total": dict.fromkeys(("lines", "statements", "functions", "branches"), _SHARE)}
    ),
    "coverage/lcov.info": "SF:a.js\nLF:100\nLH:80\nend_of_record\n",
}
_ALL = {
    **_COVERAGE,
    "reports/junit.xml": "<testsuite><testcase/></testsuite>",
    "reports/eslint.json": "[]",
    "reports/audit.json": '{"auditReportVersion":2,"metadata":{"vulnerabilities":{}}}',
}


class Taken(NamedTuple):
    """What a refresh took: its wall time, and its processor time with that of git, in ms."""

    wall: float
    processor: float


def unchanged(engine: Engine, repository: Path, reports: ReportFiles | None) -> Taken:
    """Refresh where nothing changed, with its reports or, given none, without looking at any."""
    begun, used = time.perf_counter(), _processor_seconds()
    opened = Repository.open(repository)
    with refresh_lock(engine), Session(engine) as session:
        begin_write(session)
        report = refresh_in(session, opened, reports=reports)
        session.commit()
    assert not report.changed
    wall, processor = time.perf_counter() - begun, _processor_seconds() - used
    return Taken(1000 * wall, 1000 * processor)


def _processor_seconds() -> float:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def compare(engine: Engine, repository: Path, rounds: int, what: str) -> None:
    """Print what an unchanged refresh takes, and what looking at reports adds to it."""
    refresh_workspace(engine, repository)
    refresh_workspace(engine, repository)
    pairs = interleave(
        rounds,
        lambda: unchanged(engine, repository, DEFAULT_REPORT_FILES),
        lambda: unchanged(engine, repository, None),
    )
    print(what)
    for kind in Taken._fields:
        times = [(getattr(ours, kind), getattr(others, kind)) for ours, others in pairs]
        ratio = median(ours / others for ours, others in times)
        without = median(others for _, others in times)
        print(f"  {kind} time: {without:.1f} ms without reports, {ratio - 1:+.1%} with them")


def write_reports(engine: Engine, repository: Path, reports: Mapping[str, str]) -> None:
    """Put reports into every package's directory."""
    with Session(engine) as session:
        paths = session.scalars(select(Package.path)).all()
    for path in paths:
        for name, content in reports.items():
            file = repository / str(path) / name
            file.parent.mkdir(exist_ok=True)
            file.write_text(content)
    make_older(repository)


def make_older(repository: Path) -> None:
    """Set the time of all files and directories back, as if nobody had been there for an hour."""
    old = time.time() - AN_HOUR
    for path in (repository, *repository.rglob("*")):
        os.utime(path, (old, old))


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--packages", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=41)
    parser.add_argument("--database", help="an empty PostgreSQL; else a fresh SQLite")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        size = MonorepoSize(packages=arguments.packages, commits=2_000, versions=500)
        repository = make_monorepo(Path(directory) / "repository", size, seed=1)
        make_older(repository)
        engine = make_engine(arguments.database or f"sqlite:///{directory}/registry.db")
        schema.upgrade(engine)
        compare(engine, repository, arguments.rounds, "unchanged, without reports")
        for what, reports in (("coverage", _COVERAGE), ("coverage, tests, lint and audit", _ALL)):
            write_reports(engine, repository, reports)
            start = time.perf_counter()
            refresh_workspace(engine, repository)
            print(f"first reading of {what}: {time.perf_counter() - start:.2f} s")
            compare(engine, repository, arguments.rounds, f"unchanged with {what}")
        engine.dispose()


if __name__ == "__main__":
    main()
