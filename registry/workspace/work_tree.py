"""The files of a workspace as they are on disk."""

import os
import stat
from pathlib import Path
from typing import IO

from registry.errors import WorkspaceUnavailable
from registry.workspace.abstract_tree import (
    ROOT,
    Entry,
    FileStat,
    Kind,
    Tree,
    Unreadable,
    not_a_file,
    too_large,
)
from registry.workspace.problems import ProblemCode, error


class WorkTree(Tree):
    """The files as they are on disk."""

    def __init__(self, root: Path) -> None:
        """Look at a directory.

        Raises:
            WorkspaceUnavailable: there is none.
        """
        if not root.is_dir():
            raise WorkspaceUnavailable(
                "The workspace is no directory: point REGISTRY_WORKSPACE at a git repository."
            )
        super().__init__(root.resolve().name)
        self._root = os.fspath(root.absolute())

    def close(self) -> None:
        """Do nothing: every file was closed once it was read."""

    def _entries(self, real: str) -> list[Entry]:
        try:
            with os.scandir(self._on_disk(real)) as listing:
                return [Entry(entry.name, _kind_of_entry(entry)) for entry in listing]
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError as failure:
            raise Unreadable(
                error(
                    ProblemCode.DIRECTORY_UNREADABLE,
                    real,
                    f"The directory cannot be listed ({failure.strerror}), what is below it is "
                    "unknown: give the service's user the right to read it.",
                )
            ) from failure

    def _look(self, real: str) -> tuple[Kind, FileStat] | None:
        try:
            found = os.lstat(self._on_disk(real))
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as failure:
            raise _refused(real, failure) from failure
        return _kind_of_mode(found.st_mode), FileStat(found.st_size, found.st_mtime_ns)

    def _read(self, real: str, limit: int) -> bytes | None:
        try:
            with self._open(real) as file:
                now = os.fstat(file.fileno())
                if not stat.S_ISREG(now.st_mode):
                    # It has become something else since `_look`.
                    raise not_a_file(real)
                # One byte more tells of a file that is growing past the limit.
                content = file.read(min(now.st_size, limit) + 1)
        except OSError as failure:
            raise _refused(real, failure) from failure
        if len(content) > limit:
            raise too_large(real, limit)
        return content

    def _open(self, real: str) -> IO[bytes]:
        """Open a file directory by directory: a link that was put there meanwhile is refused."""
        *directories, name = real.split("/")
        at = os.open(self._root, os.O_RDONLY | os.O_DIRECTORY)
        try:
            for directory in directories:
                flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
                parent, at = at, os.open(directory, flags, dir_fd=at)
                os.close(parent)
            # O_NONBLOCK: a pipe that took the file's place must not hold us up.
            flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
            return os.fdopen(os.open(name, flags, dir_fd=at), "rb")
        finally:
            os.close(at)

    def _link_target(self, real: str) -> str | None:
        try:
            return os.readlink(self._on_disk(real))  # noqa: PTH115 -- a Path would be slower
        except OSError:
            return None

    def _on_disk(self, real: str) -> str:
        return self._root if real == ROOT else f"{self._root}/{real}"


def _kind_of_entry(entry: os.DirEntry[str]) -> Kind:
    # The most frequent first: this is asked of every file in sight.
    if entry.is_file(follow_symlinks=False):
        return Kind.FILE
    if entry.is_dir(follow_symlinks=False):
        return Kind.DIRECTORY
    return Kind.LINK if entry.is_symlink() else Kind.OTHER


def _kind_of_mode(mode: int) -> Kind:
    if stat.S_ISLNK(mode):
        return Kind.LINK
    if stat.S_ISDIR(mode):
        return Kind.DIRECTORY
    return Kind.FILE if stat.S_ISREG(mode) else Kind.OTHER


def _refused(path: str, failure: OSError) -> Unreadable:
    return Unreadable(
        error(
            ProblemCode.FILE_UNREADABLE,
            path,
            f"The file cannot be read ({failure.strerror}): give the service's user the right to "
            "read it.",
        )
    )
