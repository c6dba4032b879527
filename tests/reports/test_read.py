"""Reports are told by their content and read, or refused with the place where they go wrong.

The samples are what the tools themselves wrote: Jest 30 with jest-junit, c8, ESLint 10, Node's test
runner, npm 6 and 11, pnpm 10, yarn 1 and 4, all on the same small package; OSV-Scanner's is made by
its documentation.
"""

import codecs
import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.reports import InvalidReport, Report, read_report
from registry.rules.enumerations import CheckStatus, ReportKind

SAMPLES = Path(__file__).parent / "samples"
COVERAGE, TESTS, LINT, AUDIT = (
    ReportKind.COVERAGE,
    ReportKind.TESTS,
    ReportKind.LINT,
    ReportKind.AUDIT,
)


def sample(name: str) -> bytes:
    return (SAMPLES / name).read_bytes()


def read(kind: ReportKind, content: str | bytes | object) -> Report:
    if not isinstance(content, str | bytes):
        content = json.dumps(content)
    return read_report(kind, content.encode() if isinstance(content, str) else content)


def refused(kind: ReportKind, content: str | bytes | object) -> str:
    with pytest.raises(InvalidReport) as refusal:
        read(kind, content)
    (error,) = refusal.value.errors
    assert refusal.value.status == 422
    return error.field


@pytest.mark.parametrize(
    ("name", "form", "lines", "percent"),
    [
        ("istanbul-summary.json", "istanbul-summary", (11, 6), 54.54),
        ("jest.lcov", "lcov", (11, 6), 54.54),
        ("cobertura.xml", "cobertura", (11, 6), 54.54),
        ("clover.xml", "clover", (11, 6), 54.54),
        ("c8.lcov", "lcov", (23, 15), 65.21),
    ],
)
def test_coverage(name: str, form: str, lines: tuple[int, int], percent: float) -> None:
    report = read(COVERAGE, sample(name))

    total, covered = lines
    assert report.format == form
    assert report.figures["lines"] == {"total": total, "covered": covered, "percent": percent}
    assert report.coverage == percent
    assert report.verdict is CheckStatus.UNKNOWN


@pytest.mark.parametrize("name", ["jest-junit.xml", "node-junit.xml"])
def test_a_test_run(name: str) -> None:
    report = read(TESTS, sample(name))

    assert report.figures == {"total": 4, "passed": 2, "failed": 1, "skipped": 1}
    assert report.verdict is CheckStatus.FAIL


@pytest.mark.parametrize(("name", "form"), [("eslint.json", "eslint"), ("eslint.sarif", "sarif")])
def test_a_lint_run(name: str, form: str) -> None:
    report = read(LINT, sample(name))

    assert (report.format, report.figures) == (form, {"errors": 1, "warnings": 2})
    assert report.verdict is CheckStatus.FAIL


@pytest.mark.parametrize(
    ("name", "form", "found"),
    [
        ("npm-audit-11.json", "npm-audit", (1, 1, 0)),
        ("npm-audit-6.json", "npm-advisories", (1, 1, 1)),
        ("pnpm-audit.json", "npm-advisories", (1, 1, 1)),
        ("yarn-1-audit.jsonl", "yarn-audit", (1, 1, 1)),
        ("yarn-4-audit.jsonl", "yarn-npm-audit", (1, 1, 1)),
        ("osv-scanner.json", "osv-scanner", (1, 0, 1)),
    ],
)
def test_an_audit(name: str, form: str, found: tuple[int, int, int]) -> None:
    report = read(AUDIT, sample(name))

    critical, high, moderate = found
    assert report.format == form
    assert report.figures == {
        "total": sum(found),
        "critical": critical,
        "high": high,
        "moderate": moderate,
        "low": 0,
        "info": 0,
    }
    assert report.verdict is CheckStatus.FAIL


def npm_audit(**found: Any) -> dict[str, Any]:
    return {"auditReportVersion": 2, "metadata": {"vulnerabilities": found}}


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        ({"critical": 1}, "fail"),
        ({"high": 1, "low": 2}, "fail"),
        ({"moderate": 1}, "warn"),
        ({"low": 1}, "warn"),
        ({"info": 1}, "pass"),
        ({}, "pass"),
    ],
    ids=str,
)
def test_what_an_audit_amounts_to(found: dict[str, int], verdict: str) -> None:
    assert read(AUDIT, npm_audit(**found)).verdict == verdict


