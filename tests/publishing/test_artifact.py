"""An upload becomes an artifact, the same for the same files, or says why it cannot."""

import io
import json
import stat
import zipfile
import zlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.publishing.archive import MAX_RATIO, ArchiveLimits
from registry.publishing.artifact import PackageFacts, make_artifact
from registry.rules.enumerations import PackageType, VersionStatus
from registry.rules.package_files import Rejected
from registry.storage import WorkFiles
from tests.publishing.archives import (
    ATTRIBUTES,
    CRC,
    FLAGS,
    GOOD,
    HEADER,
    IDENTIFIER,
    METHOD,
    PACKED_SIZE,
    SIZE,
    make_special,
    make_zip,
    patch_directory,
)

FACTS: dict[str, Any] = {
    "identifier": IDENTIFIER,
    "name": "Example Package 1",
    "package_type": PackageType.AIRCRAFT,
    "version": "1.4.3",
    "author_id": "GPew5C4M1688712972",
    "dependencies": [["xpkg/example.package4", "*"]],
    "supports_macos": True,
    "supports_windows": False,
    "supports_linux": True,
}
LIMITS = ArchiveLimits(files=100, unpacked=100_000_000)
FILE = f"{IDENTIFIER}/file1.txt"


def process(
    upload: bytes, directory: Path, limits: ArchiveLimits = LIMITS, **facts: Any
) -> tuple[bytes, str, int]:
    """Make an artifact; give its bytes, its SHA-256 and its installed size."""
    with WorkFiles(directory).new() as work:
        size = make_artifact(io.BytesIO(upload), PackageFacts(**FACTS | facts), limits, work)
        return work.reader().read(), work.sha256, size


def reject(
    upload: bytes, directory: Path, limits: ArchiveLimits = LIMITS, **facts: Any
) -> Rejected:
    with pytest.raises(Rejected) as caught:
        process(upload, directory, limits, **facts)
    # A sentence, which may begin with a name in quotes.
    assert caught.value.reason[0].isupper() or caught.value.reason[0] in "'\""
    assert caught.value.reason.endswith(".")
    return caught.value


def test_an_artifact_is_a_manifest_and_the_files(tmp_path: Path) -> None:
    artifact, _, installed_size = process(make_zip(), tmp_path)

    with zipfile.ZipFile(io.BytesIO(artifact)) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["manifest.json", *sorted(GOOD)]
        manifest = json.loads(archive.read("manifest.json"))
        assert {name: archive.read(name) for name in GOOD} == GOOD
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert {info.external_attr >> 16 for info in archive.infolist()} == {0o100644}
        assert sum(info.file_size for info in archive.infolist()) == installed_size
    assert manifest == {
        "manifestVersion": 1,
        "packageName": "Example Package 1",
        "packageId": IDENTIFIER,
        "packageType": "aircraft",
        "packageVersion": "1.4.3",
        "authorId": "GPew5C4M1688712972",
        "dependencies": [["xpkg/example.package4", "*"]],
        "platforms": {"macOS": True, "windows": False, "linux": True},
    }
    # By which clients tell a package from other files.
    assert artifact[:4].hex() == "504b0304"


def test_the_same_files_make_the_same_bytes(tmp_path: Path) -> None:
    expected = process(make_zip(), tmp_path)
    around = {f"wrapped/{name}": content for name, content in GOOD.items()}
    others = [
        make_zip(sorted(GOOD.items(), reverse=True)),
        make_zip(method=zipfile.ZIP_STORED),
        make_zip(level=1, date=(1999, 12, 31, 23, 59, 58), mode=0o600),
        make_zip({**GOOD, f"{IDENTIFIER}/.DS_Store": b"x", f"{IDENTIFIER}/": b""}),
        make_zip(around),
        b"a program that unpacks itself" + make_zip(),
    ]

    for other in others:
        assert process(other, tmp_path) == expected
    assert process(make_zip(), tmp_path, version="1.4.4")[1] != expected[1]
    assert process(make_zip({**GOOD, "more": b""}), tmp_path)[1] != expected[1]


def test_empty_directories_are_kept(tmp_path: Path) -> None:
    artifact, _, _ = process(make_zip({f"{IDENTIFIER}/": b"", f"{IDENTIFIER}/e/": b""}), tmp_path)

    with zipfile.ZipFile(io.BytesIO(artifact)) as archive:
        assert archive.namelist() == ["manifest.json", f"{IDENTIFIER}/e/"]


DAMAGED = VersionStatus.FAILED_INVALID_FILE_TYPES
BIG = b"0" * 1_000_000


