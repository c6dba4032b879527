"""The form of a backup: a tar whose entries are each named by the SHA-256 of what is in them.

    tables/TABLE/SHA-256.jsonl.gz   some of a table's rows, one JSON array a line
    files/SHA-256                   a file of the store
    manifest/SHA-256.json           what all of it is; last

Everything is written and read as a stream, a table's rows in pieces of about a megabyte. So a
backup needs no more memory than one piece, and can be looked at with `tar` and `zcat`.
"""

import gzip
import hashlib
import io
import re
import tarfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO, Protocol, cast

import orjson
from pydantic import ValidationError

from registry.backup.manifest import Manifest

# Bytes of rows in a piece, before they are packed.
_PIECE = 1024 * 1024
# What is read of a file at once, in bytes.
_CHUNK = 256 * 1024
# Rows are mostly alike: more effort finds hardly more.
_EFFORT = 3
_PRIVATE = 0o600
_NAME = re.compile(r"(tables/[a-z_]+|files|manifest)/([0-9a-f]{64})(?:\.jsonl\.gz|\.json)?")

# Told of what is being done, how much of it is done, and of how much (None: not known).
Tell = Callable[[str, int, int | None], None]


class InvalidBackup(ValueError):
    """The file is no backup, or a damaged one; the message is a sentence for people."""


class Readable(Protocol):
    """What can be read from its beginning to its end."""

    def read(self, size: int = -1, /) -> bytes:
        """Read some bytes, or all that are left."""
        ...


@dataclass(frozen=True)
class Entry:
    """One entry: what it belongs to, the SHA-256 it should have, and its content as a stream."""

    place: str
    sha256: str
    _content: Readable

    def read(self, size: int = -1) -> bytes:
        """Read some of its content, or all that is left.

        Raises:
            InvalidBackup: the file ends before.
        """
        try:
            return self._content.read(size)
        except tarfile.TarError as error:
            raise InvalidBackup("it is cut short") from error

    @property
    def table(self) -> str | None:
        """The table of which it has rows; None for what is no table's."""
        place, _, table = self.place.partition("/")
        return table if place == "tables" else None


class BackupWriter:
    """Writes a backup into a file, from its beginning to its manifest."""

    def __init__(self, file: BinaryIO) -> None:
        self._tar = tarfile.open(fileobj=file, mode="w|", format=tarfile.PAX_FORMAT)  # noqa: SIM115 -- closed by `finish`

    def write_rows(self, table: str, rows: Iterable[list[Any]]) -> int:
        """Write a table's rows in pieces, and tell how many there were."""
        count = 0
        # Not a list of lines: each of those takes a kilobyte, however short it is.
        piece = bytearray()
        for row in rows:
            piece += orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE)
            count += 1
            if len(piece) >= _PIECE:
                self._write_piece(table, piece)
                piece.clear()
        if piece:
            self._write_piece(table, piece)
        return count

    def write_file(self, sha256: str, size: int, content: BinaryIO) -> bool:
        """Write a file of the store, and tell whether it is what its name says."""
        reader = _Hashing(content)
        self._add(f"files/{sha256}", size, cast("BinaryIO", reader))
        return reader.sha256 == sha256

    def finish(self, manifest: Manifest) -> None:
        """Write the manifest and the end."""
        content = orjson.dumps(manifest.model_dump(mode="json"), option=orjson.OPT_INDENT_2)
        self._write("manifest/{}.json", content)
        self._tar.close()

    def _write_piece(self, table: str, piece: bytearray) -> None:
        # Without a time, the same rows are the same piece.
        packed = gzip.compress(piece, _EFFORT, mtime=0)
        self._write(f"tables/{table}/{{}}.jsonl.gz", packed)

    def _write(self, name: str, content: bytes) -> None:
        sha256 = hashlib.sha256(content).hexdigest()
        self._add(name.format(sha256), len(content), io.BytesIO(content))

    def _add(self, name: str, size: int, content: BinaryIO) -> None:
        entry = tarfile.TarInfo(name)
        entry.size, entry.mode = size, _PRIVATE
        self._tar.addfile(entry, content)
        # It keeps a list of all that it wrote.
        self._tar.members.clear()  # type: ignore[attr-defined]  # its stub lacks it


