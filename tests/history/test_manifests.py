"""The versions in manifests, one by one and by the stream."""

from collections.abc import Callable
from pathlib import Path

import pytest

from registry.history.errors import HistoryUnreadable
from registry.history.manifests import (
    LARGEST_MANIFEST,
    MISSING,
    VersionReader,
    read_versions,
    version_in,
)
from registry.history.repository import Repository
from tests.history.histories import Change, Imported, Planned, git
from tests.repositories import WorkTree

History = Callable[..., Imported]


@pytest.mark.parametrize(
    ("manifest", "version"),
    [
        (b'{"version": "1.2.3"}', "1.2.3"),
        (b'\xef\xbb\xbf{"name": "x", "version": "1.2.3"}\r\n', "1.2.3"),
        (b'{"engines": {"version": "9.9.9"}}', None),
        (b'{"engines": {"version": "9.9.9"}, "version": "1.0.0"}', "1.0.0"),
        (b'{"version": "1.0.0", "x": [{"version": "9.9.9"}]}', "1.0.0"),
        (b'{"version": "1.0.0", "version": "2.0.0"}', "2.0.0"),
        (b'{"version": "1.0.0", "version": 2}', None),
        (b'{"\\u0076ersion": "1.0.0"}', "1.0.0"),
        (b'{"description": "\\"version\\": \\"9.9.9\\""}', None),
        (b'{"version": "1.0.0", "author": "Jos\xe9"}', "1.0.0"),
        (b'{"version": "1.\xe9"}', "1.\ufffd"),
        (b'{"version": "1.0.0", "x": "\\ud800"}', "1.0.0"),
        (b'{"version": "1.\\ud800"}', "1.\ufffd"),
        (b'{"version": "1.\\u0000"}', "1.\ufffd"),
        (b'{"version": "\\ud83d\\ude00"}', "\U0001f600"),
        (b'{"version": " 1.0.0 "}', " 1.0.0 "),
        (b'{"version": "' + b"1" * 256 + b'"}', "1" * 256),
        (b'{"version": "' + b"1" * 257 + b'"}', None),
        (b'{"version": "1.0.0", "x": ' + b"9" * 5000 + b"}", "1.0.0"),
        (b'{"version": ""}', None),
        (b'{"version": null}', None),
        (b'{"version": ["1.0.0"]}', None),
        (b'{"Version": "1.0.0"}', None),
        (b'["version", "1.0.0"]', None),
        (b'"1.0.0"', None),
        (b"", None),
        (b'{"version": "1.0.0"', None),
        (b'{"version": "1.0.0", "x": NaN}', None),
        (b'{"version": "1.0.0",}', None),
        (b'// comment\n{"version": "1.0.0"}', None),
        (b'<<<<<<< HEAD\n{"version": "1.0.0"}', None),
        (b'{"version": "1.0.0", "x": ' + b"[" * 100_000, None),
        (b"../other/package.json", None),
    ],
)
def test_a_manifest_s_own_version(manifest: bytes, version: str | None) -> None:
    assert version_in(manifest) == version


def blobs_of(made: Imported) -> list[str]:
    """Give the blobs of the first file of each commit, oldest first."""
    return [
        git(made.path, "ls-tree", "-r", "--format=%(objectname)", commit).decode().split()[0]
        for commit in made.hashes
    ]


def versioned(number: int) -> Planned:
    return Planned((Change("package.json", b'{"version": "1.0.%d"}' % number),))


def test_reads_each_blob_once_in_the_order_asked(history: History) -> None:
    made = history(*(versioned(number) for number in range(5)))
    blobs = blobs_of(made)

    read = list(read_versions(Repository.open(made.path), [*reversed(blobs), *blobs]))

    assert read == [(blobs[number], f"1.0.{number}") for number in (4, 3, 2, 1, 0)]


def test_a_manifest_may_be_10_mb_and_no_more(history: History) -> None:
    frame = b'{"version": "1.0.0", "x": ""}'

    def of_size(size: int) -> Planned:
        return Planned((Change("a", frame.replace(b'""', b'"%s"' % (b"x" * (size - len(frame))))),))

    made = history(
        versioned(1), of_size(LARGEST_MANIFEST), of_size(LARGEST_MANIFEST + 1), versioned(2)
    )
    first, largest, larger, _ = blobs_of(made)
    last = git(made.path, "rev-parse", "HEAD:package.json").decode()

    read = list(read_versions(Repository.open(made.path), [first, largest, larger, last]))

    assert [version for _, version in read] == ["1.0.1", "1.0.0", None, "1.0.2"]


