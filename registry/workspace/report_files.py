"""Which files of a workspace are reports, and finding them in packages' directories.

Nothing is opened here, so it costs a look or two where a package has no reports.
"""

import re
import stat
from collections.abc import Callable, Iterator, Mapping
from fnmatch import translate
from typing import NamedTuple

from registry.rules.enumerations import ReportKind
from registry.workspace.abstract_tree import ROOT
from registry.workspace.looks import Looks, Mark, mark_of
from registry.workspace.problems import Problem, ProblemCode, note, warning
from registry.workspace.text import is_storable

# Of one kind in one package: the newest.
MOST_FILES = 16
# In one package's directories, by all patterns together.
MOST_NAMES = 10_000
DEFAULT_LARGEST = 10 * 1024 * 1024
DEFAULT_SECONDS = 20.0
_WILDCARD = re.compile(r"[*?[]")


class FoundFile(NamedTuple):
    """A file that may be a report, from the workspace's root, and by what it is known again."""

    kind: ReportKind
    path: str
    mark: Mark


class Found(NamedTuple):
    """What may be a package's reports.

    Attributes:
        files: those that are to be read.
        problems: what was left out, and why.
    """

    files: list[FoundFile]
    problems: list[Problem]


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
        seconds: how long one refresh may go on reading; what is left, the next one reads.
        rules: all of it as text, equal for equal patterns.
    """

    def __init__(
        self,
        patterns: Mapping[ReportKind, str],
        *,
        largest: int,
        seconds: float = DEFAULT_SECONDS,
    ) -> None:
        """Read the patterns.

        Args:
            patterns: by kind, separated by commas, relative to a package's directory; `*`, `?`
                and `[…]` stand for what is between two slashes.
            largest: how many bytes a report may have.
            seconds: how long one refresh may go on reading.

        Raises:
            ValueError: a pattern is absolute, or leads out of the package.
        """
        self.largest = largest
        self.seconds = seconds
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

    def find(self, looks: Looks, package: str) -> Found:
        """Find what may be reports in a package's directory.

        Of a kind, the files of the first pattern that is met: tools write one run in several
        formats.

        Args:
            looks: looks below the workspace's directory, and remembers what the answer hangs on.
            package: the package's path from there.
        """
        search = _Search(looks, package)
        prefix = search.prefix
        met: dict[ReportKind, tuple[int, list[FoundFile]]] = {}
        for first, patterns in self._groups:
            if not looks.exists(prefix + first):
                continue
            for kind, rank, segments, plain in patterns:
                if kind in met and met[kind][0] < rank:
                    continue
                files = []
                for path in (prefix + plain,) if plain else search.matches(prefix, segments):
                    seen = looks.look(path)
                    # Whoever reads it looks where links lead.
                    if seen is not None and stat.S_ISREG(seen.st_mode):
                        files.append(FoundFile(kind, path, mark_of(seen)))
                if files:
                    met[kind] = rank, files
        chosen = [
            file
            for _rank, files in met.values()
            for file in (files if len(files) <= MOST_FILES else search.newest(files))
        ]
        return Found(chosen, search.problems())


class _Search:
    """Looks for the reports of one package, up to a number of names."""

    def __init__(self, looks: Looks, package: str) -> None:
        self.prefix = "" if package == ROOT else f"{package}/"
        self._looks = looks
        self._package = package
        self._left = MOST_NAMES
        # By their messages: what a thousand directories have alike is told of the first.
        self._problems: dict[str, Problem] = {}

    def problems(self) -> list[Problem]:
        """Give what was left out so far."""
        return list(self._problems.values())

    def matches(self, prefix: str, segments: tuple[str | re.Pattern[str], ...]) -> Iterator[str]:
        """Give the paths that a pattern may mean below a directory, which `prefix` names."""
        first, *rest = segments
        names = [first] if isinstance(first, str) else self._names(prefix, first)
        for name in names:
            if rest:
                yield from self.matches(f"{prefix}{name}/", tuple(rest))
            else:
                yield prefix + name

    def newest(self, files: list[FoundFile]) -> list[FoundFile]:
        """Choose the newest of too many files of a kind."""
        files = sorted(files, key=lambda file: file.mark.mtime_ns, reverse=True)
        kind, first = files[0].kind, files[MOST_FILES].path
        self._leave_out(
            note,
            self._package,
            f"Of {len(files):,} {kind} reports only the newest {MOST_FILES} are read, so {first} "
            f"and older ones are left out: remove them, or narrow REGISTRY_REPORTS_{kind.upper()}.",
        )
        return files[:MOST_FILES]

    def _names(self, prefix: str, wanted: re.Pattern[str]) -> list[str]:
        directory = prefix.removesuffix("/") or ROOT
        names = self._looks.names(directory, self._left + 1)
        if names is None:
            self._leave_out(
                warning,
                directory,
                "A symbolic link leads out of the workspace, so no report was looked for there: "
                "make it point to something inside, by a relative path.",
            )
            return []
        if len(names) > self._left:
            names.pop()
            self._leave_out(
                warning,
                directory,
                f"Of the directories that report globs name in this package, {MOST_NAMES:,} names "
                "were looked at, and the rest was left out: remove what is no longer needed, or "
                "narrow the globs.",
            )
        self._left -= len(names)
        # No answer can name a file whose name is not UTF-8.
        return [name for name in names if wanted.match(name) and is_storable(name)]

    def _leave_out(
        self, make: Callable[[ProblemCode, str, str], Problem], path: str, message: str
    ) -> None:
        self._problems.setdefault(message, make(ProblemCode.REPORTS_LEFT_OUT, path, message))


def _segments(pattern: str) -> tuple[str | re.Pattern[str], ...]:
    segments = pattern.split("/")
    if any(each in {"", ".", "..", "**"} for each in segments) or "\0" in pattern:
        raise ValueError(
            f"{pattern!r} is no pattern of files below a package: write e.g. reports/*.xml"
        )
    return tuple(
        re.compile(translate(each)) if _WILDCARD.search(each) else each for each in segments
    )


# Where the tools write when nobody says where, and where most teams say.
DEFAULT_PATTERNS: Mapping[ReportKind, str] = {
    ReportKind.COVERAGE: "coverage/coverage-summary.json,coverage/lcov.info,"
    "coverage/cobertura-coverage.xml,coverage/clover.xml",
    ReportKind.TESTS: "reports/junit.xml",
    ReportKind.LINT: "reports/eslint.json,reports/eslint.sarif",
    ReportKind.AUDIT: "reports/audit.json,reports/audit.sarif",
}
DEFAULT_REPORT_FILES = ReportFiles(DEFAULT_PATTERNS, largest=DEFAULT_LARGEST)
