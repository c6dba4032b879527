import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.rules.enumerations import BuildStatus, CheckStatus
from registry.rules.score import Grade, Score, grade_of, overall_score

SUCCESS, RUNNING, QUEUED = BuildStatus.SUCCESS, BuildStatus.RUNNING, BuildStatus.QUEUED
CANCELLED, UNBUILT, FAILED = BuildStatus.CANCELLED, BuildStatus.UNKNOWN, BuildStatus.FAILED
PASS, WARN, FAIL, UNKNOWN = (
    CheckStatus.PASS,
    CheckStatus.WARN,
    CheckStatus.FAIL,
    CheckStatus.UNKNOWN,
)


@pytest.mark.parametrize(
    ("build", "coverage", "lint", "security", "total", "confidence"),
    [
        # The document's sample: its coverage was measured, and found to be 0.
        (UNBUILT, 0.0, FAIL, UNKNOWN, 20, 50),
        (SUCCESS, 100.0, PASS, PASS, 100, 100),
        (FAILED, 0.0, FAIL, FAIL, 0, 100),
        (UNBUILT, None, UNKNOWN, UNKNOWN, 30, 0),
        # Each build status on its own: 35 points of the rest.
        (SUCCESS, None, PASS, WARN, 65, 75),
        (RUNNING, None, PASS, WARN, 50, 45),
        (QUEUED, None, PASS, WARN, 50, 45),
        (CANCELLED, None, PASS, WARN, 45, 45),
        (UNBUILT, None, PASS, WARN, 45, 45),
        (FAILED, None, PASS, WARN, 35, 75),
        # Coverage in proportion; a half goes up, and only the sum is rounded.
        (FAILED, 50.0, FAIL, FAIL, 13, 100),
        (FAILED, 1.9, FAIL, FAIL, 0, 100),
        (FAILED, 2.0, FAIL, FAIL, 1, 100),
        (SUCCESS, 82.0, PASS, WARN, 86, 100),
        (SUCCESS, 81.9, PASS, WARN, 85, 100),
        (FAILED, 1_000.0, FAIL, FAIL, 25, 100),
        (FAILED, -5.0, FAIL, FAIL, 0, 100),
        (FAILED, math.inf, FAIL, FAIL, 25, 100),
        (FAILED, math.nan, FAIL, FAIL, 0, 100),
        # Lint.
        (FAILED, None, PASS, FAIL, 25, 75),
        (FAILED, None, WARN, FAIL, 10, 75),
        (FAILED, None, UNKNOWN, FAIL, 10, 50),
        (FAILED, None, FAIL, FAIL, 0, 75),
        # Security.
        (FAILED, None, FAIL, PASS, 20, 75),
        (FAILED, None, FAIL, WARN, 10, 75),
        (FAILED, None, FAIL, UNKNOWN, 10, 55),
    ],
)
def test_the_score_adds_up(
    *,
    build: BuildStatus,
    coverage: float | None,
    lint: CheckStatus,
    security: CheckStatus,
    total: int,
    confidence: int,
) -> None:
    score = overall_score(build, coverage, lint, security)
    assert (score.total, score.confidence) == (total, confidence)


def test_a_score_tells_the_points_of_each_part() -> None:
    assert overall_score(SUCCESS, 50.0, WARN, PASS) == Score(
        build=30, coverage=12.5, lint=10, security=20, confidence=100
    )


@pytest.mark.parametrize(
    ("total", "grade"),
    [
        (100, Grade.HEALTHY),
        (80, Grade.HEALTHY),
        (79, Grade.WARNING),
        (60, Grade.WARNING),
        (59, Grade.ERROR),
        (0, Grade.ERROR),
    ],
)
def test_a_score_has_a_grade(total: int, grade: Grade) -> None:
    assert grade_of(total) is grade


def test_the_grade_is_that_of_the_rounded_total() -> None:
    score = overall_score(SUCCESS, 98.0, PASS, FAIL)
    assert (score.coverage, score.total, score.grade) == (24.5, 80, Grade.HEALTHY)


@given(
    st.sampled_from(BuildStatus),
    st.one_of(st.none(), st.floats()),
    st.sampled_from(CheckStatus),
    st.sampled_from(CheckStatus),
)
def test_a_score_is_never_outside_0_to_100(
    build: BuildStatus, coverage: float | None, lint: CheckStatus, security: CheckStatus
) -> None:
    score = overall_score(build, coverage, lint, security)
    assert 0 <= score.total <= 100
    assert 0 <= score.confidence <= 100
