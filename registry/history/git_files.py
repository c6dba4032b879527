"""Files of a git directory, read as they would be if anyone had put them there.

A clone has none but plain ones. A directory that came another way may hold a pipe, which whoever
opens it waits for, or a link to a device that never ends; git itself would open them.
"""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

# Larger than the references of any repository there is, packed into one file. Bytes.
_LARGEST = 256 * 1024 * 1024
# What git opens before it does anything (gitrepository-layout(5)), below `.git` and where that
# leads.
_OPENED = (
    "HEAD",
    "commondir",
    "config",
    "config.worktree",
    "info/grafts",
    "objects/info/alternates",
    "packed-refs",
    "shallow",
)


class NotAPlainFile(OSError):
    """What should be a file of git's is a device, a pipe or larger than any."""


def read_git_file(path: Path) -> bytes:
    """Read a file of a git directory.

    Raises:
        NotAPlainFile: it is none that could be read to its end.
        OSError: it cannot be read.
    """
    # O_NONBLOCK: a pipe must not hold us up before it is seen to be one.
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
        seen = os.fstat(file.fileno())
        if stat.S_ISDIR(seen.st_mode):
            raise IsADirectoryError(path)
        if not stat.S_ISREG(seen.st_mode) or seen.st_size > _LARGEST:
            raise NotAPlainFile(path.name)
        return file.read(_LARGEST)


def check_git_files(path: Path) -> None:
    """See that git can open its own files in a workspace without being held up.

    Args:
        path: a work tree's root, or a bare repository.

    Raises:
        NotAPlainFile: one of them is a device, a pipe or the like.
        OSError: they cannot be looked at.
    """
    for directory in _git_directories(path):
        for name in _OPENED:
            _check(directory / name)
        for at, directories, files in os.walk(directory / "refs"):
            for name in (*directories, *files):
                _check(Path(at) / name)


def _git_directories(path: Path) -> Iterator[Path]:
    """Give the directories that git looks into: a linked worktree has its own and a shared one."""
    inner = path / ".git"
    if not inner.exists():
        yield path
        return
    if inner.is_dir():
        yield inner
        return
    _check(inner)
    own = path / os.fsdecode(read_git_file(inner).removeprefix(b"gitdir:").strip())
    yield own
    if (own / "commondir").exists():
        _check(own / "commondir")
        yield own / os.fsdecode(read_git_file(own / "commondir").strip())


def _check(path: Path) -> None:
    try:
        seen = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return
    if not (stat.S_ISREG(seen.st_mode) or stat.S_ISDIR(seen.st_mode)) or seen.st_size > _LARGEST:
        raise NotAPlainFile(path.name)
