"""Moves of packages, learned while the history is told: by the names in manifests that went.

A manifest that a commit deletes *departed*; the name in it says whose directory that was. Where a
package has that name today and lives elsewhere, it moved away from there: the directory is a former
one of its own, from the departure back to the commit that put the manifest there, or gave it
another name before. The same commit may put another package's manifest in the place of the one that
went: so a manifest that gets another name departs too, where the commit adds one elsewhere.

How far back that goes is told by ancestry, not by dates: each commit hands on to its parents which
directories are still open. So it is the same however the history was read, at once or in pieces,
as long as git tells a commit after its children (which clocks that go wrong can prevent).
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple, Self

from registry.history.git_command import GitProcess
from registry.history.manifests import name_in, read_content
from registry.history.repository import Repository
from registry.rules.territories import ROOT

# So many hashes fit into any pipe, whose other end is only then read.
_ASKED_AT_ONCE = 100
_REMEMBERED_NAMES = 10_000
_REMEMBERED_DIRECTORIES = 1 << 15
# In bytes; PostgreSQL's indexes hold no much longer texts.
_LONGEST_PATH = 2_000
_NOTHING_OPEN: frozenset[int] = frozenset()
_NOBODY: frozenset[int] = frozenset()


class Departure(NamedTuple):
    """A manifest that a commit deleted or gave away: its directory, and the name that it held."""

    path: str
    name: str


class FormerDirectory(NamedTuple):
    """A directory that a package lived in before, by the package's index."""

    path: bytes
    package: int


class NameReader:
    """Reads the names in manifests, each at once: what they say decides what comes next.

    Use it in a `with`; git starts with the first question.
    """

    def __init__(self, repository: Repository) -> None:
        self._repository = repository
        self._process: GitProcess | None = None
        self._known: dict[str, str | None] = {}

    def read(self, blobs: Iterable[str]) -> dict[str, str | None]:
        """Give the name in each of these blobs; None where there is none, or the blob is missing.

        Raises:
            HistoryUnreadable: the repository is damaged.
        """
        wanted = list(dict.fromkeys(blobs))
        if len(self._known) > _REMEMBERED_NAMES:
            self._known.clear()
        unknown = [blob for blob in wanted if blob not in self._known]
        for start in range(0, len(unknown), _ASKED_AT_ONCE):
            self._ask(unknown[start : start + _ASKED_AT_ONCE])
        return {blob: self._known[blob] for blob in wanted}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_failure: object) -> None:
        if self._process is not None:
            self._process.stop()
            self._process = None

    def _ask(self, blobs: Sequence[str]) -> None:
        if self._process is None:
            self._process = self._repository.start(["cat-file", "--batch"], writable=True)
        process = self._process
        try:
            process.input.write("".join(f"{blob}\n" for blob in blobs).encode())
            process.input.flush()
        except BrokenPipeError:
            # Why git has died it says when asked for its end.
            self._fail(process)
        for blob in blobs:
            header = process.output.readline()
            if not header:
                self._fail(process)
            content = read_content(header, process.output)
            self._known[blob] = None if content is None else name_in(content)

    def _fail(self, process: GitProcess) -> None:
        self._repository.finish(process)
        raise self._repository.history_error("git stopped while it read manifests")