@pytest.mark.parametrize(
    ("errors", "warnings", "verdict"), [(0, 0, "pass"), (0, 3, "warn"), (1, 0, "fail")]
)
def test_what_a_lint_run_amounts_to(errors: int, warnings: int, verdict: str) -> None:
    result = {"filePath": "a", "messages": [], "errorCount": errors, "warningCount": warnings}

    assert read(LINT, [result]).verdict == verdict
    assert read(LINT, []).verdict is CheckStatus.PASS


@pytest.mark.parametrize(
    ("cases", "verdict"),
    [
        ("", "unknown"),
        ("<testcase/>", "pass"),
        ("<testcase><skipped/></testcase>", "unknown"),
        ("<testcase/><testcase><error/></testcase>", "fail"),
        ("<testcase><failure/><skipped/></testcase>", "fail"),
        ("<testsuite><testcase/></testsuite><failure/>", "pass"),
    ],
)
def test_what_a_test_run_amounts_to(cases: str, verdict: str) -> None:
    assert read(TESTS, f"<testsuite>{cases}</testsuite>").verdict == verdict


def sarif(*results: dict[str, Any], rules: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    driver = {"name": "tool", "rules": rules or []}
    return {"version": "2.1.0", "runs": [{"tool": {"driver": driver}, "results": list(results)}]}


@pytest.mark.parametrize(
    ("result", "counted"),
    [
        ({"level": "error"}, (1, 0)),
        ({"level": "warning"}, (0, 1)),
        ({"level": "note"}, (0, 0)),
        ({"level": "none"}, (0, 0)),
        ({}, (0, 1)),
        ({"ruleId": "strict"}, (1, 0)),
        ({"ruleIndex": 0}, (1, 0)),
        ({"ruleId": "strict", "level": "note"}, (0, 0)),
        ({"level": "error", "suppressions": [{"kind": "inSource"}]}, (0, 0)),
        (
            {"level": "error", "suppressions": [{"kind": "external", "status": "rejected"}]},
            (1, 0),
        ),
        ({"level": "error", "suppressions": []}, (1, 0)),
        ({"level": "error", "baselineState": "absent"}, (0, 0)),
        ({"kind": "pass"}, (0, 0)),
    ],
    ids=str,
)
def test_a_sarif_result(result: dict[str, Any], counted: tuple[int, int]) -> None:
    rules = [{"id": "strict", "defaultConfiguration": {"level": "error"}}]

    report = read(LINT, sarif(result, rules=rules))

    assert (report.figures["errors"], report.figures["warnings"]) == counted


@pytest.mark.parametrize(
    ("score", "level", "severity"),
    [
        ("9.8", "note", "critical"),
        ("7.0", "note", "high"),
        ("6.9", "error", "moderate"),
        (0.1, "error", "low"),
        ("0.0", "error", "info"),
        (None, "error", "high"),
        ("NaN", "warning", "moderate"),
        ("11", "note", "low"),
    ],
)
def test_the_severity_of_a_sarif_result(score: Any, level: str, severity: str) -> None:
    rules = [{"id": "r", "properties": {"security-severity": score}}]

    report = read(AUDIT, sarif({"ruleId": "r", "level": level}, rules=rules))

    assert [name for name, count in report.figures.items() if count] == ["total", severity]


def test_lcov_counts_a_file_that_several_records_are_of_once() -> None:
    report = read(
        COVERAGE,
        "TN:one\nSF:a.c\nDA:1,1\nDA:2,0\nLF:2\nLH:1\nend_of_record\n"
        "TN:two\nSF:a.c\nDA:1,0\nDA:2,12345678901234567890\nLF:2\nLH:1\nend_of_record\n",
    )

    assert report.figures["lines"] == {"total": 2, "covered": 2, "percent": 100.0}


@pytest.mark.parametrize("line", ["DA:1,1", "  DA:1,1", "DA: 1,1 ", "DA:1,1,checksum", "DA:1,01"])
def test_lcov_in_the_ways_that_its_writers_have(line: str) -> None:
    report = read(COVERAGE, f"SF:a.c\r\n{line}\r\nDA:2,00\r\nend_of_record\r\n")

    assert report.figures["lines"] == {"total": 2, "covered": 1, "percent": 50.0}


def test_lcov_with_nothing_but_totals() -> None:
    report = read(COVERAGE, "SF:a.c\nLF:8\nLH:2\nend_of_record\n")

    assert report.coverage == 25.0


def test_cobertura_without_totals_counts_the_lines_of_classes() -> None:
    lines = "<lines><line number='1' hits='2'/><line number='2' hits='0'/></lines>"
    report = read(
        COVERAGE,
        "<coverage line-rate='0.5'><packages><package><classes><class>"
        f"<methods><method>{lines}</method></methods>{lines}"
        "</class></classes></package></packages></coverage>",
    )

    assert report.figures["lines"] == {"total": 2, "covered": 1, "percent": 50.0}


def test_where_there_is_no_line_coverage_is_unknown() -> None:
    summary = json.loads(sample("istanbul-summary.json"))
    summary["total"]["lines"] = {"total": 0, "covered": 0, "skipped": 0, "pct": "Unknown"}

    assert read(COVERAGE, summary).coverage is None


@pytest.mark.parametrize("lines", [(3, 3, 100.0), (100_000, 99_999, 99.99)])
def test_only_all_lines_are_a_hundred_per_cent(lines: tuple[int, int, float]) -> None:
    total, covered, percent = lines

    assert read(COVERAGE, f"SF:a\nLF:{total}\nLH:{covered}\nend_of_record").coverage == percent


@pytest.mark.parametrize(
    "content",
    [
        codecs.BOM_UTF8 + sample("eslint.json"),
        sample("eslint.json").decode().encode("utf-16"),
        b"\n\n " + sample("eslint.json"),
    ],
)
def test_what_editors_and_shells_put_before_a_report(content: bytes) -> None:
    assert read(LINT, content).format == "eslint"


@pytest.mark.parametrize(
    "character", ["\x1b", "\x00", "&#27;", "&#x1B;", "&#X0001f;", "&#0;", "&#11;", "&#xb;"]
)
def test_control_characters_that_test_runners_leave_in_xml(character: str) -> None:
    content = f"<testsuite><testcase/><testcase><failure>{character}[31m</failure></testcase>"

    assert read(TESTS, f"{content}</testsuite>").figures["failed"] == 1


def test_other_references_stay_as_they_are() -> None:
    content = "<coverage line-rate='1' lines-valid='&#49;0' lines-covered='&#x31;&#x0030;'/>"

    assert read(COVERAGE, content).figures["lines"]["covered"] == 10


def test_xml_in_another_encoding() -> None:
    content = '<?xml version="1.0" encoding="UTF-16"?><testsuite><testcase name="é"/></testsuite>'

    assert read(TESTS, content.encode("utf-16")).figures["passed"] == 1


SUMMARY = {
    what: {"total": 1, "covered": 1} for what in ("lines", "statements", "functions", "branches")
}


@pytest.mark.parametrize(
    ("kind", "content", "where"),
    [
        (COVERAGE, "", "line 1"),
        (COVERAGE, " \n", "line 1"),
        (COVERAGE, b"\xef\xbb\xbf", "line 1"),
        (COVERAGE, b"\xff\xfe", "line 1"),
        (COVERAGE, "\x1c", "line 1"),
        (COVERAGE, b"\xff\xfe\x00", "line 1"),
        (COVERAGE, b'{"a":\n"\xff"}', "line 2"),
        (COVERAGE, '{"total": {"lines": {},\n}}', "line 1, column"),
        (COVERAGE, {"total": {"lines": []}}, "$.total.lines"),
        (COVERAGE, {"total": {**SUMMARY, "lines": {"total": 1}}}, "$.total.lines.covered"),
        (
            COVERAGE,
            {"total": {**SUMMARY, "lines": {"total": 1, "covered": -1}}},
            "$.total.lines.covered",
        ),
        (
            COVERAGE,
            {"total": {**SUMMARY, "lines": {"total": 1, "covered": 2}}},
            "$.total.lines.covered",
        ),
        (COVERAGE, {"total": {**SUMMARY, "lines": {"total": True}}}, "$.total.lines.total"),
        (COVERAGE, {"total": {**SUMMARY, "lines": {"total": 1.5}}}, "$.total.lines.total"),
        (COVERAGE, {"total": {**SUMMARY, "lines": {"total": 10**13}}}, "$.total.lines.total"),
        (COVERAGE, {"total": {**SUMMARY, "lines": {"total": 10**400}}}, "line 1, column"),
        (COVERAGE, {"total": {**SUMMARY, "lines": {"total": float("nan")}}}, "line 1, column"),
        (COVERAGE, "[" * 100_000, "line 1, column"),
        (COVERAGE, "SF:a\nDA:1,1\n", "line 2"),
        (COVERAGE, "SF:a\nDA:1,-1\nend_of_record", "line 2"),
        (COVERAGE, "SF:a\nDA:1\nend_of_record", "line 2"),
        (COVERAGE, "SF:a\nDA:x,1\nend_of_record", "line 2"),
        (COVERAGE, "SF:a\nDA:1,1x\nend_of_record", "line 2"),
        (COVERAGE, "SF:a\nLF:1\nLH:2\nend_of_record", "line 1"),
        (COVERAGE, "TN:\nDA:1,1\n", "line 2"),
        (COVERAGE, "TN:\nSF:a\nwhat is this\n", "line 3"),
        (COVERAGE, "<coverage line-rate='1' lines-valid='x'/>", "coverage/@lines-valid"),
        (
            COVERAGE,
            "<coverage line-rate='1' lines-valid='1' lines-covered='2'/>",
            "coverage/@lines-covered",
        ),
        (COVERAGE, "<coverage line-rate='1' lines-valid='1' lines-covered='1'>", "line 1"),
        (COVERAGE, "<coverage clover='3'/>", "coverage/project/metrics"),
        (COVERAGE, "<coverage clover='3'><project>\n<metrics/></project></coverage>", "line 2"),
        (COVERAGE, "<report/>", "line 1"),
        (TESTS, "<testsuite>\n<testcase>\n</testsuite>", "line 3"),
        (TESTS, "<?xml version='1.0' encoding='none'?><testsuite/>", "line 1"),
        (TESTS, "<testsuite>" + "<a>" * 1_000, "line 1"),
        (LINT, [{"filePath": "a", "messages": [], "errorCount": "1"}], "$[0].errorCount"),
        (LINT, [{"filePath": "a", "messages": []}], "$[0].errorCount"),
        (LINT, [{"filePath": "a", "messages": [], "errorCount": 0, "warningCount": 0}, 1], "$[1]"),
        (LINT, {"version": "2.0.0", "runs": []}, "$.version"),
        (LINT, {"version": "2.1.0", "runs": [{}]}, "$.runs[0].tool"),
        (LINT, sarif({"level": "bad"}), "$.runs[0].results[0].level"),
        (LINT, {"version": "2.1.0", "runs": [{"tool": {"driver": {}}}]}, "$.runs[0].results"),
        (AUDIT, {"error": {"code": "ENOAUDIT"}}, "$.error"),
        (AUDIT, {"auditReportVersion": 3}, "$.auditReportVersion"),
        (AUDIT, npm_audit(high=-1), "$.metadata.vulnerabilities.high"),
        (AUDIT, {"advisories": [], "metadata": {}}, "$.advisories"),
        (AUDIT, '{"type":"info","data":1}\n{"type":"auditAdvisory","data":{}}', "line 2"),
        (AUDIT, '{"type":"info","data":1}\nno', "line 2"),
        (AUDIT, "{}\n" * 200_001, "line 200001"),
        (LINT, sarif(*[{}] * 500_001), "$.runs"),
        (LINT, sarif({"level": None}), "$.runs[0].results[0].level"),
        (LINT, {"version": "2.1.0", "runs": [{"tool": {"driver": {}}, "results": [1]}]}, "$.runs"),
        (
            AUDIT,
            {"results": [{"packages": [{"vulnerabilities": [], "groups": [{}]}]}]},
            "$.results[0].packages[0].groups[0].ids",
        ),
        (AUDIT, '{"value":"a","children":{}}', "line 1: $.children.Severity"),
        (AUDIT, {"results": [{"packages": [{}]}]}, "$.results[0].packages[0].vulnerabilities"),
        (LINT, sample("jest.lcov"), "line 1"),
        (COVERAGE, sample("jest-junit.xml"), "line 1"),
        (TESTS, sample("eslint.sarif"), "line 1"),
    ],
    ids=lambda value: str(value)[:60],
)
def test_a_refusal_says_where(kind: ReportKind, content: Any, where: str) -> None:
    # The decoder's own columns may differ from release to release.
    assert refused(kind, content).startswith(where)


def test_a_report_of_another_kind_is_told_what_it_is() -> None:
    with pytest.raises(InvalidReport, match="JUnit XML: a report on tests, not on coverage"):
        read(COVERAGE, sample("jest-junit.xml"))


@pytest.mark.parametrize(
    ("audit", "reason"),
    [
        # npm 11 without a lock file, and where its registry answers no audits; pnpm; a bare one.
        (
            {
                "error": {
                    "code": "ENOLOCK",
                    "summary": "This command requires an existing lockfile.",
                    "detail": "Try creating one first with: npm i --package-lock-only",
                }
            },
            " (This command requires an existing lockfile)",
        ),
        (
            {
                "message": "405 Method Not Allowed - POST https://npm.corp.internal/-/npm/v1",
                "error": {"summary": "", "detail": ""},
            },
            " (405 Method Not Allowed - POST …)",
        ),
        (
            {"error": {"code": "ERR_PNPM_AUDIT_NO_LOCKFILE", "message": "No lock\nfile\0"}},
            " (No lock file)",
        ),
        ({"error": {"summary": 3}, "message": "as well"}, ""),
        ({"error": {}}, ""),
    ],
)
def test_an_audit_that_failed_says_why(audit: object, reason: str) -> None:
    with pytest.raises(InvalidReport) as refusal:
        read(AUDIT, audit)

    (error,) = refusal.value.errors
    assert error.message.startswith(f"the audit itself failed{reason}, so")


@pytest.mark.parametrize(
    "declaration",
    [
        '<!DOCTYPE t [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]>',
        '<!DOCTYPE t [<!ENTITY a SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE t [<!ENTITY % a SYSTEM "http://127.0.0.1:9/">]>',
    ],
)
def test_entities_are_refused(declaration: str) -> None:
    assert refused(TESTS, f"{declaration}\n<testsuite/>") == "line 1"


def test_an_external_document_type_is_not_fetched(tmp_path: Path) -> None:
    (tmp_path / "a.dtd").write_text("<!ENTITY a 'b'>")
    doctype = f'<!DOCTYPE testsuite SYSTEM "{(tmp_path / "a.dtd").as_uri()}">'

    assert read(TESTS, f"{doctype}<testsuite/>").format == "junit"


def read_or_refuse(kind: ReportKind, content: bytes) -> None:
    with suppress(InvalidReport):
        read_report(kind, content)


@given(st.sampled_from(ReportKind), st.binary(max_size=200))
def test_whatever_comes_is_read_or_refused(kind: ReportKind, content: bytes) -> None:
    read_or_refuse(kind, content)


VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """Take a real report and put something else in the place of one of its values."""
    names = sorted(path.name for path in SAMPLES.glob("*.json"))
    name = draw(st.sampled_from([*names, "eslint.sarif"]))
    document = json.loads(sample(name))
    at = document
    while True:
        key = draw(st.sampled_from(sorted(at) if isinstance(at, dict) else range(len(at))))
        below = at[key]
        if not isinstance(below, dict | list) or not below or draw(st.booleans()):
            at[key] = draw(VALUES)
            return json.dumps(document).encode()
        at = below


@given(st.sampled_from(ReportKind), damaged())
def test_a_damaged_report_is_read_or_refused(kind: ReportKind, content: bytes) -> None:
    read_or_refuse(kind, content)


@given(st.sampled_from(sorted(path.name for path in SAMPLES.iterdir())), st.data())
def test_a_report_that_is_cut_off_is_read_or_refused(name: str, data: Any) -> None:
    content = sample(name)
    cut = content[: data.draw(st.integers(0, len(content)))]
    for kind in ReportKind:
        read_or_refuse(kind, cut)
