"""Reads an uploaded zip, which may be anything: bounded before, and held to its word while read.

Of the format (PKWARE's APPNOTE) only what packages need is taken: entries that are stored or
deflated, one after the other, none encrypted. The directory at the archive's end says what there
is; each entry's own header only where its bytes begin. Nothing is ever unpacked to a disk.
"""

import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO

from registry.rules.enumerations import VersionStatus
from registry.rules.package_files import Rejected, check_names, show_name

# Most unpacked bytes for each one of the archive, where they are more than `_SMALL`. Files of a
# simulator reach 20; deflate itself ends at 1,032.
MAX_RATIO = 200
_SMALL = 10 * 1024 * 1024

_CHUNK = 256 * 1024
# What a directory may hold for each entry that is allowed: 46 bytes, a path, some extra fields.
_DIRECTORY_BYTES_PER_ENTRY = 512
_END_BYTES = 128 * 1024

_LOCAL_HEADER = struct.Struct("<4s22xHH")
_LOCAL_SIGNATURE = b"PK\x03\x04"
_ENCRYPTED = 0x1 | 0x40
_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}

# What `zipfile` raises for archives that are none; of some it reads fields before it checks them.
_DAMAGED = (
    zipfile.BadZipFile,
    NotImplementedError,
    struct.error,
    ValueError,
    OverflowError,
    EOFError,
    OSError,
)


@dataclass(frozen=True)
class ArchiveLimits:
    """What an archive may come to."""

    files: int
    # Bytes.
    unpacked: int


@dataclass(frozen=True)
class ArchiveEntry:
    """A file or directory in an archive, as the archive declares it."""

    # A directory's ends with `/`.
    name: str
    # Bytes, unpacked.
    size: int
    _start: int
    _packed_size: int
    _crc: int
    _deflated: bool


class Archive:
    """An archive whose directory was read and checked."""

    def __init__(self, file: BinaryIO, entries: list[ArchiveEntry]) -> None:
        self._file = file
        self.entries = entries

    def read(self, entry: ArchiveEntry) -> Iterator[bytes]:
        """Unpack an entry, in chunks, never more than it declares.

        Raises:
            Rejected: it is not what it declares: longer, shorter, or with another checksum.
        """
        unpack = _inflate if entry._deflated else _copy  # noqa: SLF001 -- this module's own class
        size, crc = 0, 0
        self._file.seek(entry._start)  # noqa: SLF001 -- as above
        for chunk in unpack(self._file, entry._packed_size, entry.size):  # noqa: SLF001 -- as above
            size += len(chunk)
            crc = zlib.crc32(chunk, crc)
            yield chunk
        if size != entry.size or crc != entry._crc:  # noqa: SLF001 -- as above
            raise _damaged(f"{show_name(entry.name)} is not what the archive says of it")


@contextmanager
def open_archive(file: BinaryIO, limits: ArchiveLimits) -> Iterator[Archive]:
    """Read an archive's directory, and see that all it declares is within bounds.

    Args:
        file: the uploaded file, which can be read in any order.
        limits: what it may come to.

    Raises:
        Rejected: it is no zip, or one that is not taken; also while its entries are read.
    """
    packed_size = file.seek(0, 2)
    infos, directory_start = _read_directory(file, limits)
    if len(infos) > limits.files:
        raise _too_large(f"has {len(infos):,} files, more than {limits.files:,}")
    for info in infos:
        _check_entry(info)
    check_names([info.orig_filename for info in infos])
    unpacked = sum(info.file_size for info in infos)
    if unpacked > limits.unpacked:
        raise _too_large(f"unpacks to {unpacked:,} bytes, more than {limits.unpacked:,}")
    if unpacked > max(_SMALL, packed_size * MAX_RATIO):
        raise _too_large(f"unpacks to more than {MAX_RATIO} times its size")
    yield Archive(file, _locate(file, infos, directory_start))


