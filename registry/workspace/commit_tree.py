"""The files of a workspace as a commit has them, for a bare clone."""

import os
from collections.abc import Sequence
from contextlib import suppress
from typing import IO, Protocol

from registry.errors import WorkspaceUnavailable
from registry.workspace.abstract_tree import (
    ROOT,
    Entry,
    FileStat,
    Kind,
    Tree,
    Unreadable,
    too_large,
)
from registry.workspace.problems import ProblemCode, error

# As on disk, where the system has this limit (Linux's PATH_MAX). Bytes.
_LONGEST_LINK = 4096
# Nothing on a disk is called so; a tree that somebody forged may hold them.
_NEVER_NAMES = frozenset({b"", b".", b".."})

_DIRECTORY = b"040000"
_KINDS = {_DIRECTORY: Kind.DIRECTORY, b"120000": Kind.LINK, b"160000": Kind.SUBMODULE}


class GitAnswer(Protocol):
    """What a finished git said (`registry.history.git_command.Answer`)."""

    @property
    def status(self) -> int:
        """Its exit status."""

    @property
    def output(self) -> bytes:
        """What it printed."""

    @property
    def reason(self) -> str:
        """Why it failed, if it did."""


class GitBatch(Protocol):
    """A running git (`registry.history.git_command.GitProcess`)."""

    output: IO[bytes]

    @property
    def input(self) -> IO[bytes]:
        """Git's standard input."""

    def stop(self) -> None:
        """End it."""


class GitRepository(Protocol):
    """What a commit's files need of `registry.history.repository.Repository`."""

    def ask(self, arguments: Sequence[str]) -> GitAnswer:
        """Run git to its end."""

    def start(self, arguments: Sequence[str], *, writable: bool = False) -> GitBatch:
        """Start git, to talk with it."""


class CommitTree(Tree):
    """The files as a commit has them; use it in a `with`, or `close()` it."""

    def __init__(self, repository: GitRepository, commit: str, *, name: str) -> None:
        """List a commit's files by one `git ls-tree`.

        Args:
            repository: where the commit is.
            commit: its full hash; empty for a repository without a commit, which has no files.
            name: what the root directory would be called in a clone.

        Raises:
            WorkspaceUnavailable: git cannot read the commit's directories.
        """
        super().__init__(name)
        self._repository = repository
        self._batch: GitBatch | None = None
        self._directories: dict[bytes, dict[bytes, bytes]] = {b"": {}}
        if commit:
            answer = repository.ask(["ls-tree", "-r", "-z", commit])
            if answer.status:
                raise WorkspaceUnavailable(
                    f"Git cannot list the files of the workspace's commit ({answer.reason}): check "
                    "the repository with `git fsck`, or clone it anew."
                )
            self._fill(answer.output)

    def close(self) -> None:
        """End the git that reads files, if one was started."""
        if self._batch is not None:
            self._batch.stop()
            self._batch = None

    def _fill(self, listing: bytes) -> None:
        directories = self._directories
        for line in listing.split(b"\0")[:-1]:
            # `100644 blob HASH<tab>PATH`; see git-ls-tree(1).
            what, _, path = line.partition(b"\t")
            directory, _, name = path.rpartition(b"/")
            children = directories.get(directory)
            if children is None:
                children = self._add_directory(directory)
            if name not in _NEVER_NAMES:
                children[name] = what

    def _add_directory(self, path: bytes) -> dict[bytes, bytes]:
        children: dict[bytes, bytes] = {}
        self._directories[path] = children
        while path:
            path, _, name = path.rpartition(b"/")
            parent = self._directories.setdefault(path, {})
            if name in parent or name in _NEVER_NAMES:
                break
            parent[name] = _DIRECTORY
        return children

    def _entries(self, real: str) -> list[Entry]:
        children = self._directories.get(_git_path(real), {})
        return [Entry(os.fsdecode(name), _kind(what)) for name, what in children.items()]

    def _look(self, real: str) -> tuple[Kind, FileStat] | None:
        if real == ROOT:
            return Kind.DIRECTORY, FileStat(None, None)
        found = self._find(real)
        return None if found is None else (_kind(found), FileStat(None, None))

    def _find(self, real: str) -> bytes | None:
        """Give what `git ls-tree` tells of a path: `100644 blob HASH`."""
        directory, _, name = _git_path(real).rpartition(b"/")
        return self._directories.get(directory, {}).get(name)

    def _link_target(self, real: str) -> str | None:
        found = self._find(real)
        if found is None or _kind(found) is not Kind.LINK:
            return None
        return os.fsdecode(self._blob(real, found, _LONGEST_LINK))

    def _read(self, real: str, limit: int) -> bytes | None:
        found = self._find(real)
        return None if found is None else self._blob(real, found, limit)

    def _blob(self, real: str, found: bytes, limit: int) -> bytes:
        """Read a blob; see git-cat-file(1), BATCH OUTPUT."""
        blob = found.rpartition(b" ")[2]
        if self._batch is None:
            self._batch = self._repository.start(["cat-file", "--batch"], writable=True)
        with suppress(BrokenPipeError):
            self._batch.input.write(blob + b"\n")
            self._batch.input.flush()
        header = self._batch.output.readline().split()
        if header[1:] == [b"missing"]:
            raise Unreadable(
                error(
                    ProblemCode.OBJECT_MISSING,
                    real,
                    "The clone lacks this file's content: complete it with `git fetch --refetch`.",
                )
            )
        if len(header) != 3:  # noqa: PLR2004 -- hash, type and size
            raise _git_stopped()
        size = int(header[2])
        if size > limit:
            # What git is about to print is best not read at all.
            self.close()
            raise too_large(real, limit)
        content = self._batch.output.read(size + 1)
        if len(content) <= size:
            raise _git_stopped()
        return content[:size]


def _git_path(real: str) -> bytes:
    return b"" if real == ROOT else os.fsencode(real)


def _kind(found: bytes) -> Kind:
    return _KINDS.get(found[:6], Kind.FILE)


def _git_stopped() -> WorkspaceUnavailable:
    return WorkspaceUnavailable(
        "Git stopped while it read the workspace's files: check the repository with `git fsck`."
    )
