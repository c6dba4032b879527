"""What was looked for on disk, remembered so that one system call each tells whether it stands.

A file stands while it has the inode, the size and the time that it had. A name that was not there
is looked for again; where several were missed in one directory, they stay away while it keeps its
time, which a name that comes, goes or is replaced changes. What changed so lately that it may
change again within the same tick of the file system's clock (git's "racy" files) is not remembered.
"""

import os
import time
from collections.abc import Iterable
from itertools import islice
from operator import itemgetter
from typing import NamedTuple, TypeAlias

from registry.workspace.abstract_tree import ROOT

# As long as the coarsest clock of a file system that is in use (FAT's) takes for a tick.
RACY_NS = 2_000_000_000
# Beyond it, remembering costs more than it saves.
_MOST_REMEMBERED = 50_000
# Many of them become one, as they are names that one directory has not.
_MOST_MISSES = 4 * _MOST_REMEMBERED


class Mark(NamedTuple):
    """By what a file or directory is known again: its inode, size in bytes, time in nanoseconds."""

    inode: int
    size: int
    mtime_ns: int


# All that answers hang on: paths with their marks, None where there was nothing. They are in the
# order of paths, for what lies side by side is found faster one after the other.
Remembered: TypeAlias = list[tuple[str, Mark | None]]


class Looks:
    """Looks below a directory, and remembers all that the answers hang on."""

    def __init__(self, root: int) -> None:
        """Begin.

        Args:
            root: the directory, opened: paths from there are shorter to follow.
        """
        self._root = root
        # From before the first look: what changes later than this is never taken for settled.
        self._settled_before = time.time_ns() - RACY_NS
        self._there: dict[str, Mark] = {}
        # By the nearest directory above that there is.
        self._missed: dict[str, set[str]] = {}
        self._misses = 0
        # Whether all answers so far may be remembered; once one may not, none need be.
        self._settled = True

    def exists(self, path: str) -> bool:
        """Tell whether there is anything; where there is, nothing is remembered of it."""
        if os.access(path, os.F_OK, dir_fd=self._root):
            return True
        self._miss(path)
        return False

    def look(self, path: str) -> os.stat_result | None:
        """Tell what there is, following links; None where there is nothing."""
        seen = self._stat(path)
        if seen is None:
            self._miss(path)
        return seen

    def names(self, directory: str, most: int) -> list[str] | None:
        """List a directory, up to `most` names of it; what cannot be listed is empty.

        Returns:
            The names; None where links led out of what is below the root.
        """
        if self.look(directory) is None:
            return []
        try:
            opened = os.open(directory, os.O_RDONLY | os.O_DIRECTORY, dir_fd=self._root)
        except NotADirectoryError:
            return []
        except OSError:
            return self._refused()
        try:
            if not _is_below(opened, self._root):
                return None
            with os.scandir(opened) as listing:
                return [entry.name for entry in islice(listing, most)]
        except OSError:
            return self._refused()
        finally:
            os.close(opened)

    def remembered(self) -> Remembered | None:
        """Give what must stand for all the answers to stand; None where that cannot be told yet."""
        if not self._settled:
            return None
        missed: list[str] = []
        for directory, paths in self._missed.items():
            if len(paths) == 1 or not self._only_names_are_missing(paths):
                missed += paths
            elif directory not in self._there and self._stat(directory) is None:
                return None
        if not self._settled or len(self._there) + len(missed) > _MOST_REMEMBERED:
            return None
        gone: Remembered = [(path, None) for path in missed]
        return sorted([*self._there.items(), *gone], key=itemgetter(0))

    def _stat(self, path: str) -> os.stat_result | None:
        try:
            seen = os.stat(path, dir_fd=self._root)
        except OSError:
            return None
        if self._settled:
            self._there[path] = mark_of(seen)
            is_old = 0 <= seen.st_mtime_ns < self._settled_before
            self._settled = is_old and len(self._there) <= _MOST_REMEMBERED
        return seen

    def _miss(self, path: str) -> None:
        self._misses += 1
        self._settled = self._settled and self._misses <= _MOST_MISSES
        while self._settled and path != ROOT:
            above = os.path.dirname(path) or ROOT  # noqa: PTH120 -- a Path would be slower
            if above in self._missed or os.access(above, os.F_OK, dir_fd=self._root):
                self._missed.setdefault(above, set()).add(path)
                return
            path = above

    def _refused(self) -> list[str]:
        # A right that is given changes no time.
        self._settled = False
        return []

    def _only_names_are_missing(self, paths: Iterable[str]) -> bool:
        """Tell it from a link that leads nowhere, and from no right to look.

        Both may change while the directory's time does not.
        """
        for path in paths:
            try:
                os.lstat(path, dir_fd=self._root)
            except (FileNotFoundError, NotADirectoryError):
                continue
            except OSError:
                pass
            return False
        return True


def _is_below(directory: int, root: int) -> bool:
    """Tell whether an opened directory is below another or is it, whichever way led there."""
    wanted = os.fstat(root)
    path, seen, below = ".", os.fstat(directory), None
    # Only the file system's root is its own parent.
    while below is None or not os.path.samestat(seen, below):
        if os.path.samestat(seen, wanted):
            return True
        path += "/.."
        seen, below = os.stat(path, dir_fd=directory), seen
    return False


def mark_of(seen: os.stat_result) -> Mark:
    """Give by what a file or directory is known again."""
    return Mark(seen.st_ino, seen.st_size, seen.st_mtime_ns)


def all_stand(root: int, looks: Iterable[tuple[str, int | None, int, int]]) -> bool:
    """Tell whether everything is as it was remembered.

    Args:
        root: the directory, opened.
        looks: paths with the parts of their marks, None where there was nothing.
    """
    look, is_there = os.stat, os.access
    try:
        for path, inode, size, mtime_ns in looks:
            if inode is None:
                if is_there(path, os.F_OK, dir_fd=root):
                    return False
                continue
            seen = look(path, dir_fd=root)
            if seen.st_mtime_ns != mtime_ns or seen.st_size != size or seen.st_ino != inode:
                return False
    except OSError:
        return False
    return True
