"""The history, told once: one `git log`, folded into commits while git is still walking.

Git prints each commit as NUL-framed fields and then each file that it touched, as `--raw -z` does:

    NUL hash NUL parents NUL committed NUL authored NUL name NUL mail NUL subject NUL
    LF? :old-mode new-mode old-blob new-blob status NUL path NUL ...

No field but some of a commit's own is ever empty, and those are counted off: so an empty field
where a file could stand is the start of the next commit.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from registry.history.moves import Departure, MoveFolding
from registry.history.read_ahead import ReadAhead
from registry.history.repository import Repository, check_revisions
from registry.rules.territories import ROOT, Territories

MANIFEST = "package.json"

_FORMAT = "--format=%x00%H%x00%P%x00%ct%x00%at%x00%an%x00%ae%x00%s"
# An empty field, and the seven of the format.
_FIELDS = 8
_OPTIONS = (
    "--raw",
    "--no-abbrev",
    # Renames are found by content, which a partial clone lacks; a package is a path (contract).
    "--no-renames",
    "-z",
    "--diff-merges=off",
    "--encoding=UTF-8",
    _FORMAT,
)

# Git tests every path against every pathspec: beyond some tens, all of history is faster.
_MOST_PATHSPECS = 40

# Far beyond any calendar, within every database's integers; `time_of_seconds` clamps it.
_LATEST_SECONDS = 1 << 40


class LoggedCommit(NamedTuple):
    """One commit as git tells it; its texts have U+FFFD for what cannot be decoded.

    Attributes:
        hash: the full hash.
        merge: whether it has several parents; such a commit belongs to no package.
        committed: when it entered this history, in seconds since 1970, possibly out of range of
            any calendar (see `registry.rules.times.time_of_seconds`).
        authored: when it was first written, likewise.
        author_name: as written, not as a mailmap would have it.
        author_email: likewise.
        subject: git's `%s`: the first paragraph on one line.
        owners: the packages it touched, as indexes into the territories, ascending.
        manifests: the packages whose manifest it added or changed, each with the new blob's hash.
        formerly: the packages that it touched in a directory that they moved away from since, where
            moves are followed; in no order, and perhaps among the owners too.
        departures: the manifests that it deleted, where moves are followed.
    """

    hash: str
    merge: bool
    committed: int
    authored: int
    author_name: str
    author_email: str
    subject: str
    owners: tuple[int, ...]
    manifests: tuple[tuple[int, str], ...]
    formerly: frozenset[int] = frozenset()
    departures: tuple[Departure, ...] = ()


class BegunLog:
    """A `git log` of all of a range that runs already, before it is known how it will be read.

    Attributes:
        revisions: the range, as for `read_log`, of at least one commit.
        output: what git prints.
    """

    def __init__(self, repository: Repository, revisions: Sequence[str]) -> None:
        """Let git begin.

        Raises:
            ValueError: a revision is no hash.
        """
        check_revisions(revisions)
        self.revisions = tuple(revisions)
        self.output = _begin(repository, [*revisions, "--"])

    def stop(self) -> None:
        """End git, whether it was read or not."""
        self.output.stop()


def read_log(
    repository: Repository,
    revisions: Sequence[str],
    territories: Territories,
    manifest_name: str = MANIFEST,
    *,
    pathspecs: Sequence[str] = (),
    moves: MoveFolding | None = None,
    begun: BegunLog | None = None,
) -> Iterator[LoggedCommit]:
    """Tell the commits of a range, newest first as `git log` does, in one pass.

    All come, merges and commits that touch nothing too, unless `pathspecs` limits the pass: then
    only those that touched these packages, without merges. Which commits own a package is then
    exactly what `git log --full-history --no-merges -- PATH` says, nested packages excluded.

    Args:
        repository: where to read.
        revisions: `HASH`, `^HASH` or `HASH..HASH`, in full; none (an empty repository) tells
            nothing.
        territories: the packages' directories.
        manifest_name: the file in a package's directory that is its manifest.
        pathspecs: directories of packages, each one of the territories, to which to keep.
        moves: what follows packages to where they were before; not with `pathspecs`, which leave
            out commits by which that is told.
        begun: a log that runs already; it is read if it is of this range, and ended.

    Raises:
        ValueError: a revision is no hash, or a pathspec no territory.
        HistoryUnreadable: while reading, at the latest after the last commit: the repository is
            damaged, or (`HistoryIncomplete`) a partial clone lacks what is needed. What was told
            before is then only a part of the history.
    """
    check_revisions(revisions)
    only = frozenset(territories.paths.index(path) for path in pathspecs)
    if not revisions:
        return iter(())
    folding = _Folding(territories, manifest_name, moves)
    if begun is not None and begun.revisions == tuple(revisions) and not only:
        return _read_commits(repository, folding, [], begun)
    arguments = [*revisions, "--"]
    if only:
        arguments = ["--full-history", "--no-merges", *arguments]
    if only and ROOT not in pathspecs and len(only) <= _MOST_PATHSPECS:
        arguments += [f":(top,literal){path}" for path in pathspecs]
    commits = _read_commits(repository, folding, arguments)
    return _keep_to(only, commits) if only else commits


def _begin(repository: Repository, arguments: Sequence[str]) -> ReadAhead:
    return ReadAhead(repository.start(["log", *_OPTIONS, *arguments]))


def _read_commits(
    repository: Repository,
    folding: "_Folding",
    arguments: Sequence[str],
    begun: BegunLog | None = None,
) -> Iterator[LoggedCommit]:
    output = begun.output if begun else _begin(repository, arguments)
    try:
        for fields in _read_fields(output.chunks()):
            yield from folding.fold(fields)
        repository.finish(output.process)
        yield from folding.end()
    finally:
        output.stop()


def _keep_to(only: frozenset[int], commits: Iterator[LoggedCommit]) -> Iterator[LoggedCommit]:
    for commit in commits:
        if not only.isdisjoint(commit.owners):
            yield commit._replace(
                owners=tuple(owner for owner in commit.owners if owner in only),
                manifests=tuple(pair for pair in commit.manifests if pair[0] in only),
            )


def _read_fields(chunks: Iterable[bytes]) -> Iterator[list[bytes]]:
    """Give git's output as lists of whole fields."""
    # A field may be longer than many chunks; its parts are joined once.
    begun: list[bytes] = []
    for chunk in chunks:
        begun.append(chunk)
        if b"\0" in chunk:
            fields = b"".join(begun).split(b"\0")
            begun = [fields.pop()]
            yield fields


