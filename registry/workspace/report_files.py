"""Which files of a workspace are reports, and finding them in packages' directories.

Nothing is opened here, so it costs a look or two where a package has no reports.
"""

import re
import stat
from collections.abc import Iterator, Mapping
from fnmatch import translate
from typing import NamedTuple

from registry.rules.enumerations import ReportKind
from registry.workspace.abstract_tree import ROOT
from registry.workspace.looks import Looks, Mark, mark_of
from registry.workspace.text import is_storable

# Of one kind in one package: the newest.
MOST_FILES = 16
_WILDCARD = re.compile(r"[*?[]")


class FoundFile(NamedTuple):
    """A file that may be a report, from the workspace's root, and by what it is known again."""

    kind: ReportKind
    path: str
    mark: Mark


class _Pattern(NamedTuple):
    """A pattern cut at its slashes: names, or expressions for names."""

    kind: ReportKind
    # Its place among those of its kind; the first that is met counts.
    rank: int
    segments: tuple[str | re.Pattern[str], ...]
    # The whole of it, where it is nothing but names; else empty.
    plain: str


class ReportFiles:
    """Which files below each package's directory are reports of which kind.

    Attributes:
        largest: how many bytes a report may have.
        rules: all of it as text, equal for equal patterns.
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
        self.rules = repr([sorted(patterns.items()), largest])
        by_first: dict[str, list[_Pattern]] = {}
        for kind, text in patterns.items():
            for rank, pattern in enumerate(filter(None, map(str.strip, text.split(",")))):
                segments = _segments(pattern)
                first = segments[0] if isinstance(segments[0], str) else ""
                plain = "" if _WILDCARD.search(pattern) else pattern
                by_first.setdefault(first, []).append(_Pattern(kind, rank, segments, plain))
        # Where the first name is not there, none of its patterns need be tried; `.` always is.
        self._groups = [(first or ".", group) for first, group in by_first.items()]

    def find(self, looks: Looks, package: str) -> list[FoundFile]:
        """Find what may be reports in a package's directory.

        Of a kind, the files of the first pattern that is met: tools write one run in several
        formats.

        Args:
            looks: looks below the workspace's directory, and remembers what the answer hangs on.
            package: the package's path from there.
        """
        prefix = "" if package == ROOT else f"{package}/"
        met: dict[ReportKind, tuple[int, list[FoundFile]]] = {}
        for first, patterns in self._groups:
            if not looks.exists(prefix + first):
                continue
            for kind, rank, segments, plain in patterns:
                if kind in met and met[kind][0] < rank:
                    continue
                files = []
                for name in (plain,) if plain else _matches(looks, prefix, segments):
                    path = prefix + name
                    seen = looks.look(path)
                    # Whoever reads it looks where links lead.
                    if seen is not None and stat.S_ISREG(seen.st_mode):
                        files.append(FoundFile(kind, path, mark_of(seen)))
                if files:
                    met[kind] = rank, files
        return [
            file
            for _rank, files in met.values()
            for file in (files if len(files) <= MOST_FILES else _newest(files))
        ]


def _segments(pattern: str) -> tuple[str | re.Pattern[str], ...]:
    segments = pattern.split("/")
    if any(each in {"", ".", "..", "**"} for each in segments) or "\0" in pattern:
        raise ValueError(
            f"{pattern!r} is no pattern of files below a package: write e.g. reports/*.xml"
        )
    return tuple(
        re.compile(translate(each)) if _WILDCARD.search(each) else each for each in segments
    )


def _matches(
    looks: Looks, prefix: str, segments: tuple[str | re.Pattern[str], ...]
) -> Iterator[str]:
    """Give the names below a directory that a pattern may mean."""
    first, *rest = segments
    names = [first] if isinstance(first, str) else _names(looks, prefix, first)
    for name in names:
        if not rest:
            yield name
            continue
        for below in _matches(looks, f"{prefix}{name}/", tuple(rest)):
            yield f"{name}/{below}"


def _names(looks: Looks, prefix: str, wanted: re.Pattern[str]) -> list[str]:
    names = looks.names(prefix.removesuffix("/") or ROOT)
    # No answer can name a file whose name is not UTF-8.
    return [name for name in names if wanted.match(name) and is_storable(name)]


def _newest(files: list[FoundFile]) -> list[FoundFile]:
    return sorted(files, key=lambda file: file.mark.mtime_ns, reverse=True)[:MOST_FILES]


# Where the tools write when nobody says where, and where most teams say.
DEFAULT_PATTERNS: Mapping[ReportKind, str] = {
    ReportKind.COVERAGE: "coverage/coverage-summary.json,coverage/lcov.info,"
    "coverage/cobertura-coverage.xml,coverage/clover.xml",
    ReportKind.TESTS: "reports/junit.xml",
    ReportKind.LINT: "reports/eslint.json,reports/eslint.sarif",
    ReportKind.AUDIT: "reports/audit.json,reports/audit.sarif",
}
DEFAULT_LARGEST = 10 * 1024 * 1024
DEFAULT_REPORT_FILES = ReportFiles(DEFAULT_PATTERNS, largest=DEFAULT_LARGEST)