class _Hashing:
    """A file that is hashed while it is read."""

    def __init__(self, file: Readable) -> None:
        self._file = file
        self._hash = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        self._hash.update(data)
        return data

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()


def read_entries(file: BinaryIO) -> Iterator[Entry]:
    """Read a backup from its beginning; an entry's content is there until the next is asked for.

    Raises:
        InvalidBackup: it is no tar, or holds what no backup holds.
    """
    file.seek(0)
    try:
        with tarfile.open(fileobj=file, mode="r|") as tar:
            for member in tar:
                named = _NAME.fullmatch(member.name)
                content = tar.extractfile(member) if member.isreg() else None
                if named is None or content is None:
                    raise InvalidBackup("it holds something that no backup of a registry holds")
                yield Entry(named[1], named[2], content)
                # It keeps a list of all that it read.
                tar.members.clear()  # type: ignore[attr-defined]  # as above
    except (tarfile.TarError, EOFError) as error:
        raise InvalidBackup(f"it is no backup, or a damaged one ({error})") from error


def read_rows(entry: Entry) -> list[list[Any]]:
    """Read the rows of a piece, once it is seen to be whole.

    Raises:
        InvalidBackup: it is damaged.
    """
    packed = entry.read()
    if hashlib.sha256(packed).hexdigest() != entry.sha256:
        raise InvalidBackup(f"rows of the table {entry.table} are damaged")
    try:
        return [orjson.loads(line) for line in gzip.decompress(packed).splitlines()]
    except (OSError, EOFError, zlib.error, orjson.JSONDecodeError) as error:
        raise InvalidBackup(f"rows of the table {entry.table} cannot be read") from error


def check_backup(file: BinaryIO, tell: Tell) -> Manifest:
    """Read all of a backup, see that it is whole and undamaged, and give its manifest.

    Raises:
        InvalidBackup: it is not; the message says what is wrong.
    """
    rows: Counter[str] = Counter()
    files = size = 0
    damaged: set[str] = set()
    manifest: Manifest | None = None
    for entry in read_entries(file):
        if manifest is not None:
            raise InvalidBackup("something follows its manifest")
        if entry.table is not None:
            rows[entry.table] += len(read_rows(entry))
        elif entry.place == "files":
            files += 1
            found, length = _hash(entry)
            size += length
            if found != entry.sha256:
                damaged.add(entry.sha256)
        else:
            manifest = _read_manifest(entry)
        tell("checking", file.tell(), None)
    if manifest is None:
        raise InvalidBackup("it has no manifest: it is cut short, or damaged")
    if damaged - set(manifest.lost):
        raise InvalidBackup(f"{len(damaged)} of its artifacts are damaged")
    if rows != Counter({table.name: table.rows for table in manifest.tables}):
        raise InvalidBackup("it has other rows than its manifest says")
    if (files, size) != (manifest.files, manifest.bytes):
        raise InvalidBackup("it has other artifacts than its manifest says")
    return manifest


def _hash(content: Readable) -> tuple[str, int]:
    reader, size = _Hashing(content), 0
    while chunk := reader.read(_CHUNK):
        size += len(chunk)
    return reader.sha256, size


def _read_manifest(entry: Entry) -> Manifest:
    content = entry.read()
    if hashlib.sha256(content).hexdigest() != entry.sha256:
        raise InvalidBackup("its manifest is damaged")
    try:
        return Manifest.model_validate_json(content)
    except ValidationError as error:
        raise InvalidBackup("its manifest is not one that this release understands") from error
