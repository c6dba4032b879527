"""What comes at once is all taken in, and the score follows from all of it."""

from collections.abc import Callable
from threading import Thread

import pytest
from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session

from registry.database import begin_write
from registry.health.reports import SentReport, record_report
from registry.health.scores import update_scores
from registry.models import Health, Package, Report, Workspace
from registry.models.base import utc_now
from registry.reports import read_report
from registry.rules.enumerations import ReportKind

LINT = b"[]"
LCOV = b"SF:a\nLF:2\nLH:1\nend_of_record\n"


@pytest.fixture
def package(engine: Engine) -> int:
    with Session(engine) as session:
        session.add(Workspace(id=1, path="/srv/monorepo"))
        session.flush()
        package = Package(workspace_id=1, name="one", path="one")
        session.add(package)
        session.commit()
        return package.id


def at_once(
    engine: Engine, first: Callable[[Session], None], second: Callable[[Session], None]
) -> None:
    """Do two writes, the second of which begins before the first is committed."""

    def do_second() -> None:
        with Session(engine) as session:
            begin_write(session)
            second(session)
            session.commit()

    with Session(engine) as session:
        begin_write(session)
        first(session)
        thread = Thread(target=do_second)
        thread.start()
        wait_until_it_waits(engine, thread)
        session.commit()
        thread.join()


def wait_until_it_waits(engine: Engine, thread: Thread) -> None:
    """Let the other transaction run up to where it needs what this one holds."""
    if engine.dialect.name == "sqlite":
        # It cannot even begin.
        return
    waiting = text(
        "SELECT count(*) FROM pg_stat_activity "
        "WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        while thread.is_alive() and not connection.scalar(waiting):
            pass


def send(kind: ReportKind, content: bytes) -> Callable[[Session], None]:
    report = read_report(kind, content)

    def record(session: Session) -> None:
        record_report(session, SentReport("one", report, len(content), utc_now()))

    return record


def found(engine: Engine) -> tuple[str, float | None]:
    with Session(engine) as session:
        health = session.scalars(select(Health)).one()
        return health.lint_status, health.test_coverage


def test_two_reports_at_once_both_count(engine: Engine, package: int) -> None:
    at_once(engine, send(ReportKind.LINT, LINT), send(ReportKind.COVERAGE, LCOV))

    assert found(engine) == ("pass", 50.0)


def test_two_first_reports_of_a_kind_at_once(engine: Engine, package: int) -> None:
    other = LCOV.replace(b"LH:1", b"LH:2")

    at_once(engine, send(ReportKind.COVERAGE, LCOV), send(ReportKind.COVERAGE, other))

    assert found(engine) == ("unknown", 100.0)
    with Session(engine) as session:
        assert len(session.scalars(select(Report)).all()) == 1


def test_scores_worked_out_at_once_miss_nothing(engine: Engine, package: int) -> None:
    def measure(kind: str, **columns: object) -> Callable[[Session], None]:
        def write(session: Session) -> None:
            session.add(Report(package_id=package, kind=kind, measured_at=utc_now(), **columns))
            session.flush()
            update_scores(session)

        return write

    at_once(engine, measure("lint", verdict="pass"), measure("coverage", coverage=50.0))

    assert found(engine) == ("pass", 50.0)
