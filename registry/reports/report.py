"""What a report says, whatever format it came in."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from registry.rules.enumerations import CheckStatus, ReportKind

# The severities of known vulnerabilities, as npm has them, the worst first.
SEVERITIES = ("critical", "high", "moderate", "low", "info")


@dataclass(frozen=True)
class Report:
    """What one report says."""

    kind: ReportKind
    # The name that `docs/health.md` gives the format.
    format: str
    # Counts by name; see the functions below.
    figures: Mapping[str, Any]
    # Unknown for coverage, which is a figure and no verdict, and for a run without any test.
    verdict: CheckStatus = CheckStatus.UNKNOWN
    # Of lines, in per cent; None for other kinds, and where there is not one line to cover.
    coverage: float | None = None


@dataclass(frozen=True)
class Counted:
    """How many there are of something, and how many of them the tests ran."""

    total: int
    covered: int

    @property
    def percent(self) -> float | None:
        """The share in per cent; rounded down, so that 100 means all; None of nothing."""
        if not self.total:
            return None
        return math.floor(10_000 * self.covered / self.total) / 100


def coverage_report(name: str, counted: Mapping[str, Counted]) -> Report:
    """Make the report of a format that counts `lines`, and maybe `branches`, `functions`, …."""
    figures = {
        what: {"total": each.total, "covered": each.covered, "percent": each.percent}
        for what, each in counted.items()
    }
    return Report(ReportKind.COVERAGE, name, figures, coverage=counted["lines"].percent)


def tests_report(name: str, *, passed: int, failed: int, skipped: int) -> Report:
    """Make the report of a test run: one test that failed fails it; without tests it is unknown."""
    figures = {
        "total": passed + failed + skipped,
        "passed": passed,
        "failed": failed,
        "skipped": skipped,
    }
    verdict = CheckStatus.PASS if passed else CheckStatus.UNKNOWN
    return Report(ReportKind.TESTS, name, figures, CheckStatus.FAIL if failed else verdict)


def lint_report(name: str, *, errors: int, warnings: int) -> Report:
    """Make the report of a lint run: an error fails it, warnings alone are a warning."""
    verdict = CheckStatus.WARN if warnings else CheckStatus.PASS
    figures = {"errors": errors, "warnings": warnings}
    return Report(ReportKind.LINT, name, figures, CheckStatus.FAIL if errors else verdict)


def audit_report(name: str, found: Mapping[str, int]) -> Report:
    """Make the report of an audit: critical and high fail it, moderate and low are a warning.

    Args:
        name: the format's.
        found: how many vulnerabilities there are, by severity.
    """
    figures = {severity: found.get(severity, 0) for severity in SEVERITIES}
    if figures["critical"] or figures["high"]:
        verdict = CheckStatus.FAIL
    elif figures["moderate"] or figures["low"]:
        verdict = CheckStatus.WARN
    else:
        verdict = CheckStatus.PASS
    total = sum(figures.values())
    return Report(ReportKind.AUDIT, name, {"total": total, **figures}, verdict)


def severity_of_score(score: float) -> str:
    """Give the severity of a CVSS base score (CVSS 3.1 and 4.0, qualitative severity scale)."""
    for severity, lowest in (("critical", 9.0), ("high", 7.0), ("moderate", 4.0)):
        if score >= lowest:
            return severity
    return "low" if score > 0 else "info"
