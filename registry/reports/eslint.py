"""Lint runs as ESLint's `json` formatter writes them."""

from registry.reports.documents import Document, JsonDocument
from registry.reports.errors import InvalidReport
from registry.reports.numbers import json_count
from registry.reports.report import Report, lint_report


def is_eslint(document: Document) -> bool:
    """Tell it: a list with a result for each file; an empty one where no file was looked at."""
    match document:
        case JsonDocument([]) | JsonDocument([{"filePath": _, "messages": _}, *_]):
            return True
    return False


def read_eslint(document: JsonDocument) -> Report:
    """Add up the files' errors and warnings; suppressed ones are not among them."""
    errors = warnings = 0
    for number, result in enumerate(document.value):
        if not isinstance(result, dict):
            raise InvalidReport(f"$[{number}]", "here should be the result of a file")
        errors += json_count(result.get("errorCount"), f"$[{number}].errorCount")
        warnings += json_count(result.get("warningCount"), f"$[{number}].warningCount")
    return lint_report("eslint", errors=errors, warnings=warnings)
