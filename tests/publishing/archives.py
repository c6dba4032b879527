"""Archives as authors make them, and as nobody should."""

import io
import stat
import struct
import zipfile
from collections.abc import Mapping, Sequence

IDENTIFIER = "example.package1"
GOOD: Mapping[str, bytes] = {
    f"{IDENTIFIER}/file1.txt": b"one",
    f"{IDENTIFIER}/subdir/another-file.txt": b"another" * 100,
    "install.ska": b"COPY @default TO /Aircraft\n",
}


def make_zip(
    files: Mapping[str, bytes] | Sequence[tuple[str, bytes]] = GOOD,
    *,
    method: int = zipfile.ZIP_DEFLATED,
    level: int | None = None,
    date: tuple[int, int, int, int, int, int] = (2024, 2, 29, 12, 30, 58),
    mode: int = 0o644,
) -> bytes:
    """Zip some files, as they are ordered."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items() if isinstance(files, Mapping) else files:
            info = zipfile.ZipInfo("x", date)
            # Set here, names stay as they are.
            info.filename = name
            info.external_attr = mode << 16
            archive.writestr(info, content, method, level)
    return buffer.getvalue()


def make_special(kind: int) -> bytes:
    """Zip a package with an entry of a special kind, e.g. `stat.S_IFLNK`."""
    buffer = io.BytesIO(make_zip())
    with zipfile.ZipFile(buffer, "a") as archive:
        info = zipfile.ZipInfo(f"{IDENTIFIER}/special")
        info.create_system = 3
        info.external_attr = (kind | 0o777) << 16
        archive.writestr(info, b"/etc/passwd")
    return buffer.getvalue()


SYMBOLIC_LINK = make_special(stat.S_IFLNK)


def patch_directory(archive: bytes, name: str, offset: int, layout: str, value: int) -> bytes:
    """Change one field of a file's entry in the archive's directory (APPNOTE, 4.3.12)."""
    entry = archive.index(name.encode(), archive.index(b"PK\x01\x02")) - 46
    assert archive[entry : entry + 4] == b"PK\x01\x02"
    packed = struct.pack(layout, value)
    at = entry + offset
    return archive[:at] + packed + archive[at + len(packed) :]


FLAGS, METHOD, CRC, PACKED_SIZE, SIZE, ATTRIBUTES, HEADER = 8, 10, 16, 20, 24, 38, 42
