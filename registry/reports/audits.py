"""Known vulnerabilities as npm, pnpm and yarn tell of them."""

import re
from collections import Counter
from typing import Any

from registry.reports.documents import Document, JsonDocument, JsonLines
from registry.reports.errors import InvalidReport
from registry.reports.numbers import json_count, member
from registry.reports.report import SEVERITIES, Report, audit_report


def is_failed_audit(document: Document) -> bool:
    """Tell what npm and pnpm write where the audit itself fails, such as without a network."""
    match document:
        case JsonDocument({"error": {}}):
            return True
    return False


def refuse_failed_audit(document: JsonDocument) -> Report:
    """Refuse it: it says nothing about vulnerabilities, but why it failed."""
    error = document.value["error"]
    told = error.get("summary") or error.get("message") or document.value.get("message")
    reason = _without_addresses(told) if isinstance(told, str) else ""
    why = f" ({reason})" if reason else ""
    raise InvalidReport(
        "$.error", f"the audit itself failed{why}, so it found out nothing: run it again"
    )


# Longer ones are whole logs.
_LONGEST_REASON = 200


def _without_addresses(text: str) -> str:
    """Cut what a tool says to a few words, without addresses, which may hold names of the house."""
    words = re.sub(r"\S+://\S+", "…", text[:_LONGEST_REASON]).split()
    return "".join(each for each in " ".join(words).rstrip(".") if each.isprintable())


def is_npm_audit(document: Document) -> bool:
    """Tell `npm audit --json` of npm 7 and later."""
    match document:
        case JsonDocument({"auditReportVersion": _}):
            return True
    return False


def read_npm_audit(document: JsonDocument) -> Report:
    """Read how many packages are vulnerable, by severity."""
    if document.value["auditReportVersion"] != 2:  # noqa: PLR2004 -- the version that npm 7 to 11 write
        raise InvalidReport("$.auditReportVersion", "only version 2 is read")
    return audit_report("npm-audit", _metadata(document.value))


def is_npm_advisories(document: Document) -> bool:
    """Tell the audit JSON of npm 6, which pnpm, and yarn 2 and 3, write as well."""
    match document:
        case JsonDocument({"advisories": _, "metadata": _}):
            return True
    return False


def read_npm_advisories(document: JsonDocument) -> Report:
    """Read how many vulnerabilities there are, by severity."""
    member(document.value, "advisories", dict, "$")
    return audit_report("npm-advisories", _metadata(document.value))


def _metadata(value: Any) -> dict[str, int]:
    metadata = member(value, "metadata", dict, "$")
    found = member(metadata, "vulnerabilities", dict, "$.metadata")
    return _counts(found, "$.metadata.vulnerabilities")


def _counts(found: dict[str, Any], where: str) -> dict[str, int]:
    return {each: json_count(found.get(each, 0), f"{where}.{each}") for each in SEVERITIES}


_YARN_1_LINES = frozenset({"auditAdvisory", "auditAction", "auditSummary"})


def is_yarn_audit(document: Document) -> bool:
    """Tell `yarn audit --json` of yarn 1: a JSON object on each line, each with its type."""
    return isinstance(document, JsonLines) and any(
        line.get("type") in _YARN_1_LINES for _number, line in document.lines
    )


def read_yarn_audit(document: JsonLines) -> Report:
    """Read the summary, which yarn writes last."""
    for number, line in reversed(document.lines):
        if line.get("type") == "auditSummary":
            where = f"line {number}: $.data"
            data = member(line, "data", dict, f"line {number}: $")
            found = member(data, "vulnerabilities", dict, where)
            return audit_report("yarn-audit", _counts(found, f"{where}.vulnerabilities"))
    last = document.lines[-1][0]
    raise InvalidReport(f"line {last}", "it ends without the auditSummary")


def is_yarn_npm_audit(document: Document) -> bool:
    """Tell `yarn npm audit --json` of yarn 4: a JSON object for each advisory, or remarks alone.

    It writes nothing at all where it finds nothing, which cannot be told from a run that failed;
    `docs/health.md` says what to send then.
    """
    return isinstance(document, JsonLines) and all(
        "children" in line or line.get("type") == "info" for _number, line in document.lines
    )


def read_yarn_npm_audit(document: JsonLines) -> Report:
    """Count the advisories by severity."""
    found: Counter[str] = Counter()
    for number, line in document.lines:
        if "children" not in line:
            continue
        where = f"line {number}: $.children"
        advisory = member(line, "children", dict, f"line {number}: $")
        severity = member(advisory, "Severity", str, where)
        if severity not in SEVERITIES:
            raise InvalidReport(f"{where}.Severity", "here should be a severity that npm knows")
        found[severity] += 1
    return audit_report("yarn-npm-audit", found)
