"""Taking in a report that was sent: the newest of each kind is kept, and the score follows."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from registry.database import raise_revision
from registry.errors import package_not_found
from registry.health.scores import lock_scores, update_scores
from registry.models import Package
from registry.models import Report as ReportRow
from registry.models.base import utc_now
from registry.rules.times import truncate_time

if TYPE_CHECKING:
    from registry.reports import Report

# The path of what is no file of the workspace.
UPLOADED = ""


@dataclass(frozen=True)
class SentReport:
    """A report that was sent: whose, what it says, its size in bytes, and when its tool ran."""

    package_name: str
    report: "Report"
    size: int
    # A moment in the future counts as now.
    measured_at: datetime


def record_report(
    session: Session, sent: SentReport, *, received_at: datetime | None = None
) -> int:
    """Keep a report of a workspace package, unless a newer one of its kind was sent before.

    Sent again with the same moment of measurement, it changes nothing.

    Args:
        session: in a transaction that was begun to write; the caller commits.
        sent: the report.
        received_at: when it came, if not now.

    Returns:
        The key of the report that is kept.

    Raises:
        NotFound: the workspace has no such package.
    """
    return record_reports(session, [sent], received_at=received_at)[0]


def record_reports(
    session: Session, reports: Iterable[SentReport], *, received_at: datetime | None = None
) -> list[int]:
    """Keep several reports as `record_report` keeps one; scores are worked out once for all."""
    received_at = received_at or utc_now()
    # Before it is asked what is there: two first reports of a kind may come at once.
    lock_scores(session)
    rows, package_ids, changed = [], set(), False
    for sent in reports:
        row, is_changed = _keep(session, sent, received_at)
        rows.append(row)
        if is_changed is not None:
            package_ids.add(row.package_id)
            changed = changed or is_changed
    session.flush()
    if not update_scores(session, package_ids, at=received_at) and changed:
        raise_revision(session)
    return [row.id for row in rows]


def _keep(
    session: Session, sent: SentReport, received_at: datetime
) -> tuple[ReportRow, bool | None]:
    """Write a report's row; gives it, and whether it changed: None where a newer one is there."""
    measured_at = truncate_time(min(sent.measured_at, received_at))
    package_id = session.scalar(
        select(Package.id).where(
            Package.name == sent.package_name, Package.workspace_id.is_not(None)
        )
    )
    if package_id is None:
        raise package_not_found(sent.package_name)
    row = session.scalar(
        select(ReportRow).where(
            ReportRow.package_id == package_id,
            ReportRow.kind == sent.report.kind,
            ReportRow.path == UPLOADED,
        )
    )
    if row is None:
        row = ReportRow(
            package_id=package_id, kind=sent.report.kind, path=UPLOADED, created_at=received_at
        )
        session.add(row)
    elif row.measured_at > measured_at:
        return row, None
    for name, value in _columns(sent.report, sent.size, measured_at).items():
        setattr(row, name, value)
    return row, session.is_modified(row)


def _columns(report: "Report", size: int, measured_at: datetime) -> Mapping[str, Any]:
    return {
        "measured_at": measured_at,
        "format": report.format,
        "size": size,
        "verdict": report.verdict.value,
        "coverage": report.coverage,
        "figures": dict(report.figures),
    }
