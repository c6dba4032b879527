"""How long reading the largest report takes, in each format, and how much memory.

    .venv/bin/python -m benchmarks.large_reports [--megabytes N]

Makes a report of each format as its tool writes it, filled up to the limit of
`REGISTRY_MAX_REPORT_BYTES`, and reads each in a process of its own. The last ones nobody's tool
writes: they are as many of the smallest things as there is room for.
"""

import argparse
import json
import os
import resource
import time
from collections.abc import Callable
from typing import NamedTuple

from registry.reports import InvalidReport, read_report
from registry.rules.enumerations import ReportKind
from registry.workspace.report_files import DEFAULT_LARGEST

COVERAGE, TESTS, LINT, AUDIT = (
    ReportKind.COVERAGE,
    ReportKind.TESTS,
    ReportKind.LINT,
    ReportKind.AUDIT,
)
_SHARE = {"total": 9, "covered": 8}
_SHARES = json.dumps(dict.fromkeys(("lines", "statements", "functions", "branches"), _SHARE))
_LINES = range(1, 61)
_COBERTURA_LINES = "".join(f'<line number="{at}" hits="{at % 3}"/>' for at in _LINES)
_CLOVER_LINES = "".join(f'<line num="{at}" count="{at % 3}" type="stmt"/>' for at in _LINES)
_LCOV_LINES = "".join(f"DA:{at},{at % 3}\n" for at in _LINES)
_CLOVER_METRICS = (
    '<metrics statements="9" coveredstatements="8" conditionals="2" coveredconditionals="1" '
    'methods="2" coveredmethods="1"/>'
)
_ESLINT_MESSAGE = '{"ruleId":"no-unused-vars","severity":1,"message":"unused","line":1,"column":3}'
_ADVISORY = '"severity":"high","title":"Prototype pollution","url":"https://example.org/advisory"'


class Sample(NamedTuple):
    """A report: what stands first, what is repeated and what stands between, what stands last."""

    name: str
    kind: ReportKind
    head: str
    repeated: Callable[[int], str]
    between: str
    tail: str

    def make(self, size: int) -> bytes:
        """Repeat until the report has almost `size` bytes."""
        parts: list[str] = []
        room = size - len(self.head) - len(self.tail)
        while True:
            part = self.repeated(len(parts))
            room -= len(part) + len(self.between)
            if room < 0:
                return (self.head + self.between.join(parts) + self.tail).encode()
            parts.append(part)


_SARIF = '{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"x"}},"results":['
SAMPLES = (
    Sample(
        "istanbul-summary",
        COVERAGE,
        f'{{"total":{_SHARES},',
        lambda at: f'"/repo/src/{at}.js":{_SHARES}',
        ",",
        "}",
    ),
    Sample(
        "lcov",
        COVERAGE,
        "TN:\n",
        lambda at: f"SF:src/{at}.js\nFN:1,f\nFNDA:3,f\nFNF:1\nFNH:1\n{_LCOV_LINES}BRF:2\nBRH:1\n",
        "end_of_record\n",
        "end_of_record\n",
    ),
    Sample(
        "cobertura, of rates",
        COVERAGE,
        '<coverage line-rate="0.9"><packages><package><classes>',
        lambda at: f'<class filename="{at}.js"><lines>{_COBERTURA_LINES}</lines></class>',
        "",
        "</classes></package></packages></coverage>",
    ),
    Sample(
        "clover",
        COVERAGE,
        f'<coverage generated="1" clover="3.2.0"><project>{_CLOVER_METRICS}',
        lambda at: f'<file name="{at}.js">{_CLOVER_METRICS}{_CLOVER_LINES}</file>',
        "",
        "</project></coverage>",
    ),
    Sample(
        "junit",
        TESTS,
        "<testsuites><testsuite>",
        lambda at: f'<testcase classname="suite" name="does thing {at}" time="0.01"></testcase>',
        "",
        "</testsuite></testsuites>",
    ),
    Sample(
        "eslint",
        LINT,
        "[",
        lambda at: (
            f'{{"filePath":"/repo/src/{at}.js","messages":[{",".join([_ESLINT_MESSAGE] * 5)}],'
            '"errorCount":0,"warningCount":5}'
        ),
        ",",
        "]",
    ),
    Sample(
        "sarif",
        LINT,
        _SARIF,
        lambda at: (
            f'{{"ruleId":"r{at % 50}","level":"warning","message":{{"text":"unused"}},"locations":'
            '[{"physicalLocation":{"artifactLocation":{"uri":"a.js"},"region":{"startLine":3}}}]}'
        ),
        ",",
        "]}]}",
    ),
    Sample(
        "npm-audit",
        AUDIT,
        '{"auditReportVersion":2,"metadata":{"vulnerabilities":{}},"vulnerabilities":{',
        lambda at: f'"p{at}":{{"name":"p{at}","via":[{{{_ADVISORY}}}],"nodes":["node_modules/p"]}}',
        ",",
        "}}",
    ),
    Sample(
        "npm-advisories",
        AUDIT,
        '{"metadata":{"vulnerabilities":{}},"advisories":{',
        lambda at: f'"{at}":{{"findings":[{{"version":"1","paths":["a>b>c"]}}],{_ADVISORY}}}',
        ",",
        "}}",
    ),
    Sample(
        "yarn-audit",
        AUDIT,
        "",
        lambda at: f'{{"type":"auditAdvisory","data":{{"id":{at},"advisory":{{{_ADVISORY}}}}}}}\n',
        "",
        '{"type":"auditSummary","data":{"vulnerabilities":{}}}',
    ),
    Sample(
        "yarn-npm-audit",
        AUDIT,
        "",
        lambda at: f'{{"value":"p{at}","children":{{"ID":{at},"Severity":"high","Issue":"x"}}}}\n',
        "",
        "",
    ),
    Sample(
        "osv-scanner",
        AUDIT,
        '{"results":[{"packages":[',
        lambda at: (
            f'{{"package":{{"name":"p{at}"}},"vulnerabilities":[{{"id":"GHSA-{at}",{_ADVISORY}}}],'
            f'"groups":[{{"ids":["GHSA-{at}"],"max_severity":"5.3"}}]}}'
        ),
        ",",
        "]}]}",
    ),
    Sample("lines of {}", AUDIT, "", lambda _: "{}\n", "", ""),
    Sample("sarif of {}", LINT, _SARIF, lambda _: "{}", ",", "]}]}"),
    Sample("lcov of blank lines", COVERAGE, "TN:", lambda _: "\n", "", "SF:a\nend_of_record"),
    Sample("junit of <a/>", TESTS, "<testsuite>", lambda _: "<a/>", "", "</testsuite>"),
)


def read_apart(sample: Sample, size: int) -> None:
    """Read a report in a process of its own, and print what it took."""
    content = sample.make(size)
    child = os.fork()
    if child:
        os.waitpid(child, 0)
        return
    before, begun = _peak_megabytes(), time.process_time()
    try:
        said = read_report(sample.kind, content).format
    except InvalidReport as refusal:
        said = f"refused, {refusal.detail}"
    taken = time.process_time() - begun
    print(f"{sample.name:20} {taken:5.2f} s  {_peak_megabytes() - before:4.0f} MB  {said}")
    os._exit(0)


def _peak_megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=DEFAULT_LARGEST // 2**20)
    size = parser.parse_args().megabytes * 2**20
    for sample in SAMPLES:
        read_apart(sample, size)


if __name__ == "__main__":
    main()