class _BoundedReader:
    """The file, for `zipfile`, which reads the whole directory at once however long it is."""

    def __init__(self, file: BinaryIO, limits: ArchiveLimits) -> None:
        self._file = file
        self._most = limits.files * _DIRECTORY_BYTES_PER_ENTRY + _END_BYTES
        self.seek, self.tell = file.seek, file.tell

    def read(self, size: int = -1) -> bytes:
        if size > self._most:
            raise _too_large("has a longer list of files than is taken")
        # Without a size it asks for the end of the file, no more than 64 KiB and a little.
        return self._file.read(self._most if size < 0 else size)


def _read_directory(file: BinaryIO, limits: ArchiveLimits) -> tuple[list[zipfile.ZipInfo], int]:
    try:
        with zipfile.ZipFile(_BoundedReader(file, limits)) as archive:
            return archive.infolist(), archive.start_dir
    except _DAMAGED:
        raise _damaged("The file is no zip archive, or a damaged one") from None


def _check_entry(info: zipfile.ZipInfo) -> None:
    shown = show_name(info.orig_filename)
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind == stat.S_IFLNK:
        raise _damaged(f"{shown} is a symbolic link, which packages cannot have")
    if kind not in {0, stat.S_IFREG, stat.S_IFDIR}:
        raise _damaged(f"{shown} is a device or a pipe, which packages cannot have")
    if info.flag_bits & _ENCRYPTED:
        raise _damaged(f"{shown} is encrypted, and cannot be checked")
    if info.compress_type not in _METHODS:
        raise _damaged(f"{shown} is packed by another method than deflate")
    if info.orig_filename.endswith("/") and info.file_size:
        raise _damaged(f"{shown} is a directory with a content of its own")


def _locate(
    file: BinaryIO, infos: list[zipfile.ZipInfo], directory_start: int
) -> list[ArchiveEntry]:
    """Find where the entries' bytes begin, and see that no two have any in common."""
    found: dict[int, ArchiveEntry] = {}
    end = 0
    for position, info in sorted(enumerate(infos), key=lambda each: each[1].header_offset):
        begin = info.header_offset
        if begin < end:
            raise _damaged(f"{show_name(info.orig_filename)} shares its bytes with another file")
        file.seek(begin)
        header = file.read(_LOCAL_HEADER.size)
        if len(header) < _LOCAL_HEADER.size or not header.startswith(_LOCAL_SIGNATURE):
            raise _damaged(f"{show_name(info.orig_filename)} is not where the archive says")
        _, name_length, extra_length = _LOCAL_HEADER.unpack(header)
        start = begin + _LOCAL_HEADER.size + name_length + extra_length
        end = start + info.compress_size
        if end > directory_start:
            raise _damaged(f"{show_name(info.orig_filename)} reaches beyond the archive's files")
        found[position] = ArchiveEntry(
            name=info.orig_filename,
            size=info.file_size,
            _start=start,
            _packed_size=info.compress_size,
            _crc=info.CRC,
            _deflated=info.compress_type == zipfile.ZIP_DEFLATED,
        )
    return [found[position] for position in range(len(infos))]


def _inflate(file: BinaryIO, packed_size: int, size: int) -> Iterator[bytes]:
    """Inflate a raw stream that must end with its bytes, and give at most one byte too many."""
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    left, given = packed_size, 0
    try:
        while not inflater.eof and given <= size:
            packed = inflater.unconsumed_tail
            if not packed and left:
                packed = file.read(min(_CHUNK, left))
                left -= len(packed)
            chunk = inflater.decompress(packed, min(_CHUNK, size - given + 1))
            if not chunk and not packed:
                break
            given += len(chunk)
            if chunk:
                yield chunk
    except zlib.error:
        raise _damaged("The archive is damaged: a file in it cannot be unpacked") from None
    if not inflater.eof or left or inflater.unused_data:
        raise _damaged("The archive is damaged: a file in it does not end where it should")


def _copy(file: BinaryIO, packed_size: int, size: int) -> Iterator[bytes]:
    left = packed_size if packed_size == size else 0
    while left and (chunk := file.read(min(_CHUNK, left))):
        left -= len(chunk)
        yield chunk


def _damaged(reason: str) -> Rejected:
    return Rejected(VersionStatus.FAILED_INVALID_FILE_TYPES, f"{reason}.")


def _too_large(what: str) -> Rejected:
    return Rejected(VersionStatus.FAILED_FILE_TOO_LARGE, f"The archive {what}.")
