"""`/api/packages/NAME/reports`: what tools measured of a package, taken in and shown."""

from datetime import datetime
from typing import Any

from flask import Blueprint, Response, request

from registry.catalogue.columns import Columns
from registry.catalogue.measurements import find_report, list_reports
from registry.database import begin_write
from registry.errors import InvalidInput, NotFound
from registry.models.base import utc_now
from registry.rules.enumerations import ReportKind, ReportSource
from registry.rules.times import EARLIEST, LATEST
from registry.web.arguments import text_argument
from registry.web.authentication import require_write
from registry.web.body import raw_body
from registry.web.conditional import conditional_read
from registry.web.database import app_sessions, read_session
from registry.web.errors import UnsupportedMediaType
from registry.web.json import json_response
from registry.web.settings import current_settings

reports = Blueprint("reports", __name__, url_prefix="/api/packages")


@reports.get("/<package_name:name>/reports")
@conditional_read()
def list_package_reports(name: str) -> Response:
    """List what is known of a package's reports."""
    rows = list_reports(read_session(), name)
    return json_response({"packageName": name, "reports": [represent_report(row) for row in rows]})


@reports.put("/<package_name:name>/reports/<kind>")
def put_report(name: str, kind: str) -> Response:
    """Take in a report, in whichever known format its body is."""
    require_write()
    if kind not in list(ReportKind):
        raise NotFound(f"There are reports on {', '.join(ReportKind)} only.")
    measured_at = _measured_at()
    _refuse_forms()
    content = raw_body(current_settings().max_report_bytes)
    # All formats there are, and the scores that follow: nobody needs them but who sends a report.
    from registry.health.reports import SentReport, record_report  # noqa: PLC0415 -- see above
    from registry.reports import read_report  # noqa: PLC0415 -- as above

    # Before the database is asked to wait for us.
    report = read_report(ReportKind(kind), content)
    with app_sessions()() as session:
        begin_write(session)
        sent = SentReport(name, report, len(content), measured_at)
        report_id = record_report(session, sent)
        session.commit()
    shown = represent_report(find_report(read_session(), report_id))
    return json_response({"packageName": name, "report": shown})


def _measured_at() -> datetime:
    """Read when the tool ran: `measuredAt`, or now."""
    text = text_argument("measuredAt")
    if not text:
        return utc_now()
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None or not EARLIEST <= moment <= LATEST:
        raise InvalidInput.of(
            "measuredAt", "must be a moment with its offset, such as 2026-11-22T12:00:00Z"
        )
    return moment


def _refuse_forms() -> None:
    """Refuse a form with the file in it; what `curl --data-binary` declares is a file all the same.

    Raises:
        UnsupportedMediaType: it is one.
    """
    if request.mimetype == "multipart/form-data":
        raise UnsupportedMediaType(
            "The body is a form: send the report itself as the body, as `curl -T FILE` does."
        )


def represent_report(row: Columns) -> dict[str, Any]:
    """Show a report."""
    return {
        "kind": row.kind,
        "source": ReportSource.WORKSPACE if row.path else ReportSource.UPLOAD,
        "path": row.path,
        "format": row.format,
        "measuredAt": row.measured_at,
        "verdict": row.verdict,
        "coverage": row.coverage,
        "figures": row.figures,
        "problem": row.problem,
    }
