"""Reports that come at once are all taken in, and the score follows from all of them."""

from threading import Thread

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from registry.database import begin_write
from registry.health.reports import record_report
from registry.models import Health, Package, Report, Workspace
from registry.models.base import utc_now
from registry.reports import read_report
from registry.rules.enumerations import ReportKind

LINT = b"[]"
LCOV = b"SF:a\nLF:2\nLH:1\nend_of_record\n"


def record(session: Session, kind: ReportKind, content: bytes) -> None:
    begin_write(session)
    report = read_report(kind, content)
    record_report(session, "one", report, size=len(content), measured_at=utc_now())


def test_two_reports_at_once_both_count(engine: Engine) -> None:
    with Session(engine) as session:
        session.add(Workspace(id=1, path="/srv/monorepo"))
        session.flush()
        session.add(Package(workspace_id=1, name="one", path="one"))
        session.commit()

    def send_again() -> None:
        with Session(engine) as other:
            record(other, ReportKind.LINT, LINT)
            record_report(
                other,
                "one",
                read_report(ReportKind.COVERAGE, LCOV),
                size=len(LCOV),
                measured_at=utc_now(),
            )
            other.commit()

    with Session(engine) as session:
        record(session, ReportKind.LINT, LINT)
        thread = Thread(target=send_again)
        thread.start()
        # Whether it is waiting by now or not, it must see what is committed here.
        session.commit()
        thread.join()

    with Session(engine) as session:
        health = session.scalars(select(Health)).one()
        assert (health.lint_status, health.test_coverage) == ("pass", 50.0)
        assert len(session.scalars(select(Report)).all()) == 2
