"""Makes an artifact of an uploaded archive: a manifest and the package's files, always the same.

The same files make the same bytes, whatever zipped them and whenever: entries in code point order,
one date, one mode, one level of compression, nothing else of the archive's. (Another release of
zlib may deflate to other bytes that unpack to the same.)
"""

import json
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import IO, BinaryIO, cast

from registry.publishing.archive import ArchiveLimits, open_archive
from registry.rules.package_files import BEGINNING, MANIFEST, check_program, place_files
from registry.storage import WorkFile

MANIFEST_VERSION = 1
# The earliest that a zip can hold.
_DATE = (1980, 1, 1, 0, 0, 0)
_FILE_MODE, _DIRECTORY_MODE = 0o100644, 0o040755
_DIRECTORY_ATTRIBUTE = 0x10
_UNIX = 3
_LEVEL = 6


@dataclass(frozen=True)
class PackageFacts:
    """What the manifest says of a version: nothing that its author can change later."""

    identifier: str
    name: str
    package_type: str
    version: str
    author_id: str
    # Pairs of full identifier and selection.
    dependencies: list[list[str]]
    supports_macos: bool
    supports_windows: bool
    supports_linux: bool


def make_artifact(
    upload: BinaryIO,
    facts: PackageFacts,
    limits: ArchiveLimits,
    work: WorkFile,
    *,
    go_on: Callable[[], None] = lambda: None,
) -> int:
    """Write the artifact of an upload, and tell how many bytes it takes up once installed.

    Args:
        upload: the uploaded file, which can be read in any order.
        facts: what the manifest says.
        limits: what the archive may come to.
        work: where the artifact is written, from its beginning.
        go_on: called every so often; what it raises ends the making.

    Raises:
        Rejected: the upload is none that an artifact can be made of.
        OSError: the disk is full, or fails.
    """
    manifest = write_manifest(facts)
    installed_size = len(manifest)
    with open_archive(upload, limits) as archive:
        placed = place_files([entry.name for entry in archive.entries], facts.identifier)
        # It is written from beginning to end, so that it is hashed on the way.
        with zipfile.ZipFile(cast("IO[bytes]", work), "w", compresslevel=_LEVEL) as artifact:
            artifact.writestr(_file(MANIFEST, len(manifest)), manifest)
            for each in placed:
                if each.is_directory:
                    artifact.writestr(_directory(each.path), b"")
                    continue
                entry = archive.entries[each.index]
                with artifact.open(_file(each.path, entry.size), "w") as written:
                    for chunk in _checked(archive.read(entry), each.path, facts.package_type):
                        go_on()
                        written.write(chunk)
                installed_size += entry.size
    return installed_size


def write_manifest(facts: PackageFacts) -> bytes:
    """Write the `manifest.json` that an artifact begins with."""
    document = {
        "manifestVersion": MANIFEST_VERSION,
        "packageName": facts.name,
        "packageId": facts.identifier,
        "packageType": facts.package_type,
        "packageVersion": facts.version,
        "authorId": facts.author_id,
        "dependencies": facts.dependencies,
        "platforms": {
            "macOS": facts.supports_macos,
            "windows": facts.supports_windows,
            "linux": facts.supports_linux,
        },
    }
    return json.dumps(document, indent=2, ensure_ascii=False).encode() + b"\n"


def _checked(chunks: Iterator[bytes], path: str, package_type: str) -> Iterator[bytes]:
    """Pass a file's content on, once its beginning is known to be that of no program."""
    beginning = b""
    for chunk in chunks:
        beginning += chunk
        if len(beginning) >= BEGINNING:
            break
    check_program(path, beginning[:BEGINNING], package_type)
    yield beginning
    yield from chunks


def _file(path: str, size: int) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(path, _DATE)
    # With its size known before, the format for files over 2 GiB is used for those alone.
    info.file_size = size
    info.compress_type = zipfile.ZIP_DEFLATED
    info.create_system = _UNIX
    info.external_attr = _FILE_MODE << 16
    return info


def _directory(path: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(f"{path}/", _DATE)
    info.create_system = _UNIX
    info.external_attr = _DIRECTORY_MODE << 16 | _DIRECTORY_ATTRIBUTE
    return info
