"""Taking in a report that was sent: the newest of each kind is kept, and the score follows."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from registry.database import raise_revision
from registry.errors import package_not_found
from registry.health.scores import lock_scores, update_scores
from registry.models import Package
from registry.models import Report as ReportRow
from registry.models.base import utc_now
from registry.reports import Report
from registry.rules.times import truncate_time

# The path of what is no file of the workspace.
UPLOADED = ""


def record_report(
    session: Session,
    package_name: str,
    report: Report,
    *,
    size: int,
    measured_at: datetime,
    received_at: datetime | None = None,
) -> int:
    """Keep a report of a workspace package, unless a newer one of its kind was sent before.

    Sent again with the same moment of measurement, it changes nothing.

    Args:
        session: in a transaction that was begun to write; the caller commits.
        package_name: whose report it is.
        report: what it says.
        size: how many bytes it had.
        measured_at: when its tool ran; a moment in the future counts as now.
        received_at: when it came, if not now.

    Returns:
        The key of the report that is kept.

    Raises:
        NotFound: the workspace has no such package.
    """
    received_at = received_at or utc_now()
    measured_at = truncate_time(min(measured_at, received_at))
    # Before it is asked what is there: two first reports of a kind may come at once.
    lock_scores(session)
    package_id = session.scalar(
        select(Package.id).where(Package.name == package_name, Package.workspace_id.is_not(None))
    )
    if package_id is None:
        raise package_not_found(package_name)
    row = session.scalar(
        select(ReportRow).where(
            ReportRow.package_id == package_id,
            ReportRow.kind == report.kind,
            ReportRow.path == UPLOADED,
        )
    )
    if row is None:
        row = ReportRow(
            package_id=package_id, kind=report.kind, path=UPLOADED, created_at=received_at
        )
        session.add(row)
    elif row.measured_at > measured_at:
        return row.id
    for name, value in _columns(report, size, measured_at).items():
        setattr(row, name, value)
    changed = session.is_modified(row)
    session.flush()
    if not update_scores(session, [package_id], at=received_at) and changed:
        raise_revision(session)
    return row.id


def _columns(report: Report, size: int, measured_at: datetime) -> Mapping[str, Any]:
    return {
        "measured_at": measured_at,
        "format": report.format,
        "size": size,
        "verdict": report.verdict.value,
        "coverage": report.coverage,
        "figures": dict(report.figures),
    }
