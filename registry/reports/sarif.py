"""SARIF 2.1.0 (OASIS), which linters and security scanners write alike."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from registry.reports.documents import Document, JsonDocument
from registry.reports.errors import InvalidReport
from registry.reports.numbers import member, score
from registry.reports.report import Report, audit_report, lint_report, severity_of_score
from registry.rules.enumerations import ReportKind

_VERSION = "2.1."
# A result that says where it is takes a hundred bytes; only empty ones are as many in a report.
_MOST_RESULTS = 500_000
_LEVELS = ("none", "note", "warning", "error")
# What a level amounts to for a vulnerability that no score is given for.
_SEVERITY_OF_LEVEL = {"error": "high", "warning": "moderate", "note": "low"}
# GitHub's convention, which scanners follow: a CVSS score among the properties of the rule.
_SCORE = "security-severity"


def is_sarif(document: Document) -> bool:
    """Tell it by its runs."""
    match document:
        case JsonDocument({"runs": _, "version": _}):
            return True
    return False


def read_sarif(document: JsonDocument, kind: ReportKind) -> Report:
    """Count the results, as errors and warnings or as vulnerabilities."""
    version = member(document.value, "version", str, "$")
    if not version.startswith(_VERSION):
        raise InvalidReport("$.version", "only SARIF 2.1 is read")
    runs = member(document.value, "runs", list, "$")
    lists = [run.get("results") for run in runs if isinstance(run, dict)]
    if sum(len(each) for each in lists if isinstance(each, list)) > _MOST_RESULTS:
        raise InvalidReport("$.runs", f"over {_MOST_RESULTS:,} results are not read")
    counts: Counter[tuple[str, str]] = Counter()
    for number, run in enumerate(runs):
        counts.update(_results(run, f"$.runs[{number}]"))
    levels: Counter[str] = Counter()
    severities: Counter[str] = Counter()
    for (level, severity), count in counts.items():
        levels[level] += count
        severities[severity] += count
    if kind is ReportKind.LINT:
        return lint_report("sarif", errors=levels["error"], warnings=levels["warning"])
    return audit_report("sarif", severities)


def _results(run: Any, where: str) -> Iterator[tuple[str, str]]:
    """Give the level and the severity of every result of a run that still stands."""
    driver = member(member(run, "tool", dict, where), "driver", dict, f"{where}.tool")
    rules = _rules(driver, f"{where}.tool.driver")
    results = run.get("results")
    if results is None:
        # The tool did not get as far as looking (3.14.23).
        raise InvalidReport(f"{where}.results", "the run has no results: the tool has failed")
    for number, result in enumerate(member(run, "results", list, where)):
        if not isinstance(result, dict):
            raise InvalidReport(f"{where}.results[{number}]", "here should be an object")
        if not _stands(result):
            continue
        rule = _rule(result, rules)
        level = result["level"] if "level" in result else _default_level(rule)
        if level not in _LEVELS:
            here = f"{where}.results[{number}].level"
            raise InvalidReport(here, f"here should be one of {', '.join(_LEVELS)}")
        if level != "none":
            yield level, _severity(result, rule, level)


def _rules(driver: Mapping[str, Any], where: str) -> Mapping[Any, dict[str, Any]]:
    """Find rules by id and by index."""
    rules = driver.get("rules", [])
    if not isinstance(rules, list) or not all(isinstance(rule, dict) for rule in rules):
        raise InvalidReport(f"{where}.rules", "here should be a list of objects")
    by_id = {rule["id"]: rule for rule in rules if isinstance(rule.get("id"), str)}
    return {**by_id, **dict(enumerate(rules))}


def _rule(result: Mapping[str, Any], rules: Mapping[Any, dict[str, Any]]) -> dict[str, Any]:
    for key in (result.get("ruleIndex"), result.get("ruleId")):
        if key is not None and isinstance(key, str | int) and key in rules:
            return rules[key]
    return {}


def _stands(result: Mapping[str, Any]) -> bool:
    """Tell a result from one that is gone (3.27.24), suppressed (3.35), or no failure (3.27.9)."""
    suppressions = result.get("suppressions")
    suppressed = isinstance(suppressions, list) and any(
        isinstance(each, dict) and each.get("status", "accepted") == "accepted"
        for each in suppressions
    )
    kind = result.get("kind", "fail")
    return kind == "fail" and result.get("baselineState") != "absent" and not suppressed


def _default_level(rule: Mapping[str, Any]) -> Any:
    """Give the level of a result that has none: its rule's, else a warning (3.27.10)."""
    configured = rule.get("defaultConfiguration")
    default = configured.get("level") if isinstance(configured, dict) else None
    return default or "warning"


def _severity(result: Mapping[str, Any], rule: Mapping[str, Any], level: str) -> str:
    for bearer in (result, rule):
        properties = bearer.get("properties")
        if isinstance(properties, dict) and (number := score(properties.get(_SCORE))) is not None:
            return severity_of_score(number)
    return _SEVERITY_OF_LEVEL[level]
