"""Coverage in lcov's trace format (`man geninfo`, "FILES"), which most tools can write."""

import re
from dataclasses import dataclass, field

from registry.reports.documents import Document, TextDocument
from registry.reports.errors import InvalidReport
from registry.reports.numbers import counted, text_count
from registry.reports.report import Counted, Report, coverage_report

_END = "end_of_record"
# What says nothing about the counts that we keep.
_PASSED_OVER = frozenset(
    {"TN", "VER", "FN", "FNDA", "FNL", "FNA", "BRDA", "MCDC", "MCF", "MCH", "BA"}
)
_COUNTS = frozenset({"LF", "LH", "BRF", "BRH", "FNF", "FNH"})
# `LINE,COUNT` or `LINE,COUNT,CHECKSUM`, as most lines are. How often a line was run may
# be any number; only whether it was matters.
_LINE_DATA = re.compile(r"\s*DA:\s*([0-9]{1,12}),([0-9]{1,20})\s*(?:,|\Z)")


@dataclass(slots=True)
class _Record:
    """What is said of one source file."""

    # The line where it begins, for who has to find it.
    begins: int
    # Whether each line was run.
    lines: dict[int, bool] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)


def is_lcov(document: Document) -> bool:
    """Tell lcov's format by how its first line begins."""
    return isinstance(document, TextDocument) and document.lines[0].startswith(("TN:", "SF:"))


def read_lcov(document: TextDocument) -> Report:
    """Add up the records; a file that several of them are of is counted once."""
    files: dict[str, _Record] = {}
    record: _Record | None = None
    for number, text in enumerate(document.lines, 1):
        data = _LINE_DATA.match(text)
        if data is not None and record is not None:
            at, count = data.groups()
            if int(count):
                record.lines[int(at)] = True
            else:
                record.lines.setdefault(int(at), False)
            continue
        line = text.strip()
        key, _, value = line.partition(":")
        if not line or line.startswith("#") or key in _PASSED_OVER:
            continue
        if key == "SF":
            record = files.setdefault(value, _Record(number))
        elif line == _END:
            record = None
        elif record is None:
            raise InvalidReport(f"line {number}", "here should be the SF: of a record")
        elif key in _COUNTS:
            record.counts[key] = text_count(value, f"line {number}")
        elif key == "DA":
            raise InvalidReport(f"line {number}", "here should be a line and how often it was run")
        else:
            raise InvalidReport(f"line {number}", "lcov has no such line")
    if record is not None:
        raise InvalidReport(f"line {len(document.lines)}", f"it ends without {_END}")
    found = {
        "lines": _add_up(files, "LF", "LH"),
        "branches": _add_up(files, "BRF", "BRH"),
        "functions": _add_up(files, "FNF", "FNH"),
    }
    return coverage_report("lcov", found)


def _add_up(files: dict[str, _Record], total_key: str, covered_key: str) -> Counted:
    total = covered = 0
    for record in files.values():
        if total_key == "LF" and record.lines:
            each = Counted(len(record.lines), sum(record.lines.values()))
        else:
            of, hit = record.counts.get(total_key, 0), record.counts.get(covered_key, 0)
            each = counted(of, hit, f"line {record.begins}")
        total += each.total
        covered += each.covered
    return Counted(total, covered)
