"""The temporary directories in which git runs, gone when their maker is.

Each is itself locked by its maker (flock(2)), and the lock goes with the process, however that
ends. So whoever makes one clears away those of processes that were killed, at whatever moment.
"""

import fcntl
import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

from registry.errors import WorkspaceUnavailable

_PREFIX = "registry-git-"
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def make_enclosure() -> tuple[Path, int]:
    """Make a directory, and give it with the descriptor that keeps it locked.

    Raises:
        WorkspaceUnavailable: there is no place for temporary directories.
    """
    try:
        _clear_abandoned()
        while (enclosure := _lock(Path(tempfile.mkdtemp(prefix=_PREFIX)))) is None:
            pass
    except OSError as error:
        raise WorkspaceUnavailable(
            "No temporary directory can be made: point TMPDIR at one that the service may write to."
        ) from error
    return enclosure


def remove_enclosure(enclosure: Path, lock: int) -> None:
    """Remove a directory, and let go of its lock."""
    shutil.rmtree(enclosure, ignore_errors=True)
    os.close(lock)


def _lock(enclosure: Path) -> tuple[Path, int] | None:
    """Lock a directory just made; `None` if it was taken for abandoned before that."""
    try:
        lock = os.open(enclosure, _DIRECTORY)
    except FileNotFoundError:
        return None
    fcntl.flock(lock, fcntl.LOCK_EX)
    if os.fstat(lock).st_nlink:
        return enclosure, lock
    os.close(lock)
    return None


def _clear_abandoned() -> None:
    """Remove those of our own whose makers are gone."""
    with os.scandir(tempfile.gettempdir()) as entries:
        for entry in entries:
            if entry.name.startswith(_PREFIX):
                with suppress(OSError):
                    _clear(entry)


def _clear(entry: os.DirEntry[str]) -> None:
    lock = os.open(entry.path, _DIRECTORY)
    try:
        # Where everyone may write, a name is no proof of whose it is.
        if os.fstat(lock).st_uid == os.geteuid():
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(entry.path, ignore_errors=True)
    finally:
        os.close(lock)
