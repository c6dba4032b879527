"""Which files of a workspace are reports, and finding them in packages' directories.

Nothing is opened here, so it costs a look or two where a package has no reports.
"""

import os
import re
import stat
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import translate
from itertools import islice
from typing import NamedTuple

from registry.rules.enumerations import ReportKind
from registry.workspace.abstract_tree import ROOT
from registry.workspace.text import is_storable

# Of one kind in one package: the newest.
MOST_FILES = 16
# In a directory that a pattern's wildcard is about.
_MOST_ENTRIES = 10_000
_WILDCARD = re.compile(r"[*?[]")


class FoundFile(NamedTuple):
    """A file that may be a report, from the workspace's root, and by what it is known again."""

    kind: ReportKind
    path: str
    size: int
    mtime_ns: int


@dataclass(frozen=True)
class _Pattern:
    """A pattern cut at its slashes: names, or expressions for names."""

    kind: ReportKind
    segments: tuple[str | re.Pattern[str], ...]


class ReportFiles:
    """Which files below each package's directory are reports of which kind.

    Attributes:
        largest: how many bytes a report may have.
    """

    def __init__(self, patterns: Mapping[ReportKind, str], *, largest: int) -> None:
        """Read the patterns.

        Args:
            patterns: by kind, separated by commas, relative to a package's directory; `*`, `?`
                and `[…]` stand for what is between two slashes.
            largest: how many bytes a report may have.

        Raises:
            ValueError: a pattern is absolute, or leads out of the package.
        """
        self.largest = largest
        self._by_first: dict[str, list[_Pattern]] = {}
        self._wild: list[_Pattern] = []
        for kind, text in patterns.items():
            for pattern in filter(None, map(str.strip, text.split(","))):
                self._add(_Pattern(kind, _segments(pattern)))

    def _add(self, pattern: _Pattern) -> None:
        first = pattern.segments[0]
        if isinstance(first, str):
            self._by_first.setdefault(first, []).append(pattern)
        else:
            self._wild.append(pattern)

    def find(self, root: str, package: str) -> list[FoundFile]:
        """Find what may be reports in a package's directory.

        Args:
            root: the workspace's, on disk.
            package: the package's path from there.
        """
        base = root if package == ROOT else f"{root}/{package}"
        found: dict[tuple[ReportKind, str], FoundFile] = {}
        for pattern in self._promising(base):
            for name in _matches(base, "", pattern.segments):
                path = name if package == ROOT else f"{package}/{name}"
                seen = _look(f"{base}/{name}")
                if seen is not None:
                    found[pattern.kind, path] = FoundFile(pattern.kind, path, *seen)
        return _newest(found.values())

    def _promising(self, base: str) -> Iterator[_Pattern]:
        """Give the patterns of which at least the first name is there."""
        for first, patterns in self._by_first.items():
            if os.access(f"{base}/{first}", os.F_OK):
                yield from patterns
        yield from self._wild


def _segments(pattern: str) -> tuple[str | re.Pattern[str], ...]:
    segments = pattern.split("/")
    if any(each in {"", ".", "..", "**"} for each in segments) or "\0" in pattern:
        raise ValueError(
            f"{pattern!r} is no pattern of files below a package: write e.g. reports/*.xml"
        )
    return tuple(
        re.compile(translate(each)) if _WILDCARD.search(each) else each for each in segments
    )


def _matches(base: str, below: str, segments: tuple[str | re.Pattern[str], ...]) -> Iterator[str]:
    """Give the paths below `base` that a pattern may mean."""
    first, *rest = segments
    names = [first] if isinstance(first, str) else _names(f"{base}/{below}", first)
    for name in names:
        if rest:
            yield from _matches(base, f"{below}{name}/", tuple(rest))
        else:
            yield below + name


def _names(directory: str, wanted: re.Pattern[str]) -> list[str]:
    try:
        with os.scandir(directory) as listing:
            names = [entry.name for entry in islice(listing, _MOST_ENTRIES)]
    except OSError:
        return []
    # No answer can name a file whose name is not UTF-8.
    return [name for name in names if wanted.match(name) and is_storable(name)]


def _look(path: str) -> tuple[int, int] | None:
    """Tell a file's size and time; whoever reads it looks where links lead."""
    try:
        seen = os.stat(path)  # noqa: PTH116 -- a Path would be slower
    except OSError:
        return None
    return (seen.st_size, seen.st_mtime_ns) if stat.S_ISREG(seen.st_mode) else None


def _newest(found: Iterable[FoundFile]) -> list[FoundFile]:
    """Keep so many of each kind, the newest of them, by kind and path."""
    by_kind: dict[ReportKind, list[FoundFile]] = {}
    for file in found:
        by_kind.setdefault(file.kind, []).append(file)
    kept: list[FoundFile] = []
    for files in by_kind.values():
        files.sort(key=lambda file: file.mtime_ns, reverse=True)
        kept += sorted(files[:MOST_FILES])
    return kept


# Where the tools write when nobody says where, and where most teams say.
DEFAULT_PATTERNS: Mapping[ReportKind, str] = {
    ReportKind.COVERAGE: "coverage/coverage-summary.json,coverage/lcov.info,"
    "coverage/cobertura-coverage.xml,coverage/clover.xml",
    ReportKind.TESTS: "junit.xml,reports/junit.xml,test-results/junit.xml",
    ReportKind.LINT: "eslint-report.json,reports/eslint.json,reports/eslint.sarif",
    ReportKind.AUDIT: "audit-report.json,reports/audit.json,reports/audit.sarif",
}
DEFAULT_LARGEST = 10 * 1024 * 1024
DEFAULT_REPORT_FILES = ReportFiles(DEFAULT_PATTERNS, largest=DEFAULT_LARGEST)
