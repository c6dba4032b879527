"""Scores follow from the newest reports and builds, and say what they follow from."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, event, select
from sqlalchemy.orm import Session

from registry.database import begin_write
from registry.health.scores import update_scores
from registry.models import Build, Health, HealthDay, Package, Report, Revision, Workspace

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    with Session(engine) as session:
        begin_write(session)
        yield session


@pytest.fixture
def package(session: Session) -> int:
    return add_package(session, "one")


def add_package(session: Session, name: str) -> int:
    workspace = session.scalar(select(Workspace))
    if workspace is None:
        workspace = Workspace(path="/srv/monorepo", branch="main")
        session.add(workspace)
        session.flush()
    package = Package(workspace_id=workspace.id, name=name, path=f"packages/{name}")
    session.add(package)
    session.flush()
    return package.id


def report(session: Session, package: int, kind: str, **columns: Any) -> int:
    row = Report(package_id=package, kind=kind, **{"measured_at": NOON, **columns})
    session.add(row)
    session.flush()
    return row.id


def build(session: Session, package: int, run: str, status: str, **columns: Any) -> int:
    given = {"branch": "main", "started_at": NOON, **columns}
    row = Build(package_id=package, run_id=run, status=status, **given)
    session.add(row)
    session.flush()
    return row.id


def health(session: Session, package: int) -> Health:
    session.expire_all()
    return session.scalars(select(Health).where(Health.package_id == package)).one()


def parts(session: Session, package: int) -> tuple[Any, ...]:
    row = health(session, package)
    return (
        row.overall_score,
        row.build_status,
        row.test_coverage,
        row.lint_status,
        row.security_audit,
    )


def revision(session: Session) -> int:
    return session.scalars(select(Revision.number)).one()


def test_what_was_never_measured_is_unknown(session: Session, package: int) -> None:
    assert update_scores(session) == 1

    assert parts(session, package) == (30, "unknown", None, "unknown", "unknown")


def test_all_parts_are_measured_and_name_their_evidence(session: Session, package: int) -> None:
    run = build(session, package, "7", "success")
    coverage = report(session, package, "coverage", coverage=80.0)
    lint = report(session, package, "lint", verdict="warn")
    audit = report(session, package, "audit", verdict="pass")

    update_scores(session)

    assert parts(session, package) == (80, "success", 80.0, "warn", "pass")
    row = health(session, package)
    assert (row.build_id, row.coverage_report_id) == (run, coverage)
    assert (row.lint_report_id, row.audit_report_id) == (lint, audit)


def test_the_newest_report_of_a_kind_counts(session: Session, package: int) -> None:
    report(session, package, "lint", path="a.json", verdict="pass", measured_at=NOON - MINUTE)
    newest = report(session, package, "lint", path="b.json", verdict="fail", measured_at=NOON)
    report(session, package, "lint", verdict="pass", measured_at=NOON - 2 * MINUTE)

    update_scores(session)

    assert health(session, package).lint_report_id == newest


def test_of_reports_at_one_moment_the_uploaded_one_counts(session: Session, package: int) -> None:
    report(session, package, "lint", path="a.json", verdict="pass")
    uploaded = report(session, package, "lint", verdict="fail")
    report(session, package, "lint", path="b.json", verdict="pass")

    update_scores(session)

    assert health(session, package).lint_report_id == uploaded


def test_a_report_that_makes_no_sense_counts_for_nothing(session: Session, package: int) -> None:
    sent = report(session, package, "lint", verdict="pass", measured_at=NOON - MINUTE)
    report(session, package, "lint", path="a.json", problem="line 1: no JSON")

    update_scores(session)

    assert health(session, package).lint_report_id == sent


@pytest.mark.parametrize(
    ("builds", "expected"),
    [
        ([("main", 0, "failed"), ("main", 1, "success")], "success"),
        ([("main", 1, "failed"), ("main", 0, "success")], "failed"),
        ([("main", 0, "success"), ("topic", 1, "failed")], "success"),
        ([("main", 0, "success"), ("", 1, "failed")], "failed"),
        ([("main", 1, "success"), ("", 0, "failed")], "success"),
        ([("topic", 0, "success")], "unknown"),
        ([("main", 0, "failed"), ("main", 0, "success")], "success"),
        ([("main", None, "queued"), ("main", 0, "success")], "success"),
    ],
    ids=str,
)
def test_the_newest_build_of_the_default_branch_counts(
    session: Session, package: int, builds: list[tuple[str, int | None, str]], expected: str
) -> None:
    for number, (branch, minute, status) in enumerate(builds):
        started = None if minute is None else NOON + minute * MINUTE
        build(session, package, str(number), status, branch=branch, started_at=started)

    update_scores(session)

    assert parts(session, package)[1] == expected


def test_where_head_is_detached_every_branch_counts(session: Session, package: int) -> None:
    session.scalars(select(Workspace)).one().branch = ""
    build(session, package, "1", "success", branch="topic")

    update_scores(session)

    assert parts(session, package)[1] == "success"


def test_a_second_time_nothing_changes(session: Session, package: int) -> None:
    report(session, package, "lint", verdict="pass")
    update_scores(session)
    before = revision(session), health(session, package).updated_at

    assert update_scores(session, at=NOON + timedelta(days=400)) == 0

    assert (revision(session), health(session, package).updated_at) == before
    assert len(session.scalars(select(HealthDay)).all()) == 1


def test_a_change_raises_the_revision(session: Session, package: int) -> None:
    before = revision(session)

    update_scores(session, [package])

    assert revision(session) == before + 1


def test_newer_evidence_for_the_same_score_is_named_but_is_no_history(
    session: Session, package: int
) -> None:
    report(session, package, "lint", path="a.json", verdict="pass")
    update_scores(session, at=NOON)
    newer = report(session, package, "lint", verdict="pass", measured_at=NOON + MINUTE)

    assert update_scores(session, at=NOON + timedelta(days=1)) == 1

    assert health(session, package).lint_report_id == newer
    assert session.scalars(select(HealthDay.day)).all() == ["2026-11-22"]


def test_history_has_one_row_for_each_day_on_which_something_changed(
    session: Session, package: int
) -> None:
    row = report(session, package, "coverage", coverage=10.0)
    for hours, percent in ((0, 10.0), (1, 20.0), (24, 20.0), (49, 30.0)):
        session.get_one(Report, row).coverage = percent
        session.flush()
        update_scores(session, at=NOON + timedelta(hours=hours))

    days = session.execute(
        select(HealthDay.day, HealthDay.test_coverage, HealthDay.confidence).order_by(HealthDay.day)
    ).all()

    assert [tuple(day) for day in days] == [("2026-11-22", 20.0, 25), ("2026-11-24", 30.0, 25)]


def test_only_the_packages_named_are_looked_at(session: Session, package: int) -> None:
    other = add_package(session, "two")
    report(session, package, "lint", verdict="pass")
    report(session, other, "lint", verdict="pass")

    assert update_scores(session, [other]) == 1

    assert parts(session, other)[3] == "pass"
    assert update_scores(session, []) == 0


def test_a_package_that_is_only_listed_gets_no_score(session: Session, package: int) -> None:
    session.get_one(Package, package).workspace_id = None
    session.flush()

    assert update_scores(session) == 0


def test_statements_do_not_grow_with_the_packages(
    engine: Engine, session: Session, package: int
) -> None:
    statements: list[str] = []
    event.listen(
        engine, "before_cursor_execute", lambda *arguments: statements.append(arguments[2])
    )
    update_scores(session)
    few = len(statements)
    for number in range(600):
        report(session, add_package(session, f"p{number}"), "lint", verdict="pass")
    statements.clear()

    update_scores(session)

    assert len(statements) <= few + 4


def test_evidence_that_goes_leaves_the_score_until_it_is_worked_out_again(
    session: Session, package: int
) -> None:
    row = report(session, package, "lint", verdict="pass")
    update_scores(session)
    session.delete(session.get_one(Report, row))
    session.flush()

    assert health(session, package).lint_report_id is None

    update_scores(session)
    assert parts(session, package)[3] == "unknown"