def test_what_is_no_blob_has_no_version(history: History) -> None:
    made = history(versioned(1))
    tree = git(made.path, "rev-parse", "HEAD^{tree}").decode()
    (blob,) = blobs_of(made)

    read = list(read_versions(Repository.open(made.path), [tree, made.head, blob]))

    assert [version for _, version in read] == [None, None, "1.0.1"]


def test_tells_a_blob_that_is_not_here_from_one_without_version(
    history: History, tmp_path: Path
) -> None:
    made = history(versioned(1), Planned((Change("package.json", b"{}"),)))
    git(made.path, "config", "uploadpack.allowFilter", "true")
    clone = ("clone", "--quiet", "--filter=blob:none", made.path.as_uri(), "partial")
    git(tmp_path, *clone)

    read = list(read_versions(Repository.open(tmp_path / "partial"), blobs_of(made)))

    assert [version for _, version in read] == [MISSING, None]


def test_answers_come_with_their_keys_while_others_are_asked_for(history: History) -> None:
    made = history(*(versioned(number) for number in range(3)))
    blobs = blobs_of(made) * 2_000
    found: list[tuple[int, object]] = []

    with VersionReader[int](Repository.open(made.path)) as versions:
        for key, blob in enumerate(blobs):
            versions.submit(blob, key)
            found.extend(versions.ready())
        found.extend(versions.finish())

    assert found == [(key, f"1.0.{key % 3}") for key in range(6_000)]


def test_starts_nothing_where_no_manifest_changed(history: History, tmp_path: Path) -> None:
    repository = Repository.open(history(versioned(1)).path)

    with VersionReader[str](repository) as versions:
        assert list(versions.ready()) == []
        assert list(versions.finish()) == []
    assert list(read_versions(repository, [])) == []


def test_may_be_left_before_the_end(history: History) -> None:
    made = history(versioned(1))
    (blob,) = blobs_of(made)

    with VersionReader[int](Repository.open(made.path)) as versions:
        for key in range(3_000):
            versions.submit(blob, key)


@pytest.mark.parametrize("blob", ["", "HEAD:package.json", "1" * 39, "1" * 40 + "\n"])
def test_only_hashes_are_asked_for(history: History, blob: str) -> None:
    with (
        VersionReader[int](Repository.open(history(versioned(1)).path)) as versions,
        pytest.raises(ValueError, match="not a commit's full hash"),
    ):
        versions.submit(blob, 1)


def damaged(tmp_path: Path, *, cut_to: int) -> tuple[Repository, str, str]:
    """Make a repository of two manifests, and cut the first one's object file to some bytes."""
    tree = WorkTree(tmp_path / "tree")
    noise = "".join(chr(33 + number * 7 % 90) for number in range(5_000))
    blobs = []
    for version in ("1.0.1", "1.0.2"):
        tree.package(".", version=version, noise=noise)
        tree.commit(version)
        blobs.append(tree.git("rev-parse", "HEAD:package.json"))
    file = tree.path / ".git" / "objects" / blobs[0][:2] / blobs[0][2:]
    content = file.read_bytes()
    file.unlink()
    file.write_bytes(content[:cut_to])
    return Repository.open(tree.path), blobs[0], blobs[1]


def test_a_blob_that_is_broken_from_its_start_is_as_good_as_missing(tmp_path: Path) -> None:
    repository, broken, whole = damaged(tmp_path, cut_to=0)

    read = list(read_versions(repository, [whole, broken]))

    assert read == [(whole, "1.0.2"), (broken, MISSING)]


def test_a_blob_that_breaks_off_is_an_error_of_the_history(tmp_path: Path) -> None:
    repository, broken, whole = damaged(tmp_path, cut_to=100)

    # More than any buffer holds, so that git is gone while it is still being asked.
    def read_on() -> None:
        with VersionReader[int](repository) as versions:
            for key in range(20_000):
                versions.submit(broken if key == 1 else whole, key)
            list(versions.finish())

    with pytest.raises(HistoryUnreadable) as problem:
        read_on()

    assert broken in problem.value.reason
    assert str(tmp_path) not in problem.value.detail


def test_goes_on_saying_why_git_is_gone(tmp_path: Path) -> None:
    repository, broken, _ = damaged(tmp_path, cut_to=100)

    with VersionReader[int](repository) as versions:

        def wait_until_gone() -> None:
            while True:
                list(versions.ready())

        # Enough that some reach git, and the rest waits to be sent when it is gone.
        for key in range(250):
            versions.submit(broken, key)
        with pytest.raises(HistoryUnreadable):
            wait_until_gone()
        with pytest.raises(HistoryUnreadable):
            list(versions.finish())
