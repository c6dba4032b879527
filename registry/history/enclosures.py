"""The temporary directories in which git runs, gone when their maker is.

Each is locked by its maker, and the lock goes with the process, however that ends. So whoever makes
one clears away those of processes that were killed.
"""

import fcntl
import os
import shutil
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from registry.errors import WorkspaceUnavailable

_PREFIX = "registry-git-"
_LOCK = "lock"
# One without a lock was just made, or its maker was killed before it made one.
_GIVEN_UP_SECONDS = 3600


def make_enclosure() -> tuple[Path, int]:
    """Make a directory, and give it with the descriptor that keeps it locked.

    Raises:
        WorkspaceUnavailable: there is no place for temporary directories.
    """
    try:
        _clear_abandoned()
        while True:
            enclosure = Path(tempfile.mkdtemp(prefix=_PREFIX))
            lock = os.open(enclosure / _LOCK, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
            fcntl.flock(lock, fcntl.LOCK_EX)
            # Between its making and its locking, it may have been taken for abandoned.
            if os.fstat(lock).st_nlink:
                return enclosure, lock
            os.close(lock)
    except OSError as error:
        raise WorkspaceUnavailable(
            "No temporary directory can be made: point TMPDIR at one that the service may write to."
        ) from error


def remove_enclosure(enclosure: Path, lock: int) -> None:
    """Remove a directory, and let go of its lock."""
    shutil.rmtree(enclosure, ignore_errors=True)
    os.close(lock)


def _clear_abandoned() -> None:
    """Remove those of our own whose makers are gone."""
    with os.scandir(tempfile.gettempdir()) as entries:
        for entry in entries:
            if entry.name.startswith(_PREFIX):
                with suppress(OSError):
                    _clear(entry)


def _clear(entry: os.DirEntry[str]) -> None:
    # Where everyone may write, a name is no proof of whose it is.
    found = entry.stat(follow_symlinks=False)
    if not entry.is_dir(follow_symlinks=False) or found.st_uid != os.geteuid():
        return
    try:
        lock = os.open(Path(entry.path, _LOCK), os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
    except FileNotFoundError:
        if time.time() - found.st_mtime > _GIVEN_UP_SECONDS:
            shutil.rmtree(entry.path, ignore_errors=True)
        return
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(entry.path, ignore_errors=True)
    finally:
        os.close(lock)
