"""What a package's health came to day by day, and badges for its readme."""

import re
from contextlib import suppress
from datetime import date
from enum import StrEnum
from typing import Any

from flask import Blueprint, Response

from registry.catalogue.columns import Columns
from registry.catalogue.health import list_health, score_of
from registry.catalogue.measurements import list_health_days
from registry.errors import InvalidInput, package_not_found
from registry.rest.badges import draw_badge
from registry.rules.enumerations import BuildStatus
from registry.rules.score import Grade, grade_of
from registry.web.arguments import choice_argument, int_argument, text_argument
from registry.web.conditional import conditional_read
from registry.web.database import read_session
from registry.web.json import json_response

package_health = Blueprint("package_health", __name__, url_prefix="/api/packages")

MAX_DAYS = 1_000
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


class Metric(StrEnum):
    """What a badge can tell."""

    SCORE = "score"
    COVERAGE = "coverage"
    BUILD = "build"


@package_health.get("/<package_name:name>/health/history")
@conditional_read()
def show_health_history(name: str) -> Response:
    """List the days on which a package's health changed, the newest first."""
    rows = list_health_days(
        read_session(),
        name,
        first=_day_argument("from"),
        last=_day_argument("to"),
        limit=int_argument("limit", default=MAX_DAYS, minimum=1, maximum=MAX_DAYS),
    )
    return json_response({"packageName": name, "history": [_represent_day(row) for row in rows]})


def _day_argument(name: str) -> str | None:
    text = text_argument(name)
    if not text:
        return None
    if _DAY.fullmatch(text):
        with suppress(ValueError):
            return date.fromisoformat(text).isoformat()
    raise InvalidInput.of(name, "must be a day such as 2026-11-22")


def _represent_day(row: Columns) -> dict[str, Any]:
    return {
        "date": row.day,
        "overallScore": row.overall_score,
        "confidence": row.confidence,
        "buildStatus": row.build_status,
        "testCoverage": row.test_coverage,
        "lintStatus": row.lint_status,
        "securityAudit": row.security_audit,
    }


@package_health.get("/<package_name:name>/badge.svg")
@conditional_read()
def show_badge(name: str) -> Response:
    """Draw a badge of a package's score, coverage or build, for readmes to embed."""
    metric = choice_argument("metric", Metric) or Metric.SCORE
    rows = list_health(read_session(), name)
    if not rows:
        raise package_not_found(name)
    response = Response(draw_badge(*_badge(metric, rows[0])), mimetype="image/svg+xml")
    # A picture and nothing else, even when somebody opens it as a page.
    response.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'"
    return response


def _badge(metric: Metric, row: Columns) -> tuple[str, str, Grade | None]:
    """Give a badge's two texts, and how good that is; None where it is unknown."""
    if metric is Metric.SCORE:
        if not score_of(row).confidence:
            return "health", "unknown", None
        return "health", f"{row.overall_score}/100", grade_of(row.overall_score)
    if metric is Metric.COVERAGE:
        if row.test_coverage is None:
            return "coverage", "unknown", None
        return "coverage", f"{row.test_coverage:g}%", grade_of(int(row.test_coverage))
    grades = {
        BuildStatus.SUCCESS: Grade.HEALTHY,
        BuildStatus.RUNNING: Grade.WARNING,
        BuildStatus.QUEUED: Grade.WARNING,
        BuildStatus.FAILED: Grade.ERROR,
    }
    return "build", row.build_status, grades.get(BuildStatus(row.build_status))