class MoveFolding:
    """Tells of each commit which former directories it touched, newest commit first."""

    def __init__(self, names: Mapping[str, int], paths: Sequence[str], reader: NameReader) -> None:
        """Follow packages.

        Args:
            names: the packages' indexes by name.
            paths: the packages' directories, by index.
            reader: what reads manifests.
        """
        self._names = names
        self._paths = [_encode(path) for path in paths]
        self._reader = reader
        self._former: list[FormerDirectory] = []
        self._ids: dict[FormerDirectory, int] = {}
        self._owners = _FormerOwners(self._paths)
        # What is open at commits that were not told yet, by hash.
        self._waiting: dict[bytes, frozenset[int]] = {}
        self._open = _NOTHING_OPEN
        self._touched: set[tuple[int, ...]] = set()
        self._gone: list[tuple[bytes, str]] = []
        self._changed: list[tuple[bytes, str]] = []
        # Manifests that stay, before and after, and whether there are new ones elsewhere.
        self._stayed: list[tuple[bytes, str, str]] = []
        self._added = False
        self._came: set[bytes] = set()

    def begin(self, commit: bytes) -> None:
        """Begin with a commit, by its hash."""
        self._open = self._waiting.pop(commit, _NOTHING_OPEN) if self._waiting else _NOTHING_OPEN

    def add_files(
        self, paths: Sequence[bytes], fields: Sequence[bytes], start: int, manifest: bytes
    ) -> None:
        """Take files that the commit touched.

        Args:
            paths: theirs.
            fields: what git told: from `start` on, what `--raw` says of a file and its path, by
                turns.
            start: see above.
            manifest: what manifests are called.
        """
        if self._open:
            owners = self._owners
            self._touched |= {owners[path.rpartition(b"/")[0]] for path in paths}
        # Hardly any commit touches a manifest, and this looks at all paths in one go.
        if manifest in b"\n".join(paths):
            for position, path in enumerate(paths):
                if path.endswith(manifest):
                    self._add_manifest(path, fields[start + 2 * position], manifest)

    def _add_manifest(self, path: bytes, change: bytes, manifest: bytes) -> None:
        directory, _, name = path.rpartition(b"/")
        if name != manifest:
            return
        # What the first file of a commit is told with begins with a line end.
        before, _, old, new, status = change.lstrip(b"\n").split(b" ")
        if status == b"D" and before.startswith(b":100"):
            self._gone.append((directory, old.decode()))
            return
        self._added = self._added or status == b"A"
        if status == b"M" and before.startswith(b":100"):
            self._stayed.append((directory, old.decode(), new.decode()))
        if self._open and self._owners.is_former(directory):
            if status == b"A":
                self._came.add(directory)
            elif before.startswith(b":100"):
                self._changed.append((directory, old.decode()))

    def complete(self, parents: bytes) -> tuple[frozenset[int], tuple[Departure, ...]]:
        """End the commit: gives the packages whose former directories it touched, and departures.

        Raises:
            HistoryUnreadable: the repository is damaged.
        """
        if self._stayed:
            if self._added:
                self._find_given_away()
            self._stayed.clear()
        self._added = False
        if not (self._open or self._gone):
            return _NOBODY, ()
        touched = {
            self._former[one].package for ids in self._touched for one in ids if one in self._open
        }
        departures: tuple[Departure, ...] = ()
        if self._gone or self._changed or self._came:
            names = self._reader.read(blob for _, blob in (*self._gone, *self._changed))
            still_open = set(self._open)
            departures = self._depart(names, still_open, touched)
            self._close(names, still_open)
            self._open = frozenset(still_open)
            self._gone.clear()
            self._changed.clear()
            self._came.clear()
        self._touched.clear()
        self._hand_on(parents)
        return frozenset(touched), departures

    def _find_given_away(self) -> None:
        """Take manifests that got another name for gone: what bore it may be what was added."""
        names = self._reader.read(blob for _, *both in self._stayed for blob in both)
        self._gone += [
            (directory, old) for directory, old, new in self._stayed if names[old] != names[new]
        ]

    def _depart(
        self, names: Mapping[str, str | None], still_open: set[int], touched: set[int]
    ) -> tuple[Departure, ...]:
        departures = []
        for directory, blob in self._gone:
            name, path = names[blob], _decode(directory)
            if name is None or path is None:
                continue
            departures.append(Departure(path, name))
            package = self._names.get(name)
            if package is not None and self._paths[package] != directory:
                still_open.add(self._id(FormerDirectory(directory, package)))
                touched.add(package)
        return tuple(departures)

    def _close(self, names: Mapping[str, str | None], still_open: set[int]) -> None:
        """Close directories whose manifest came with this commit, or bore another name before."""
        before = {directory: names[blob] for directory, blob in self._changed}
        for one in list(still_open):
            path, package = self._former[one]
            renamed = path in before and self._names.get(before[path] or "") != package
            if renamed or path in self._came:
                still_open.discard(one)

    def _id(self, directory: FormerDirectory) -> int:
        known = self._ids.get(directory)
        if known is None:
            known = self._ids[directory] = len(self._former)
            self._former.append(directory)
            self._owners.add(directory.path, known)
        return known

    def _hand_on(self, parents: bytes) -> None:
        """Leave what is open now to the commit's parents; most often, it is one and the same."""
        if not self._open:
            return
        for parent in parents.split():
            others = self._waiting.get(parent, _NOTHING_OPEN)
            if others is not self._open and not others >= self._open:
                self._waiting[parent] = others | self._open if others else self._open


class _FormerOwners(dict[bytes, tuple[int, ...]]):
    """Finds which former directories a directory belongs to, and remembers it.

    They are those at the deepest place above it where one is, unless a package of today is deeper.
    """

    def __init__(self, members: Collection[bytes]) -> None:
        super().__init__()
        self._roots: dict[bytes, tuple[int, ...]] = dict.fromkeys(members, ())

    def add(self, directory: bytes, former: int) -> None:
        self._roots[directory] = (*self._roots.get(directory, ()), former)
        self.clear()

    def is_former(self, directory: bytes) -> bool:
        """Tell whether a directory is a former one of a package."""
        return bool(self._roots.get(directory))

    def __missing__(self, directory: bytes) -> tuple[int, ...]:
        if len(self) >= _REMEMBERED_DIRECTORIES:
            self.clear()
        above = directory
        while above and above not in self._roots:
            above = above.rpartition(b"/")[0]
        found = self[directory] = self._roots.get(above, ())
        return found


def _encode(path: str) -> bytes:
    return b"" if path == ROOT else path.encode("utf-8", "surrogateescape")


def _decode(path: bytes) -> str | None:
    """Give a path as a text; None for one that no database could keep and find again."""
    if not path:
        return ROOT
    try:
        return path.decode() if len(path) <= _LONGEST_PATH else None
    except UnicodeDecodeError:
        return None
