"""What reading reports adds to an unchanged refresh.

    .venv/bin/python -m benchmarks.reports [--packages N] [--rounds N] [--database URL]

Makes a monorepo, refreshes a fresh database from it until nothing changes, and then looks at what
of an unchanged refresh is the reports' part: for packages without a report, for packages with
coverage, and for packages with coverage, tests, lint and audit. The aim is 20 % at most.
"""

import argparse
import json
import os
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from statistics import median

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from benchmarks.monorepo import MonorepoSize, make_monorepo
from registry import schema
from registry.database import make_engine
from registry.models import Package
from registry.refresh import refresh_workspace

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


def compare(engine: Engine, repository: Path, rounds: int, what: str) -> None:
    """Print what an unchanged refresh takes, and what share of it is the reports' part."""
    refresh_workspace(engine, repository)
    refresh_workspace(engine, repository)
    others, parts = [], []
    for _ in range(rounds):
        start = time.perf_counter()
        report = refresh_workspace(engine, repository)
        taken = 1000 * (time.perf_counter() - start)
        assert not report.changed
        parts.append(report.durations["reports"])
        others.append(taken - report.durations["reports"])
    ratio = median(part / other for part, other in zip(parts, others, strict=True))
    print(f"{what}: {median(others):.1f} ms and {median(parts):.1f} ms for reports: {ratio:+.1%}")


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
    parser.add_argument("--rounds", type=int, default=15)
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
