"""Files that are being written: hashed on the way, gone when their writer is.

A work file is locked by its writer, and the lock goes with the process, however that ends. So what
can be locked has no writer any more, and is cleared away without asking for its age.
"""

import fcntl
import hashlib
import os
import shutil
import uuid
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import IO, BinaryIO

_PRIVATE = 0o600
# Shorter pieces are hashed on the spot: to hand them over would take as long.
_HANDED_OVER = 32 * 1024
_READ_AT_ONCE = 1024 * 1024


@cache
def _hashers() -> ThreadPoolExecutor:
    """Give the threads that hash: the most of the work of a large upload, and beside the rest."""
    return ThreadPoolExecutor(thread_name_prefix="hash")


# A fork has none of its parent's threads.
os.register_at_fork(after_in_child=_hashers.cache_clear)


class WorkFile:
    """A file that is being written, by one writer from its beginning to its end."""

    def __init__(self, path: Path, file: BinaryIO) -> None:
        self.path = path
        self._file = file
        self._hash = hashlib.sha256()
        self._hashing: Future[None] | None = None
        self.size = 0

    @classmethod
    def of(cls, path: Path, file: BinaryIO) -> "WorkFile":
        """Make one of a file that was written already, which is read to its end."""
        work = cls(path, file)
        file.seek(0)
        while chunk := file.read(_READ_AT_ONCE):
            work._hash.update(chunk)
            work.size += len(chunk)
        return work

    def write(self, data: bytes) -> int:
        """Append some bytes; tells how many, as files do.

        Raises:
            OSError: the disk is full, or fails.
        """
        self._await_hash()
        if len(data) < _HANDED_OVER:
            self._hash.update(data)
        else:
            self._hashing = _hashers().submit(self._hash.update, data)
        self._file.write(data)
        self.size += len(data)
        return len(data)

    def flush(self) -> None:
        """Hand what was written to the operating system."""
        self._file.flush()

    def sync(self) -> None:
        """Wait until what was written is on the disk."""
        self._file.flush()
        os.fsync(self._file.fileno())

    def reader(self) -> BinaryIO:
        """Give the file itself, at its beginning, to read what was written."""
        self._file.flush()
        self._file.seek(0)
        return self._file

    @property
    def sha256(self) -> str:
        """The SHA-256 of what was written so far, in hex."""
        self._await_hash()
        return self._hash.hexdigest()

    def _await_hash(self) -> None:
        if self._hashing is not None:
            self._hashing.result()
            self._hashing = None


class WorkFiles:
    """A directory of files that are being written, on the disk of this machine."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    @contextmanager
    def new(self) -> Iterator[WorkFile]:
        """Lend a new file; whatever becomes of it, its name is gone afterwards.

        Raises:
            OSError: the directory cannot be made or written.
        """
        path, file = self._create()
        try:
            with file:
                yield WorkFile(path, file)
        finally:
            with suppress(FileNotFoundError):
                path.unlink()

    def free_bytes(self) -> int:
        """Tell how many bytes the disk of the work files has left for this user."""
        self.directory.mkdir(parents=True, exist_ok=True)
        return shutil.disk_usage(self.directory).free

    def abandoned(self) -> Iterator[Path]:
        """Give the files whose writers are gone."""
        if not self.directory.is_dir():
            return
        for path in self.directory.iterdir():
            with suppress(FileNotFoundError, BlockingIOError), path.open("rb") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                # Still locked, so that whoever removes it removes what nobody has begun.
                yield path

    def clear_abandoned(self) -> int:
        """Remove the files whose writers are gone, and tell how many there were."""
        cleared = 0
        for path in self.abandoned():
            path.unlink(missing_ok=True)
            cleared += 1
        return cleared

    def _create(self) -> tuple[Path, BinaryIO]:
        self.directory.mkdir(parents=True, exist_ok=True)
        while True:
            path = self.directory / uuid.uuid4().hex
            descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, _PRIVATE)
            file: IO[bytes] = os.fdopen(descriptor, "w+b")
            fcntl.flock(file, fcntl.LOCK_EX)
            # Between its making and its locking, it may have been taken for abandoned.
            if os.fstat(descriptor).st_nlink:
                return path, file  # type: ignore[return-value]  # open() types it so
            file.close()
