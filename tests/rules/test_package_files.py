"""Names and places of a package's files: the document's structure, and what no name may be."""

import pytest

from registry.rules.enumerations import PackageType, VersionStatus
from registry.rules.package_files import (
    MAX_PATH_LENGTH,
    Rejected,
    check_names,
    check_program,
    place_files,
)

ID = "arkin.test_package"


def paths(names: list[str]) -> list[str]:
    placed = place_files(names, ID)
    assert [name for each in placed for name in [names[each.index]] if each.path not in name] == []
    return [each.path + "/" * each.is_directory for each in placed]


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        pytest.param(
            [f"{ID}/file1.txt", f"{ID}/subdir/b.txt", "install.ska", "uninstall.ska"],
            [f"{ID}/file1.txt", f"{ID}/subdir/b.txt", "install.ska", "uninstall.ska"],
            id="the document's own",
        ),
        pytest.param(
            ["My package/", f"My package/{ID}/a", "My package/install.ska"],
            [f"{ID}/a", "install.ska"],
            id="one directory around all",
        ),
        pytest.param(
            [f"around/{ID}/", ".DS_Store"], [f"{ID}/"], id="an empty directory in another"
        ),
        pytest.param([f"{ID}/"], [f"{ID}/"], id="an empty directory"),
        pytest.param(
            [f"{ID}/b", f"{ID}/", f"{ID}/empty/", f"{ID}/B", "more/x"],
            [f"{ID}/B", f"{ID}/b", f"{ID}/empty/", "more/x"],
            id="ordered, without directories that something is in",
        ),
        pytest.param(
            [f"{ID}/.DS_Store", f"{ID}/x/Desktop.ini", f"{ID}/Thumbs.db", f"{ID}/a"],
            [f"{ID}/a"],
            id="what file managers leave behind goes",
        ),
        pytest.param(
            [f"{ID}/{ID}/a", f"{ID}/b"], [f"{ID}/{ID}/a", f"{ID}/b"], id="the same name inside"
        ),
        pytest.param(
            [f"{ID}/manifest.json", f"{ID}/a"],
            [f"{ID}/a", f"{ID}/manifest.json"],
            id="a manifest in the directory",
        ),
    ],
)
def test_places(names: list[str], expected: list[str]) -> None:
    assert paths(names) == expected


@pytest.mark.parametrize(
    ("names", "status"),
    [
        ([], VersionStatus.FAILED_NO_FILE_DIR),
        (["file.txt"], VersionStatus.FAILED_NO_FILE_DIR),
        ([ID], VersionStatus.FAILED_NO_FILE_DIR),
        ([f"{ID.upper()}/a"], VersionStatus.FAILED_NO_FILE_DIR),
        ([f"a/b/{ID}/x"], VersionStatus.FAILED_NO_FILE_DIR),
        ([f"a/{ID}/x", "b/x"], VersionStatus.FAILED_NO_FILE_DIR),
        ([f"a/{ID}/x", "readme.txt"], VersionStatus.FAILED_NO_FILE_DIR),
        ([f"a/{ID}"], VersionStatus.FAILED_NO_FILE_DIR),
        ([f"{ID}/a", "manifest.json"], VersionStatus.FAILED_MANIFEST_EXISTS),
        ([f"{ID}/a", "Manifest.JSON"], VersionStatus.FAILED_MANIFEST_EXISTS),
        ([f"{ID}/a", "manifest.json/b"], VersionStatus.FAILED_MANIFEST_EXISTS),
        ([f"x/{ID}/a", "x/manifest.json"], VersionStatus.FAILED_MANIFEST_EXISTS),
        ([f"{ID}/a", "__MACOSX/._a"], VersionStatus.FAILED_MACOSX),
        (["__MACOSX/"], VersionStatus.FAILED_MACOSX),
        ([f"{ID}/a", f"{ID}/__macosx/b"], VersionStatus.FAILED_MACOSX),
        ([f"{ID}/a", f"{ID}/._a"], VersionStatus.FAILED_MACOSX),
    ],
)
def test_another_structure(names: list[str], status: VersionStatus) -> None:
    with pytest.raises(Rejected) as caught:
        place_files(names, ID)

    assert caught.value.status is status
    assert caught.value.reason.endswith(".")


