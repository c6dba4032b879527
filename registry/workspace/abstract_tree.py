"""What a workspace's files can be asked, and how links among them are followed.

Paths are text with `/`, relative to the root, which is `.`; bytes that are not UTF-8 become lone
surrogates (PEP 383). Symbolic links are followed as long as they stay in the workspace.
"""

from abc import ABC, abstractmethod
from enum import Enum
from types import TracebackType
from typing import NamedTuple, Self

from registry.workspace.problems import Problem, ProblemCode, error

ROOT = "."
# Nothing that people write is larger, and what is must not fill the memory. Bytes.
LARGEST_FILE = 10 * 1024 * 1024
# What Linux follows in one path.
_MOST_LINKS = 40


class Kind(Enum):
    """What a directory holds under a name."""

    DIRECTORY = "directory"
    FILE = "file"
    LINK = "link"
    # Another repository, of which a commit holds only the name. On disk it is a directory.
    SUBMODULE = "submodule"
    # A device, a pipe, a socket: nothing to be opened.
    OTHER = "other"


class Entry(NamedTuple):
    """A name in a directory, and what it is; a link is not followed."""

    name: str
    kind: Kind


class FileStat(NamedTuple):
    """By what an unchanged file is known without reading it; None for a file of a commit."""

    size: int | None
    mtime_ns: int | None


class Unreadable(Exception):
    """Something is there but cannot be read, or must not be; `problem` says why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


def join_path(directory: str, name: str) -> str:
    """Name what lies in a directory."""
    return name if directory == ROOT else f"{directory}/{name}"


class Tree(ABC):
    """The files of a workspace.

    A path that leads out of it by a link raises `Unreadable`, wherever it is given; one that is
    absolute or holds `..` or NUL raises `ValueError`.

    Attributes:
        name: the root directory's own name, by which a package without a name is called.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        # Directories known to be no links, with none above them.
        self._plain = {ROOT}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    @abstractmethod
    def close(self) -> None:
        """Give back what reading has opened."""

    def entries(self, path: str) -> list[Entry]:
        """List a directory, in any order; empty where there is none.

        Raises:
            Unreadable: the system refuses to list it.
        """
        real = self.resolve(path)
        entries = self._entries(real)
        self._plain.update(
            [join_path(real, name) for name, kind in entries if kind is Kind.DIRECTORY]
        )
        return entries

    def kind(self, path: str) -> Kind | None:
        """Tell what is at a path, without following a link that it ends in; None: nothing."""
        found = self._look(self._beside(path))
        return found and found[0]

    def stat(self, path: str) -> FileStat | None:
        """Tell a file's size and time; None where there is nothing at all.

        Raises:
            Unreadable: it is no regular file.
        """
        found = self._look(self._beside(path))
        if found and found[0] is Kind.LINK:
            found = self._look(self.resolve(path))
        if found is None:
            return None
        if found[0] is not Kind.FILE:
            raise not_a_file(path)
        return found[1]

    def read(self, path: str, *, limit: int = LARGEST_FILE) -> bytes | None:
        """Read a file whole; None where there is nothing at all.

        Raises:
            Unreadable: it is over `limit` bytes (then it was not loaded), is no regular file, or
                may not be read.
        """
        return None if self.stat(path) is None else self._read(self.resolve(path), limit)

    def resolve(self, path: str) -> str:
        """Follow every link in a path; what is missing stays as it is named.

        Raises:
            Unreadable: a link leads out of the workspace, or links lead to each other.
            ValueError: the path is absolute, or holds `..` or NUL.
        """
        if path in self._plain:
            return path
        waiting = path.split("/")[::-1]
        if "\0" in path or path.startswith("/") or ".." in waiting:
            raise ValueError(f"not a path inside the workspace: {path!r}")
        real = ROOT
        links = 0
        while waiting:
            name = waiting.pop()
            if name in {"", "."}:
                continue
            if name == "..":
                if real == ROOT:
                    raise _leads_out(path)
                real = real.rpartition("/")[0] or ROOT
                continue
            parent, real = real, join_path(real, name)
            if real in self._plain:
                continue
            target = self._link_target(real)
            if target is None:
                if waiting:
                    self._plain.add(real)
                continue
            links += 1
            if target.startswith("/"):
                # It leads elsewhere on the next machine, even if not on this one.
                raise _leads_out(path)
            if links > _MOST_LINKS:
                raise Unreadable(
                    error(
                        ProblemCode.LINK_LOOP,
                        path,
                        "Symbolic links lead to each other without end: remove one of them.",
                    )
                )
            real = parent
            waiting.extend(target.split("/")[::-1])
        return real

    def _beside(self, path: str) -> str:
        """Follow the links on the way to a path, but not one that it ends in."""
        parent, _, name = path.rpartition("/")
        if name in {"", ".", ".."} or "\0" in name:
            # Nothing that is in a directory; `resolve` knows what to make of it.
            return self.resolve(path)
        return join_path(self.resolve(parent or ROOT), name)

    @abstractmethod
    def _entries(self, real: str) -> list[Entry]:
        """List a directory whose path holds no links."""

    @abstractmethod
    def _look(self, real: str) -> tuple[Kind, FileStat] | None:
        """Tell what is at a path that holds no links, except perhaps at its end."""

    @abstractmethod
    def _read(self, real: str, limit: int) -> bytes | None:
        """Read a regular file at a path that holds no links."""

    @abstractmethod
    def _link_target(self, real: str) -> str | None:
        """Give what a link says; None for what is no link."""


def _leads_out(path: str) -> Unreadable:
    return Unreadable(
        error(
            ProblemCode.LINK_OUTSIDE_WORKSPACE,
            path,
            "A symbolic link leads out of the workspace, so it was not followed: make it point to "
            "something inside, by a relative path.",
        )
    )


def not_a_file(path: str) -> Unreadable:
    """Make the refusal of what is no regular file."""
    return Unreadable(
        error(
            ProblemCode.NOT_A_FILE,
            path,
            "Here should be a file, and is something else: put a file in its place.",
        )
    )


def too_large(path: str, limit: int) -> Unreadable:
    """Make the refusal of a file over the limit, in bytes."""
    return Unreadable(
        error(
            ProblemCode.FILE_TOO_LARGE,
            path,
            f"The file is over {limit:,} bytes, so it was not read: make it smaller.",
        )
    )
