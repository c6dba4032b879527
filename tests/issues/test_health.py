"""Issues of what was measured: a failing build, less coverage, known vulnerabilities."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, event, select
from sqlalchemy.orm import Session

from registry.database import begin_write
from registry.health.scores import update_scores
from registry.models import Build, Issue, Package, Report, Workspace
from registry.rules.issue_codes import ISSUE_KINDS, IssueCode

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    with Session(engine) as session:
        begin_write(session)
        session.add(Workspace(path="/srv/monorepo", branch="main"))
        session.flush()
        yield session


@pytest.fixture
def package(session: Session) -> int:
    return add_package(session, "one")


def add_package(session: Session, name: str) -> int:
    workspace = session.scalars(select(Workspace)).one()
    package = Package(workspace_id=workspace.id, name=name, path=f"packages/{name}")
    session.add(package)
    session.flush()
    return package.id


def measure(session: Session, package: int, at: datetime, **report: Any) -> None:
    """Take a report in the place of the last one of its kind, and score."""
    known = session.scalar(
        select(Report).where(Report.package_id == package, Report.kind == report["kind"])
    )
    row = known or Report(package_id=package)
    for key, value in {**report, "measured_at": at}.items():
        setattr(row, key, value)
    session.add(row)
    session.flush()
    update_scores(session, [package], at=at)


def issues(session: Session, package: int | None = None) -> list[Issue]:
    session.expire_all()
    wanted = select(Issue).order_by(Issue.package_id, Issue.code)
    found = session.scalars(wanted if package is None else wanted.filter_by(package_id=package))
    rows = list(found)
    for row in rows:
        kind = ISSUE_KINDS[IssueCode(row.code)]
        assert row.severity in kind.severities
        assert tuple(row.evidence) == kind.evidence
    return rows


def test_a_failing_build_until_one_succeeds(session: Session, package: int) -> None:
    url = "https://ci.example.org/7"
    failed = {"branch": "main", "commit_hash": "a" * 40, "url": url, "finished_at": NOON}
    session.add(Build(package_id=package, run_id="7", status="failed", started_at=NOON, **failed))
    session.flush()
    update_scores(session)

    (issue,) = issues(session, package)
    assert (issue.code, issue.severity, issue.path) == ("build_failing", "error", "packages/one")
    assert issue.evidence == {
        "runId": "7",
        "commit": "a" * 40,
        "branch": "main",
        "url": url,
        "finishedAt": "2026-11-22T12:00:00.000Z",
    }
    assert url in issue.message

    session.add(
        Build(
            package_id=package, run_id="8", status="success", branch="main", started_at=NOON + DAY
        )
    )
    session.flush()
    update_scores(session)
    assert issues(session) == []


def test_coverage_that_dropped_until_it_is_mended(session: Session, package: int) -> None:
    measure(session, package, NOON, kind="coverage", coverage=90.0)
    assert issues(session) == []

    measure(session, package, NOON + DAY, kind="coverage", coverage=88.5)
    (issue,) = issues(session, package)
    assert (issue.code, issue.severity) == ("coverage_dropped", "warning")
    assert issue.evidence == {"coverage": 88.5, "before": 90.0, "since": "2026-11-22"}

    # Another measurement on another day does not make it forgotten.
    measure(session, package, NOON + 2 * DAY, kind="lint", verdict="pass")
    assert [each.code for each in issues(session)] == ["coverage_dropped"]

    measure(session, package, NOON + 3 * DAY, kind="coverage", coverage=89.0)
    assert issues(session) == []


def test_a_small_drop_is_none(session: Session, package: int) -> None:
    measure(session, package, NOON, kind="coverage", coverage=90.0)
    measure(session, package, NOON + DAY, kind="coverage", coverage=89.1)

    assert issues(session) == []


@pytest.mark.parametrize(("verdict", "severity"), [("fail", "error"), ("warn", "warning")])
def test_vulnerabilities(session: Session, package: int, verdict: str, severity: str) -> None:
    figures = {"total": 3, "critical": 0, "high": 2, "moderate": 1, "low": 0, "info": 0}
    measure(session, package, NOON, kind="audit", verdict=verdict, figures=figures)

    (issue,) = issues(session, package)
    assert (issue.code, issue.severity) == ("vulnerabilities_known", severity)
    assert issue.evidence["high"] == 2
    assert "2 high, 1 moderate" in issue.message

    # Fewer, of the same verdict: the issue tells of the newest.
    measure(session, package, NOON, kind="audit", verdict=verdict, figures={**figures, "high": 1})
    (issue,) = issues(session, package)
    assert issue.evidence["high"] == 1

    measure(session, package, NOON + DAY, kind="audit", verdict="pass", figures={})
    assert issues(session) == []


def test_others_stay_as_they_are(session: Session, package: int) -> None:
    other = add_package(session, "two")
    audit = {"kind": "audit", "verdict": "fail", "figures": {"critical": 1}}
    measure(session, package, NOON, **audit)
    measure(session, other, NOON, **audit)
    workspace = session.scalars(select(Workspace)).one()
    session.add(
        Issue(
            workspace_id=workspace.id,
            package_id=other,
            code="not_json",
            severity="error",
            message="",
            path="",
        )
    )
    session.flush()

    measure(session, other, NOON, kind="audit", verdict="pass", figures={})

    assert [(each.package_id, each.code) for each in issues(session)] == [
        (package, "vulnerabilities_known"),
        (other, "not_json"),
    ]


def test_the_number_of_statements_does_not_grow(session: Session, engine: Engine) -> None:
    def count(packages: list[int]) -> int:
        statements: list[str] = []
        event.listen(
            engine, "before_cursor_execute", lambda *arguments: statements.append(arguments[2])
        )
        update_scores(session, packages)
        return len(statements)

    few: list[int] = []
    many: list[int] = []
    for index in range(20):
        name = add_package(session, f"p{index}")
        session.add(Report(package_id=name, kind="audit", verdict="fail", measured_at=NOON))
        (few if index < 2 else many).append(name)
    session.flush()

    assert count(few) == count(many)
