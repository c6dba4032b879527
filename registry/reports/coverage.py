"""Coverage: Istanbul's summary, Cobertura's XML, Clover's XML.

A figure for lines is in all of them, so that is the one that scores hang on.
"""

from collections.abc import Mapping
from typing import Any

from registry.reports.documents import Document, JsonDocument, XmlDocument
from registry.reports.errors import InvalidReport
from registry.reports.numbers import counted, json_count, member, text_count
from registry.reports.report import Counted, Report, coverage_report
from registry.reports.xml_events import Attributes, read_xml

_ISTANBUL = ("lines", "statements", "functions", "branches")


def is_istanbul_summary(document: Document) -> bool:
    """Tell Istanbul's `coverage-summary.json` (nyc, c8, Jest, Vitest)."""
    match document:
        case JsonDocument({"total": {"lines": _}}):
            return True
    return False


def read_istanbul_summary(document: JsonDocument) -> Report:
    """Read the figures for all files together; percentages are worked out from the counts."""
    found = {}
    for what in _ISTANBUL:
        where = f"$.total.{what}"
        figures = member(document.value["total"], what, dict, "$.total")
        total = json_count(figures.get("total"), f"{where}.total")
        covered = json_count(figures.get("covered"), f"{where}.covered")
        found[what] = counted(total, covered, f"{where}.covered")
    return coverage_report("istanbul-summary", found)


def is_cobertura(document: Document) -> bool:
    """Tell Cobertura's XML, which Istanbul, coverage.py and others write."""
    return (
        isinstance(document, XmlDocument)
        and document.root == "coverage"
        and "line-rate" in document.attributes
    )


def read_cobertura(document: XmlDocument) -> Report:
    """Read the root's counts, or count the lines where it has only rates (Cobertura before 2)."""
    if "lines-valid" not in document.attributes:
        return coverage_report("cobertura", {"lines": _count_cobertura_lines(document.content)})
    found = {"lines": _of_root(document.attributes, "lines")}
    if "branches-valid" in document.attributes:
        found["branches"] = _of_root(document.attributes, "branches")
    # The root says it all, but the document may end in the middle.
    read_xml(document.content, lambda *_element: None)
    return coverage_report("cobertura", found)


def _of_root(attributes: Attributes, what: str) -> Counted:
    total = text_count(attributes.get(f"{what}-valid"), f"coverage/@{what}-valid")
    covered = text_count(attributes.get(f"{what}-covered"), f"coverage/@{what}-covered")
    return counted(total, covered, f"coverage/@{what}-covered")


def _count_cobertura_lines(content: bytes) -> Counted:
    totals = [0, 0]

    def on_start(name: str, attributes: Attributes, around: list[str], line: int) -> None:
        # A class's own lines; those of its methods are among them.
        if name == "line" and around[-2:] == ["class", "lines"]:
            totals[0] += 1
            totals[1] += text_count(attributes.get("hits"), f"line {line}") > 0

    read_xml(content, on_start)
    return Counted(*totals)


def is_clover(document: Document) -> bool:
    """Tell Clover's XML, which Istanbul and PHPUnit write."""
    return (
        isinstance(document, XmlDocument)
        and document.root == "coverage"
        and ("clover" in document.attributes or "generated" in document.attributes)
    )


_CLOVER = {
    # Clover calls a line that can be run a statement.
    "lines": ("statements", "coveredstatements"),
    "branches": ("conditionals", "coveredconditionals"),
    "functions": ("methods", "coveredmethods"),
}


def read_clover(document: XmlDocument) -> Report:
    """Read the metrics of the project as a whole."""
    found: dict[str, Counted] = {}

    def on_start(name: str, attributes: Attributes, around: list[str], line: int) -> None:
        if name == "metrics" and around == ["coverage", "project"]:
            found.update(_clover_metrics(attributes, f"line {line}"))

    read_xml(document.content, on_start)
    if not found:
        raise InvalidReport("coverage/project/metrics", "there is no such element")
    return coverage_report("clover", found)


def _clover_metrics(attributes: Attributes, where: str) -> Mapping[str, Any]:
    return {
        what: counted(
            text_count(attributes.get(total), where),
            text_count(attributes.get(covered), where),
            where,
        )
        for what, (total, covered) in _CLOVER.items()
    }
