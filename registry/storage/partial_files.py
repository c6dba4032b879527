"""Files that come in pieces, over several requests: they outlive their writers, and wait.

Bytes are on their way to the disk when they are written, and what is there is a beginning of the
file, whoever is killed. A piece is written under a lock and only where the last one ended, so of
two that write at once (a client that is back before the server noticed that it was gone), each byte
comes from one, and the other learns it.

Who may remove a file is told by the database. Between the making of a file and the commit of the
row that names it, its maker holds the lock; who finds a file without a row takes the lock before it
looks for the row again. So age does not matter, and a killed maker's file is not kept.
"""

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from registry.storage.work_files import WorkFile

_PRIVATE = 0o600


class NotHere(LookupError):
    """There is no such file in this directory: it was removed, or lies on another machine."""


class PartialFile:
    """A beginning of a file, open to be added to."""

    def __init__(self, path: Path, file: BinaryIO) -> None:
        self._path, self._file = path, file

    @property
    def size(self) -> int:
        """Bytes that are there."""
        return os.fstat(self._file.fileno()).st_size

    def write(self, data: bytes, at: int, length: int) -> bool:
        """Write a piece, if the file ends where it begins; tell whether it does.

        A whole file is never written to: it may have a second name, in the store. Its last byte
        may be sent again, and is let be.

        Args:
            data: the piece.
            at: where in the file it begins.
            length: bytes of the whole file.

        Raises:
            NotHere: the file was removed meanwhile.
            OSError: the disk is full, or fails.
        """
        with self.lock():
            size = self.size
            if size == length:
                return at == length - 1
            if at != size:
                return False
            written = 0
            while written < len(data):
                written += os.pwrite(self._file.fileno(), data[written:], at + written)
            return True

    def sync(self) -> None:
        """Wait until what was written is on the disk."""
        os.fsync(self._file.fileno())

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Keep others from writing or removing the file; waits for who does.

        Raises:
            NotHere: the file was removed meanwhile.
        """
        fcntl.flock(self._file, fcntl.LOCK_EX)
        try:
            if not os.fstat(self._file.fileno()).st_nlink:
                raise NotHere(self._path.name)
            yield
        finally:
            fcntl.flock(self._file, fcntl.LOCK_UN)

    def as_work_file(self) -> WorkFile:
        """Read the file to its end, and give it as one that can be put; to be called locked."""
        return WorkFile.of(self._path, self._file)


class PartialFiles:
    """A directory of files that come in pieces."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    @contextmanager
    def new(self, name: str) -> Iterator[None]:
        """Make an empty file, and keep it locked; it is removed if what is done meanwhile fails.

        Raises:
            OSError: the directory cannot be made or written.
        """
        self.directory.mkdir(parents=True, exist_ok=True)
        path = self.directory / name
        with self._create(path):
            try:
                yield
            except BaseException:
                path.unlink(missing_ok=True)
                raise

    @contextmanager
    def open(self, name: str) -> Iterator[PartialFile]:
        """Open a file to add to it.

        Raises:
            NotHere: there is none.
        """
        path = self.directory / name
        try:
            file = path.open("r+b")
        except FileNotFoundError:
            raise NotHere(name) from None
        with file:
            yield PartialFile(path, file)

    def names(self) -> list[str]:
        """List the files."""
        return [path.name for path in self.directory.iterdir()] if self.directory.is_dir() else []

    def remove(self, name: str) -> None:
        """Remove a file, if it is there."""
        (self.directory / name).unlink(missing_ok=True)

    def remove_unless(self, name: str, is_needed: Callable[[str], bool]) -> bool:
        """Remove a file that nobody holds a lock on and that is not needed; tell whether it was.

        Args:
            name: the file.
            is_needed: asked of its name, under the lock.
        """
        with suppress(FileNotFoundError, BlockingIOError), (self.directory / name).open("rb") as it:
            fcntl.flock(it, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if not is_needed(name):
                self.remove(name)
                return True
        return False

    def _create(self, path: Path) -> BinaryIO:
        while True:
            descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, _PRIVATE)
            file = os.fdopen(descriptor, "rb")
            fcntl.flock(file, fcntl.LOCK_EX)
            # Between its making and its locking, it may have been taken for abandoned.
            if os.fstat(descriptor).st_nlink:
                return file
            file.close()

    def free_bytes(self) -> int:
        """Tell how many bytes the disk has left for this user."""
        self.directory.mkdir(parents=True, exist_ok=True)
        return shutil.disk_usage(self.directory).free
