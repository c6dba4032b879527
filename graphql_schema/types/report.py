"""Reports: what tools measured of a package."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, case, func
from strawberry.scalars import JSON

from graphql_schema.engine.fields import column, entity
from graphql_schema.enumerations import CheckStatus, ReportKind, ReportSource
from registry import models


def _source(report: Any) -> ColumnElement[str]:
    workspace = ReportSource.WORKSPACE.value
    source = case((report.path == "", ReportSource.UPLOAD.value), else_=workspace)
    return func.coalesce(source, workspace)


@entity(models.Report)
class Report:
    """What a tool measured of a package: a file in the workspace, or one that was sent."""

    kind: ReportKind = column(models.Report.kind, "What it is about.")
    source: ReportSource = column(_source, "Where it comes from.")
    path: str = column(
        models.Report.path, "The file, from the workspace's root; empty for one that was sent."
    )
    format: str = column(
        models.Report.format, "Which format it is, told by its content; empty if it is none."
    )
    measured_at: datetime = column(models.Report.measured_at, "When the tool ran.")
    verdict: CheckStatus = column(
        models.Report.verdict, "What it amounts to; unknown for coverage, which is a figure."
    )
    coverage: float | None = column(
        models.Report.coverage, "Of lines, in per cent; null if it is about something else."
    )
    figures: JSON = column(models.Report.figures, "The counts behind that, by name.")
    problem: str = column(
        models.Report.problem, "Why the file counts for nothing; empty if it does count."
    )
