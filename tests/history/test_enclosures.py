"""Temporary directories of those that were killed are gone when the next one is made."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from registry.history.enclosures import make_enclosure, remove_enclosure

HOLD = "import sys; from registry.history.enclosures import make_enclosure; \
print(make_enclosure()[0], flush=True); sys.stdin.read()"


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory of temporary files of its own."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


def test_one_is_kept_while_its_maker_lives_and_cleared_after_a_kill(temporary: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as maker:
        assert maker.stdout is not None
        its = Path(maker.stdout.readline().strip())
        remove_enclosure(*make_enclosure())
        assert its.is_dir()
        maker.kill()
    mine = make_enclosure()

    assert list(temporary.iterdir()) == [mine[0]]
    remove_enclosure(*mine)


@pytest.mark.parametrize("content", [(), ("config",), ("HEAD", "refs")])
def test_one_is_cleared_whenever_its_maker_was_killed(
    temporary: Path, content: tuple[str, ...]
) -> None:
    # Just made, or half of it already removed.
    left = temporary / "registry-git-left"
    left.mkdir()
    for name in content:
        (left / name).touch()

    remove_enclosure(*make_enclosure())

    assert list(temporary.iterdir()) == []


def test_what_is_not_ours_is_left_alone(temporary: Path) -> None:
    other = temporary / "elsewhere"
    other.mkdir()
    (other / "precious").touch()
    (temporary / "registry-git-link").symlink_to(other)
    (temporary / "registry-git-file").touch()
    if os.geteuid() == 0:
        theirs = temporary / "registry-git-theirs"
        theirs.mkdir()
        os.chown(theirs, 1, 1)
    before = sorted(temporary.rglob("*"))

    remove_enclosure(*make_enclosure())

    assert sorted(temporary.rglob("*")) == before
