"""What was looked for stands until anything of it changes, and is forgotten while it may."""

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from registry.workspace.looks import Looks, Remembered, all_stand

HOUR = 3_600


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    for path in ("package/file", "package/listed/one", "package/other/file", "package/alone/file"):
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("content")
    (tmp_path / "package/other/nowhere").symlink_to("../listed/later")
    (tmp_path / "package/leading").symlink_to("listed")
    return tmp_path


@pytest.fixture
def root(directory: Path) -> Iterator[int]:
    opened = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    yield opened
    os.close(opened)


def make_older(directory: Path) -> None:
    old = time.time() - HOUR
    for path in (directory, *directory.rglob("*")):
        os.utime(path, (old, old), follow_symlinks=path.exists())


def look_around(root: int) -> Remembered | None:
    looks = Looks(root)
    assert looks.look("package/file") is not None
    assert looks.look("package/alone/file") is not None
    assert looks.look("package/leading") is not None
    assert not looks.exists("package/coverage")
    assert not looks.exists("package/reports")
    assert looks.look("package/other/nowhere") is None
    assert looks.look("package/other/missing") is None
    assert looks.look("gone/deep/file") is None
    assert looks.names("package/listed", 9) == ["one"]
    assert looks.names("package/listed/one", 9) == []
    return looks.remembered()


def stand(remembered: Remembered | None, root: int) -> bool:
    assert remembered is not None
    nothing = (None, 0, 0)
    return all_stand(root, [(path, *(mark or nothing)) for path, mark in remembered])


def replace(file: Path) -> None:
    before, other = file.stat(), file.with_name("beside")
    other.write_text(file.read_text())
    os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
    other.replace(file)


def retarget(link: Path) -> None:
    link.unlink()
    link.symlink_to("other")


CHANGES: dict[str, Callable[[Path], object]] = {
    "a file grew": lambda at: (at / "package/file").write_text("more content"),
    "a file was written": lambda at: (at / "package/file").write_text("CONTENT"),
    "a file was replaced by one of its size and time": lambda at: replace(
        at / "package/alone/file"
    ),
    "a file went": lambda at: (at / "package/file").unlink(),
    "a link leads elsewhere": lambda at: retarget(at / "package/leading"),
    "the first of several came": lambda at: (at / "package/coverage").mkdir(),
    "the second of several came": lambda at: (at / "package/reports").mkdir(),
    "the only one came": lambda at: (at / "package/other/missing").touch(),
    "a directory above came": lambda at: (at / "gone").mkdir(),
    "a link leads somewhere now": lambda at: (at / "package/listed/later").touch(),
    "a name came into a listing": lambda at: (at / "package/listed/two").touch(),
    "a name went from a listing": lambda at: (at / "package/listed/one").unlink(),
    "a directory was renamed": lambda at: (at / "package").rename(at / "moved"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_every_change_is_seen(directory: Path, root: int, change: Callable[[Path], object]) -> None:
    make_older(directory)
    remembered = look_around(root)
    assert stand(remembered, root)

    change(directory)

    assert not stand(remembered, root)


def test_what_nobody_asked_for_changes_nothing(directory: Path, root: int) -> None:
    make_older(directory)
    remembered = look_around(root)

    (directory / "package/other/file").write_text("else")
    (directory / "package/other/more").touch()

    assert stand(remembered, root)


@pytest.mark.parametrize("path", ["package/file", "package/listed", "package"])
@pytest.mark.parametrize("age", [0, -HOUR, 1])
def test_what_changed_just_now_is_not_remembered(
    directory: Path, root: int, path: str, age: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_older(directory)
    now = time.time()
    monkeypatch.setattr(time, "time_ns", lambda: int(now * 1e9))
    os.utime(directory / path, (now - age,) * 2)

    assert look_around(root) is None


def test_what_is_too_much_to_remember_is_not(directory: Path, root: int) -> None:
    make_older(directory)
    looks = Looks(root)

    for number in range(50_001):
        before, between = "/" * (number // 250 + 1), "/" * (number % 250 + 1)
        assert looks.look(f"package{before}alone{between}file") is not None

    assert looks.remembered() is None


def test_a_listing_ends_where_it_is_to_end(directory: Path, root: int) -> None:
    for name in ("two", "three", "four"):
        (directory / "package/listed" / name).touch()

    assert len(Looks(root).names("package/listed", 3) or []) == 3


@pytest.mark.parametrize("target", ["/", "..", "../..", "../../..", "/etc"])
def test_what_lies_outside_is_not_listed(directory: Path, root: int, target: str) -> None:
    (directory / "package/link").symlink_to(target)

    names = Looks(root).names("package/link", 9)

    inside = (directory / "package" / target).resolve().is_relative_to(directory)
    assert (names is not None) == inside
