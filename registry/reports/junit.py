"""Test runs in JUnit's XML.

There is no one definition of it, so only what all its writers agree on is read: a `testcase` is
one test, with a `failure`, an `error` or a `skipped` inside unless it passed. The totals that
suites tell of themselves are not: suites nest, and not all writers add the inner ones up.
"""

from registry.reports.documents import Document, XmlDocument
from registry.reports.report import Report, tests_report
from registry.reports.xml_events import Attributes, read_xml

_OUTCOMES = {"failure": "failed", "error": "failed", "skipped": "skipped"}


def is_junit(document: Document) -> bool:
    """Tell it by its root."""
    return isinstance(document, XmlDocument) and document.root in {"testsuites", "testsuite"}


def read_junit(document: XmlDocument) -> Report:
    """Count the tests by how they came out."""
    outcomes: list[str] = []

    def on_start(name: str, _attributes: Attributes, around: list[str], _line: int) -> None:
        if name == "testcase":
            outcomes.append("passed")
        elif name in _OUTCOMES and around and around[-1] == "testcase" and outcomes[-1] != "failed":
            outcomes[-1] = _OUTCOMES[name]

    read_xml(document.content, on_start)
    return tests_report(
        "junit",
        passed=outcomes.count("passed"),
        failed=outcomes.count("failed"),
        skipped=outcomes.count("skipped"),
    )