@pytest.mark.parametrize(
    "upload",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"Rar!\x1a\x07\x00" * 100, id="no zip"),
        pytest.param(make_zip()[:-30], id="cut off"),
        pytest.param(make_zip()[200:], id="without its beginning"),
        pytest.param(make_special(stat.S_IFLNK), id="a symbolic link"),
        pytest.param(make_special(stat.S_IFCHR), id="a device"),
        pytest.param(make_special(stat.S_IFIFO), id="a pipe"),
        pytest.param(make_zip({"../x": b"", **GOOD}), id="leading out"),
        pytest.param(make_zip({"/x": b"", **GOOD}), id="absolute"),
        pytest.param(make_zip({"a\\..\\..\\x": b"", **GOOD}), id="backslashes"),
        pytest.param(make_zip({FILE.upper(): b"", **GOOD}), id="a collision by case"),
        pytest.param(make_zip({**GOOD, "e\u0301": b"", "\u00e9": b""}), id="by composition"),
        pytest.param(make_zip(GOOD, method=zipfile.ZIP_BZIP2), id="another method"),
        pytest.param(make_zip(GOOD, method=zipfile.ZIP_LZMA), id="LZMA"),
        pytest.param(make_zip({**GOOD, "x/run.exe": b"MZ"}), id="a program"),
        pytest.param(patch_directory(make_zip(), FILE, FLAGS, "<H", 1), id="encrypted"),
        pytest.param(patch_directory(make_zip(), FILE, METHOD, "<H", 0), id="another method told"),
        pytest.param(patch_directory(make_zip(), FILE, METHOD, "<H", 97), id="an unknown method"),
        pytest.param(patch_directory(make_zip(), FILE, CRC, "<L", 7), id="another checksum"),
        pytest.param(patch_directory(make_zip(), FILE, SIZE, "<L", 2), id="more than declared"),
        pytest.param(patch_directory(make_zip(), FILE, SIZE, "<L", 4), id="less than declared"),
        pytest.param(patch_directory(make_zip(), FILE, PACKED_SIZE, "<L", 3), id="cut in itself"),
        pytest.param(patch_directory(make_zip(), FILE, PACKED_SIZE, "<L", 9), id="with a rest"),
        pytest.param(patch_directory(make_zip(), FILE, PACKED_SIZE, "<L", 999_999), id="beyond"),
        pytest.param(patch_directory(make_zip(), "install.ska", HEADER, "<L", 0), id="overlapping"),
        pytest.param(patch_directory(make_zip(), FILE, HEADER, "<L", 5), id="no header there"),
        pytest.param(
            patch_directory(make_zip(), FILE, ATTRIBUTES, "<L", (stat.S_IFSOCK | 7) << 16),
            id="a socket",
        ),
        pytest.param(
            make_zip({**GOOD, f"{IDENTIFIER}/d/": b"content"}), id="a directory with content"
        ),
    ],
)
def test_archives_that_are_none(upload: bytes, tmp_path: Path) -> None:
    assert reject(upload, tmp_path).status is DAMAGED


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_duplicates(tmp_path: Path) -> None:
    twice = make_zip([*GOOD.items(), (FILE, b"another")])

    assert "would be one file" in reject(twice, tmp_path).reason


@pytest.mark.parametrize(
    ("upload", "limits"),
    [
        pytest.param(make_zip({**GOOD, "a": BIG * 30}), LIMITS, id="explodes"),
        pytest.param(make_zip(), ArchiveLimits(files=2, unpacked=10**9), id="too many files"),
        pytest.param(make_zip(), ArchiveLimits(files=9, unpacked=100), id="too large"),
        pytest.param(make_zip({**GOOD, f"{'x/' * 100}y": b""}), LIMITS, id="a long path"),
        pytest.param(
            patch_directory(make_zip(), FILE, SIZE, "<L", 0xFFFFFFFE), LIMITS, id="declared so"
        ),
    ],
)
def test_archives_that_are_too_large(upload: bytes, limits: ArchiveLimits, tmp_path: Path) -> None:
    assert reject(upload, tmp_path, limits).status is VersionStatus.FAILED_FILE_TOO_LARGE


def test_a_list_that_is_too_long_is_not_even_read(tmp_path: Path) -> None:
    upload = make_zip({f"{IDENTIFIER}/{number:0100}": b"" for number in range(3_000)})

    rejected = reject(upload, tmp_path, ArchiveLimits(files=1, unpacked=10**9))

    assert rejected.status is VersionStatus.FAILED_FILE_TOO_LARGE
    assert "longer list" in rejected.reason


def test_what_unpacks_to_more_than_it_declares_is_not_unpacked_any_further(tmp_path: Path) -> None:
    upload = make_zip({**GOOD, "bomb": BIG})
    for field, value in ((SIZE, 1), (CRC, zlib.crc32(BIG[:1]))):
        upload = patch_directory(upload, "bomb", field, "<L", value)

    assert "does not end where it should" in reject(upload, tmp_path).reason


def test_little_that_packs_well_is_taken(tmp_path: Path) -> None:
    upload = make_zip({**GOOD, "a": BIG})
    assert len(BIG) > len(upload) * MAX_RATIO

    process(upload, tmp_path)


def test_programs_in_packages_that_are_for_them(tmp_path: Path) -> None:
    process(make_zip({**GOOD, "run.exe": b"MZ"}), tmp_path, package_type=PackageType.EXECUTABLE)


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"manifest.json": b"{}"}, VersionStatus.FAILED_MANIFEST_EXISTS),
        ({"__MACOSX/x": b""}, VersionStatus.FAILED_MACOSX),
    ],
)
def test_the_structure(more: dict[str, bytes], status: VersionStatus, tmp_path: Path) -> None:
    assert reject(make_zip({**GOOD, **more}), tmp_path).status is status


def test_without_the_directory(tmp_path: Path) -> None:
    rejected = reject(make_zip(), tmp_path, identifier="example.other")

    assert rejected.status is VersionStatus.FAILED_NO_FILE_DIR


ORIGINAL = make_zip()


@given(
    st.lists(
        st.tuples(st.integers(0, len(ORIGINAL) - 1), st.integers(0, 255)), min_size=1, max_size=8
    )
)
def test_any_damage_is_rejected_or_makes_no_difference(
    tmp_path_factory: pytest.TempPathFactory, damage: list[tuple[int, int]]
) -> None:
    upload = bytearray(ORIGINAL)
    for position, value in damage:
        upload[position] = value

    try:
        artifact, _, _ = process(bytes(upload), tmp_path_factory.getbasetemp() / "work")
    except Rejected:
        return
    with zipfile.ZipFile(io.BytesIO(artifact)) as archive:
        assert archive.testzip() is None
        assert set(GOOD.values()) >= {
            archive.read(name) for name in archive.namelist() if name != "manifest.json"
        }
