"""What every store does, and no more: files by the SHA-256 of what is in them."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO, Protocol

from registry.storage.partial_files import PartialFiles
from registry.storage.work_files import WorkFile, WorkFiles

# What is read at once, in bytes: large enough to be fast, small enough for many readers.
CHUNK = 256 * 1024


class NotStored(LookupError):
    """The store has no file with this SHA-256."""


@dataclass(frozen=True)
class StoredFile:
    """A file in the store."""

    # In hex, lower case.
    sha256: str
    # Bytes.
    size: int
    # When it was put there, the last time.
    modified: datetime


class Storage(Protocol):
    """A store of files that never change: what they are called is what they hold.

    A file is there whole or not at all, whatever is killed. Several processes may use one store.
    """

    @property
    def work_files(self) -> WorkFiles:
        """The place for files that are still being written."""
        ...

    @property
    def partial_files(self) -> PartialFiles:
        """The place for files that come in pieces: of this machine, or where the store's are."""
        ...

    def put(self, work: WorkFile) -> StoredFile:
        """Store a finished work file, durably; one that is there already counts as put anew.

        Nothing more may be written to the work file, but it can be put again as long as it is
        there. Two that put the same file at once both succeed.
        """
        ...

    def find(self, sha256: str) -> StoredFile:
        """Describe a file.

        Raises:
            NotStored: there is none.
        """
        ...

    def read(self, sha256: str, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        """Read a file, or `length` bytes of it from `start`, in chunks.

        Raises:
            NotStored: there is none; on the call, not on the first chunk.
        """
        ...

    def open(self, sha256: str) -> AbstractContextManager[BinaryIO]:
        """Open a file for reading in any order.

        Raises:
            NotStored: there is none.
        """
        ...

    def delete(self, sha256: str) -> None:
        """Remove a file; one that is not there is no error. Who reads it meanwhile may go on."""
        ...

    def files(self) -> Iterator[StoredFile]:
        """List the files, in no order; one that comes or goes meanwhile may be missing."""
        ...