def test_a_manifest_that_is_a_directory_is_in_the_way() -> None:
    with pytest.raises(Rejected):
        place_files([f"{ID}/a", "manifest.json/"], ID)


@pytest.mark.parametrize(
    "name",
    [
        "../a",
        "a/../b",
        "a/..",
        "..",
        ".",
        "./a",
        "/etc/passwd",
        "//server/share",
        "a//b",
        "a/./b",
        "",
        "/",
        "a\\b",
        "..\\a",
        "C:/a",
        "C:a",
        "a:stream",
        "a\0b",
        "a\nb",
        "a\x7f",
        "a\ud800",
        "\u202e\x01",
    ],
)
def test_names_that_lead_out_or_hide(name: str) -> None:
    with pytest.raises(Rejected) as caught:
        check_names(["good/file", name])

    assert caught.value.status is VersionStatus.FAILED_INVALID_FILE_TYPES
    assert caught.value.reason.isprintable()


@pytest.mark.parametrize(
    "names",
    [
        ["a", "a"],
        ["a", "A"],
        ["dir/a", "DIR/a"],
        ["dir/a", "DIR/b"],
        ["caf\u00e9", "cafe\u0301"],
        ["stra\u00dfe", "STRASSE"],
        ["\u212a", "k"],
        ["a", "a/b"],
        ["a/b", "a"],
        ["a", "a/"],
        ["A/b", "a"],
        ["a/b/c", "a/B"],
    ],
)
def test_names_that_would_be_one_file(names: list[str]) -> None:
    with pytest.raises(Rejected, match="would be one file"):
        check_names(names)


@pytest.mark.parametrize(
    "names",
    [
        ["a", "b"],
        ["a/", "a/b", "a/c"],
        ["a/b", "a/"],
        ["a/", "a/"],
        ["...", "a..b", ".hidden", "a b", "\u00e9/\u65e5\u672c"],
    ],
)
def test_names_that_go_together(names: list[str]) -> None:
    check_names(names)


def test_the_longest_path() -> None:
    check_names(["\u00e9" * (MAX_PATH_LENGTH // 2)])

    with pytest.raises(Rejected) as caught:
        check_names(["\u00e9" * (MAX_PATH_LENGTH // 2) + "e"])
    assert caught.value.status is VersionStatus.FAILED_FILE_TOO_LARGE
    assert len(caught.value.reason) < 200


@pytest.mark.parametrize(
    ("path", "beginning", "is_program"),
    [
        ("x/run.exe", b"", True),
        ("x/Setup.MSI", b"text", True),
        ("x/tool", b"\x7fELF", True),
        ("x/tool.dat", b"MZ\x90\0", True),
        ("x/tool", b"\xcf\xfa\xed\xfe", True),
        ("x/install", b"#!/b", True),
        ("64/lin.xpl", b"\x7fELF", False),
        ("64/win.xpl", b"MZ\x90\0", False),
        ("x/libfoo.so.1.2", b"\x7fELF", False),
        ("x/foo.DLL", b"MZ\x90\0", False),
        ("x/init.lua", b"prin", False),
        ("x/readme.txt", b"", False),
        ("install.ska", b"COPY", False),
        ("x/M", b"M", False),
    ],
)
def test_programs(path: str, beginning: bytes, is_program: bool) -> None:
    check_program(path, beginning, PackageType.EXECUTABLE)
    if not is_program:
        check_program(path, beginning, PackageType.PLUGIN)
        return
    with pytest.raises(Rejected, match="is a program"):
        check_program(path, beginning, PackageType.PLUGIN)
