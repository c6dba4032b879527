"""Which format a report has, told by its content; a file's name says nothing."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from registry.reports import audits, coverage, eslint, junit, lcov, osv, sarif
from registry.reports.documents import Document, open_document
from registry.reports.errors import InvalidReport
from registry.reports.report import Report
from registry.rules.enumerations import ReportKind


@dataclass(frozen=True)
class _Format:
    """A format: what people call it, what it can be about, how it is told and read."""

    name: str
    kinds: tuple[ReportKind, ...]
    tell: Callable[[Document], bool]
    read: Callable[..., Report]


_COVERAGE, _TESTS = (ReportKind.COVERAGE,), (ReportKind.TESTS,)
_LINT, _AUDIT = (ReportKind.LINT,), (ReportKind.AUDIT,)

_FORMATS = (
    _Format(
        "Istanbul's coverage summary",
        _COVERAGE,
        coverage.is_istanbul_summary,
        coverage.read_istanbul_summary,
    ),
    _Format("lcov", _COVERAGE, lcov.is_lcov, lcov.read_lcov),
    _Format("Cobertura XML", _COVERAGE, coverage.is_cobertura, coverage.read_cobertura),
    _Format("Clover XML", _COVERAGE, coverage.is_clover, coverage.read_clover),
    _Format("JUnit XML", _TESTS, junit.is_junit, junit.read_junit),
    _Format("ESLint JSON", _LINT, eslint.is_eslint, eslint.read_eslint),
    _Format("SARIF", (ReportKind.LINT, ReportKind.AUDIT), sarif.is_sarif, sarif.read_sarif),
    _Format("npm audit JSON", _AUDIT, audits.is_npm_audit, audits.read_npm_audit),
    _Format("pnpm audit JSON", _AUDIT, audits.is_npm_advisories, audits.read_npm_advisories),
    _Format("yarn audit JSON", _AUDIT, audits.is_yarn_audit, audits.read_yarn_audit),
    _Format("yarn npm audit JSON", _AUDIT, audits.is_yarn_npm_audit, audits.read_yarn_npm_audit),
    _Format("OSV-Scanner JSON", _AUDIT, osv.is_osv, osv.read_osv),
    _Format("a failed audit", _AUDIT, audits.is_failed_audit, audits.refuse_failed_audit),
)


def read_report(kind: ReportKind, content: bytes) -> Report:
    """Read a report of a kind, in whichever of the formats of that kind it is.

    Its length is the caller's to limit.

    Raises:
        InvalidReport: it is in none of them, or stops making sense; the error says where.
    """
    document = open_document(content)
    known = next((each for each in _FORMATS if each.tell(document)), None)
    if known is None:
        names = ", ".join(each.name for each in _FORMATS[:-1] if kind in each.kinds)
        raise InvalidReport("line 1", f"this is no {kind} report that is known here: {names}")
    if kind not in known.kinds:
        about = " or ".join(known.kinds)
        raise InvalidReport("line 1", f"this is {known.name}: a report on {about}, not on {kind}")
    arguments: tuple[Any, ...] = (document, kind) if len(known.kinds) > 1 else (document,)
    return known.read(*arguments)
