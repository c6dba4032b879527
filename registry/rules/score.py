"""A package's health score: up to 100 points from its build, coverage, lint and security audit."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from registry.rules.enumerations import BuildStatus, CheckStatus

BUILD_POINTS: Mapping[BuildStatus, int] = {
    BuildStatus.SUCCESS: 30,
    # A run that has not ended: better than knowing nothing, whether it waits or runs.
    BuildStatus.RUNNING: 15,
    BuildStatus.QUEUED: 15,
    # A cancelled run came to no verdict, so it tells nothing.
    BuildStatus.CANCELLED: 10,
    BuildStatus.UNKNOWN: 10,
    BuildStatus.FAILED: 0,
}
LINT_POINTS: Mapping[CheckStatus, int] = {
    CheckStatus.PASS: 25,
    CheckStatus.WARN: 10,
    CheckStatus.UNKNOWN: 10,
    CheckStatus.FAIL: 0,
}
SECURITY_POINTS: Mapping[CheckStatus, int] = {
    CheckStatus.PASS: 20,
    CheckStatus.WARN: 10,
    CheckStatus.UNKNOWN: 10,
    CheckStatus.FAIL: 0,
}
COVERAGE_POINTS = 25

HEALTHY_FROM = 80
WARNING_FROM = 60

# How much of the score is measured where a part says so: all that the part is worth, or nothing. A
# build that has not ended, or was cancelled, came to no verdict.
BUILD_CONFIDENCE: Mapping[BuildStatus, int] = {
    status: BUILD_POINTS[BuildStatus.SUCCESS]
    * (status in (BuildStatus.SUCCESS, BuildStatus.FAILED))
    for status in BuildStatus
}
LINT_CONFIDENCE: Mapping[CheckStatus, int] = {
    status: LINT_POINTS[CheckStatus.PASS] * (status is not CheckStatus.UNKNOWN)
    for status in CheckStatus
}
SECURITY_CONFIDENCE: Mapping[CheckStatus, int] = {
    status: SECURITY_POINTS[CheckStatus.PASS] * (status is not CheckStatus.UNKNOWN)
    for status in CheckStatus
}


class Grade(StrEnum):
    """What a score amounts to."""

    HEALTHY = "healthy"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True)
class Score:
    """The points of each part, of at most 30, 25, 25 and 20."""

    build: int
    coverage: float
    lint: int
    security: int
    # How many of the 100 points belong to parts that were really measured.
    confidence: int

    @property
    def total(self) -> int:
        """The sum, 0 to 100, rounded once and at the end; a half goes up."""
        return math.floor(self.build + self.coverage + self.lint + self.security + 0.5)

    @property
    def grade(self) -> Grade:
        """What the total amounts to."""
        return grade_of(self.total)


def overall_score(
    build: BuildStatus, coverage: float | None, lint: CheckStatus, security: CheckStatus
) -> Score:
    """Score a package.

    Args:
        build: where its last CI run stands.
        coverage: of its tests, in per cent; what lies outside 0 to 100 counts as the nearer end.
            None means that it was never measured, and earns no points.
        lint: what its last lint run found.
        security: what its last security audit found.
    """
    # `max` first: it also turns NaN, which compares with nothing, into 0.
    percent = min(max(0.0, coverage or 0.0), 100.0)
    confidence = (
        BUILD_CONFIDENCE[build]
        + COVERAGE_POINTS * (coverage is not None)
        + LINT_CONFIDENCE[lint]
        + SECURITY_CONFIDENCE[security]
    )
    return Score(
        build=BUILD_POINTS[build],
        coverage=percent * COVERAGE_POINTS / 100,
        lint=LINT_POINTS[lint],
        security=SECURITY_POINTS[security],
        confidence=confidence,
    )


def grade_of(total: int) -> Grade:
    """Tell what a score of 0 to 100 points amounts to: healthy from 80, a warning from 60."""
    if total >= HEALTHY_FROM:
        return Grade.HEALTHY
    return Grade.WARNING if total >= WARNING_FROM else Grade.ERROR
