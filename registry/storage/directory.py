"""A store in a directory: `ab/cd/abcd…`, each file named after its SHA-256.

A file gets its name, a second one beside its name as a work file, after it was synced, and the
directory is synced after that: after a power cut, what was put is there whole (man 2 fsync).
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from registry.storage.behaviour import CHUNK, NotStored, StoredFile
from registry.storage.durable import sync_directory
from registry.storage.partial_files import PartialFiles
from registry.storage.work_files import WorkFile, WorkFiles

_HEX = frozenset("0123456789abcdef")
_SHA256_LENGTH = 64


class DirectoryStorage:
    """Files in a directory of this machine, or of one that is mounted on all."""

    def __init__(self, root: Path) -> None:
        self._root = root
        # On the same disk as the files, so that a name is all that they still need.
        self.work_files = WorkFiles(root / "work")
        self.partial_files = PartialFiles(root / "uploads")

    def put(self, work: WorkFile) -> StoredFile:
        """Store a finished work file: sync it, name it, sync the directory."""
        work.sync()
        path = self._path(work.sha256)
        self._make_directory(path.parent)
        while True:
            try:
                path.hardlink_to(work.path)
            except FileExistsError:
                # Put before, with the same content. Unless it is removed just now, that will do.
                with suppress(FileNotFoundError):
                    os.utime(path)
                    break
            else:
                break
        sync_directory(path.parent)
        return StoredFile(work.sha256, work.size, datetime.now(UTC))

    def find(self, sha256: str) -> StoredFile:
        """Describe a file."""
        try:
            found = self._path(sha256).stat()
        except FileNotFoundError:
            raise NotStored(sha256) from None
        return StoredFile(sha256, found.st_size, datetime.fromtimestamp(found.st_mtime, UTC))

    def read(self, sha256: str, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        """Read a file or a part of it, in chunks."""
        file = self._open(sha256)
        file.seek(start)
        return _chunks(file, length)

    @contextmanager
    def open(self, sha256: str) -> Iterator[BinaryIO]:
        """Open a file for reading in any order."""
        with self._open(sha256) as file:
            yield file

    def delete(self, sha256: str) -> None:
        """Remove a file, if it is there."""
        self._path(sha256).unlink(missing_ok=True)

    def files(self) -> Iterator[StoredFile]:
        """List the files; what else lies in the directory is none of them."""
        for path in self._root.glob("??/??/*"):
            if len(path.name) == _SHA256_LENGTH and _HEX.issuperset(path.name):
                try:
                    yield self.find(path.name)
                except NotStored:
                    continue

    def _path(self, sha256: str) -> Path:
        # The name of a file comes from a database, and is still not let out of the directory.
        if len(sha256) != _SHA256_LENGTH or not _HEX.issuperset(sha256):
            raise NotStored(sha256)
        return self._root / sha256[:2] / sha256[2:4] / sha256

    def _open(self, sha256: str) -> BinaryIO:
        try:
            return self._path(sha256).open("rb")
        except FileNotFoundError:
            raise NotStored(sha256) from None

    def _make_directory(self, directory: Path) -> None:
        """Make a directory whose own name survives a power cut."""
        if directory.is_dir():
            return
        self._make_directory(directory.parent)
        directory.mkdir(exist_ok=True)
        sync_directory(directory.parent)


def _chunks(file: BinaryIO, length: int | None) -> Iterator[bytes]:
    with file:
        left = length
        while left is None or left > 0:
            chunk = file.read(CHUNK if left is None else min(CHUNK, left))
            if not chunk:
                return
            if left is not None:
                left -= len(chunk)
            yield chunk
