"""Coverage in lcov's trace format (`man geninfo`, "FILES"), which most tools can write."""

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
# How often a line was run may be any number; only whether it was matters.
_LONGEST_COUNT = 20


@dataclass
class _Record:
    """What is said of one source file."""

    # Where it begins, for who has to find it.
    where: str
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
        where = f"line {number}"
        line = text.strip()
        if not line or line.startswith("#"):
            continue
        key, _, value = line.partition(":")
        if key == "SF":
            record = files.setdefault(value, _Record(where))
        elif line == _END:
            record = None
        elif key in _PASSED_OVER:
            continue
        elif record is None:
            raise InvalidReport(where, "here should be the SF: of a record")
        elif key == "DA":
            at, was_run = _line_data(value, where)
            record.lines[at] = record.lines.get(at, False) or was_run
        elif key in _COUNTS:
            record.counts[key] = text_count(value, where)
        else:
            raise InvalidReport(where, "lcov has no such line")
    if record is not None:
        raise InvalidReport(f"line {len(document.lines)}", f"it ends without {_END}")
    found = {
        "lines": _add_up(files, "LF", "LH"),
        "branches": _add_up(files, "BRF", "BRH"),
        "functions": _add_up(files, "FNF", "FNH"),
    }
    return coverage_report("lcov", found)


def _line_data(value: str, where: str) -> tuple[int, bool]:
    """Read `LINE,COUNT` or `LINE,COUNT,CHECKSUM`."""
    at, _, rest = value.partition(",")
    count = rest.partition(",")[0]
    if not count.isascii() or not count.isdigit() or len(count) > _LONGEST_COUNT:
        raise InvalidReport(where, "here should be how often a line was run")
    return text_count(at, where), bool(count.strip("0"))


def _add_up(files: dict[str, _Record], total_key: str, covered_key: str) -> Counted:
    total = covered = 0
    for record in files.values():
        if total_key == "LF" and record.lines:
            each = Counted(len(record.lines), sum(record.lines.values()))
        else:
            of, hit = record.counts.get(total_key, 0), record.counts.get(covered_key, 0)
            each = counted(of, hit, record.where)
        total += each.total
        covered += each.covered
    return Counted(total, covered)