class _Folding:
    """Makes commits of fields, which come in any number at a time."""

    def __init__(
        self, territories: Territories, manifest_name: str, moves: MoveFolding | None
    ) -> None:
        self._territories = territories
        self._moves = moves
        self._manifest_name = manifest_name.encode()
        self._manifest_of = {
            _manifest_path(path, manifest_name): index
            for index, path in enumerate(territories.paths)
        }
        self._rest: list[bytes] = []
        # The fields of the commit whose files are being read, and what these tell so far.
        self._commit: list[bytes] | None = None
        self._owners: set[int] = set()
        self._manifests: list[tuple[int, str]] = []

    def fold(self, fields: list[bytes]) -> Iterator[LoggedCommit]:
        """Take further fields and give the commits that they complete."""
        if self._rest:
            fields = self._rest + fields
        at, end = 0, len(fields)
        while True:
            if self._commit is not None:
                try:
                    stop = fields.index(b"", at)
                except ValueError:
                    # A commit may touch more files than fit into memory: take those that are here.
                    stop = end - (end - at) % 2
                    self._add_files(fields, at, stop)
                    at = stop
                    break
                self._add_files(fields, at, stop)
                at = stop
                yield self._complete(self._commit)
            if end - at < _FIELDS:
                break
            self._commit = fields[at + 1 : at + _FIELDS]
            if self._moves is not None:
                self._moves.begin(self._commit[0])
            at += _FIELDS
        self._rest = fields[at:]

    def end(self) -> Iterator[LoggedCommit]:
        """Give the last commit, which no other follows."""
        if self._commit is not None:
            yield self._complete(self._commit)

    def _add_files(self, fields: list[bytes], start: int, stop: int) -> None:
        paths = fields[start + 1 : stop : 2]
        if not paths:
            return
        self._owners |= self._territories.owners(paths)
        if not self._manifest_of.keys().isdisjoint(paths):
            self._add_manifests(paths, fields[start:stop:2])
        if self._moves is not None:
            self._moves.add_files(paths, fields, start, self._manifest_name)

    def _add_manifests(self, paths: list[bytes], changes: list[bytes]) -> None:
        for path, change in zip(paths, changes, strict=True):
            owner = self._manifest_of.get(path)
            if owner is not None:
                _, mode, _, blob, _ = change.split(b" ")
                # Only a file has a version in it: no symbolic link, no submodule, nothing deleted.
                if mode.startswith(b"100"):
                    self._manifests.append((owner, blob.decode()))

    def _complete(self, fields: list[bytes]) -> LoggedCommit:
        commit, parents, committed, authored, name, email, subject = fields
        owners, manifests = tuple(sorted(self._owners)), tuple(self._manifests)
        formerly: frozenset[int] = frozenset()
        departures: tuple[Departure, ...] = ()
        if self._moves is not None:
            formerly, departures = self._moves.complete(parents)
        self._commit = None
        self._owners.clear()
        self._manifests.clear()
        return LoggedCommit(
            commit.decode(),
            b" " in parents,
            _parse_seconds(committed),
            _parse_seconds(authored),
            name.decode("utf-8", "replace"),
            email.decode("utf-8", "replace"),
            subject.decode("utf-8", "replace"),
            owners,
            manifests,
            formerly,
            departures,
        )


def _manifest_path(package: str, manifest_name: str) -> bytes:
    path = manifest_name if package == ROOT else f"{package}/{manifest_name}"
    return path.encode("utf-8", "surrogateescape")


def _parse_seconds(digits: bytes) -> int:
    """Read a time; a broken commit may have none (then 1970), or more digits than any clock."""
    if len(digits) > len(str(_LATEST_SECONDS)):
        return _LATEST_SECONDS
    return int(digits or 0)
