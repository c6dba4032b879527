"""Looking for reports ends, however much there is to look at, and tells what it left out."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from registry.rules.enumerations import ReportKind
from registry.workspace.looks import Looks
from registry.workspace.report_files import MOST_FILES, MOST_NAMES, Found, ReportFiles


@pytest.fixture(scope="module")
def crowded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a package with more files than are looked at, and many ways that lead to them."""
    directory = tmp_path_factory.mktemp("crowded")
    (directory / "package/out").mkdir(parents=True)
    for number in range(MOST_NAMES + 1):
        os.mknod(directory / f"package/out/{number}.xml")
    for number in range(50):
        (directory / f"package/ways-{number}").symlink_to("out")
    (directory / "other/out").mkdir(parents=True)
    (directory / "other/out/a.xml").touch()
    return directory


@pytest.fixture
def looks(crowded: Path) -> Iterator[Looks]:
    root = os.open(crowded, os.O_RDONLY | os.O_DIRECTORY)
    yield Looks(root)
    os.close(root)


def find(looks: Looks, package: str, pattern: str) -> Found:
    return ReportFiles({ReportKind.TESTS: pattern}, largest=1).find(looks, package)


def test_a_crowded_directory_is_looked_at_in_part(looks: Looks) -> None:
    found = find(looks, "package", "out/*.xml")

    assert len(found.files) == MOST_FILES
    crowded, many = found.problems
    assert (crowded.code, crowded.path) == ("reports_left_out", "package/out")
    assert f"{MOST_NAMES:,} names were looked at" in crowded.message
    assert many.message.startswith(f"Of {MOST_NAMES:,} tests reports only the newest {MOST_FILES}")


@pytest.mark.parametrize("pattern", ["*/*.xml", "ways-*/*", "*/none"])
def test_many_ways_to_many_files_are_looked_at_once(looks: Looks, pattern: str) -> None:
    found = find(looks, "package", pattern)

    assert len([each for each in found.problems if "names were looked at" in each.message]) <= 1
    assert len(found.files) <= MOST_FILES


def test_other_packages_are_looked_at_all_the_same(looks: Looks) -> None:
    find(looks, "package", "out/*.xml")

    assert [file.path for file in find(looks, "other", "*/*.xml").files] == ["other/out/a.xml"]
    assert find(looks, "other", "*/*.xml").problems == []
