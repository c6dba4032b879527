"""`docs/health.md` lists the formats, the files and the points that the code has."""

import re
from pathlib import Path

from registry.reports import InvalidReport, read_report
from registry.rules.enumerations import ReportKind
from registry.rules.score import BUILD_POINTS, LINT_POINTS, SECURITY_POINTS
from registry.workspace.report_files import (
    DEFAULT_PATTERNS,
    DEFAULT_SECONDS,
    MOST_FILES,
    MOST_NAMES,
)

PAGE = (Path(__file__).parent.parent / "docs" / "health.md").read_text("utf-8")
SAMPLES = Path(__file__).parent / "reports" / "samples"


def test_every_format_is_documented_by_its_name() -> None:
    documented = set(
        re.findall(r"^\| (?:coverage|tests|lint|audit)\b.*\| `([\w-]+)` \|$", PAGE, re.MULTILINE)
    )
    found = set()
    for sample in SAMPLES.iterdir():
        for kind in ReportKind:
            try:
                found.add(read_report(kind, sample.read_bytes()).format)
            except InvalidReport:
                continue

    assert documented == found


def test_the_default_files_are_documented() -> None:
    for kind, patterns in DEFAULT_PATTERNS.items():
        (line,) = re.findall(rf"^- {kind}: (.*)$", PAGE, re.MULTILINE)
        assert re.findall(r"`([^`]+)`", line) == patterns.split(",")
    assert f"the newest {MOST_FILES} are read" in PAGE
    assert f"up to {MOST_NAMES:,} names are looked at" in PAGE
    assert f"after {DEFAULT_SECONDS:g} seconds of reading" in PAGE


def test_the_points_are_documented() -> None:
    for part, points in (
        ("build", BUILD_POINTS),
        ("lint", LINT_POINTS),
        ("security", SECURITY_POINTS),
    ):
        (line,) = re.findall(
            rf"^\| {part} \| (.*) \| {max(points.values())} \|$", PAGE, re.MULTILINE
        )
        documented = {
            status: int(number)
            for number, statuses in re.findall(r"(\d+) ((?:`\w+`(?: or )?)+)", line)
            for status in re.findall(r"`(\w+)`", statuses)
        }
        assert documented == points
