"""Health: scores, reports, history, badges."""

from typing import Annotated, Any, Literal

from pydantic import Field

from registry.rest.openapi.operation import Access, Answer, Body, Operation, Parameter, json_answer
from registry.rest.openapi.operations.packages import (
    NO_PACKAGE,
    NO_WORKSPACE,
    PACKAGE_NAME,
    Limit,
    Nothing,
)
from registry.rest.openapi.shape import (
    Binary,
    Count,
    Day,
    Moment,
    Percent,
    Score,
    Shape,
    Time,
    TimeOrEmpty,
)
from registry.rules.enumerations import BuildStatus, CheckStatus, ReportKind, ReportSource
from registry.rules.permissions import Permission


class HealthParts(Shape):
    """A package's score and what it is made of."""

    build_status: BuildStatus
    test_coverage: Percent | None
    lint_status: CheckStatus
    security_audit: CheckStatus
    overall_score: Score


class Health(Shape):
    """A package's health."""

    package_name: str
    health: HealthParts
    is_healthy: bool
    """Whether the score is 80 or more."""


class HealthSummary(Shape):
    """What the health of all packages comes to."""

    total: Count
    healthy: Count
    unhealthy: Count
    average_score: Percent | None


class HealthOverview(Shape):
    """Every package's health."""

    packages: list[Health]
    summary: HealthSummary


class Points(Shape):
    """What each part gives to the score."""

    build: Annotated[int, Field(ge=0, le=30)]
    coverage: Annotated[float, Field(ge=0, le=25)]
    lint: Annotated[int, Field(ge=0, le=25)]
    security: Annotated[int, Field(ge=0, le=20)]


class Report(Shape):
    """What a tool measured of a package."""

    kind: ReportKind
    source: ReportSource
    path: str
    """The file in the workspace; empty for one that was uploaded."""
    format: str
    """Which known format it is in; empty: none."""
    measured_at: Time
    verdict: CheckStatus
    coverage: Percent | None
    figures: dict[str, Any]
    """The counts behind it; their names follow from the kind."""
    problem: str
    """Why the file counts for nothing; empty: it counts."""


class EvidenceBuild(Shape):
    """The build that a score follows from."""

    run_id: str
    status: BuildStatus
    branch: str
    commit: str
    url: str
    started_at: TimeOrEmpty
    finished_at: TimeOrEmpty


class Evidence(Shape):
    """What the parts of a score follow from; an empty object where there is nothing."""

    build: EvidenceBuild | Nothing
    coverage: Report | Nothing
    lint: Report | Nothing
    security: Report | Nothing


class ExplainedHealth(Health):
    """A package's health, and why."""

    points: Points
    confidence: Score
    """How many of the 100 points belong to parts that were really measured."""
    evidence: Evidence


class Reports(Shape):
    """The reports on a package."""

    package_name: str
    reports: list[Report]


class TakenReport(Shape):
    """The report of its kind that is kept."""

    package_name: str
    report: Report


class HealthDay(Shape):
    """A package's health at the end of a day on which it changed."""

    date: Day
    overall_score: Score
    confidence: Score
    build_status: BuildStatus
    test_coverage: Percent | None
    lint_status: CheckStatus
    security_audit: CheckStatus


class HealthHistory(Shape):
    """A package's health day by day."""

    package_name: str
    history: list[HealthDay]


OPERATIONS = {
    "GET /api/health/packages": Operation(
        id="list_package_health",
        summary="List every package's health and what it comes to",
        tag="Health",
        answers=json_answer("The health of all packages.", HealthOverview),
        is_conditional=True,
    ),
    "GET /api/health/packages/<path:name>": Operation(
        id="get_package_health",
        summary="Show one package's health, and what it follows from",
        tag="Health",
        path=[PACKAGE_NAME],
        answers=json_answer("The package's health.", ExplainedHealth),
        problems={404: NO_PACKAGE},
        is_conditional=True,
    ),
    "POST /api/health/refresh": Operation(
        id="refresh_health",
        summary="Bring the catalogue and all scores up to date",
        tag="Health",
        answers=json_answer("The health of all packages.", HealthOverview),
        problems={503: NO_WORKSPACE},
        access=Access.REQUIRED,
        permissions=[Permission.ManageWorkspace],
    ),
    "GET /api/packages/<package_name:name>/reports": Operation(
        id="list_package_reports",
        summary="List what is known of a package's reports",
        tag="Health",
        path=[PACKAGE_NAME],
        answers=json_answer("By kind, the newest first.", Reports),
        problems={404: NO_PACKAGE},
        is_conditional=True,
    ),
    "PUT /api/packages/<package_name:name>/reports/<kind>": Operation(
        id="put_package_report",
        summary="Take in a report, in whichever known format its body is",
        description="One report of a kind is kept; an older one than that changes nothing.",
        tag="Health",
        path=[PACKAGE_NAME, Parameter("kind", "What the report is about.", ReportKind)],
        parameters=[
            Parameter("measuredAt", "When the tool ran, with the offset; without it, now.", Moment)
        ],
        body=Body({"*/*": Binary}, "The file as the tool wrote it, whatever its content type."),
        answers=json_answer("The report that is kept.", TakenReport),
        problems={
            404: "There is no such package (`package_not_found`), or no such kind of report.",
            422: "The report makes no sense (`invalid_report`); `detail` says where.",
        },
        access=Access.REQUIRED,
        permissions=[Permission.ManageWorkspace],
    ),
    "GET /api/packages/<package_name:name>/health/history": Operation(
        id="list_health_history",
        summary="List the days on which a package's health changed, the newest first",
        tag="Health",
        path=[PACKAGE_NAME],
        parameters=[
            Parameter("from", "Not before this day (UTC).", Day),
            Parameter("to", "Not after this day (UTC).", Day),
            Parameter("limit", "At most so many.", Limit, default=1_000),
        ],
        answers=json_answer("The days.", HealthHistory),
        problems={404: NO_PACKAGE},
        is_conditional=True,
    ),
    "GET /api/packages/<package_name:name>/badge.svg": Operation(
        id="get_package_badge",
        summary="Draw a badge of a package's score, coverage or build",
        tag="Health",
        path=[PACKAGE_NAME],
        parameters=[
            Parameter(
                "metric",
                "What it tells.",
                Literal["score", "coverage", "build"],
                default="score",
            )
        ],
        answers={200: Answer("The picture.", {"image/svg+xml": str})},
        problems={404: NO_PACKAGE},
        is_conditional=True,
    ),
}
