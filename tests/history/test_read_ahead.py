"""Output that is read ahead: all of it, in order, and not for longer than somebody wants it."""

import random
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from registry.history.log import BegunLog, read_log
from registry.history.read_ahead import ReadAhead
from registry.history.repository import Repository
from registry.rules.territories import Territories
from tests.history.histories import Change, Imported, Planned, git

History = Callable[..., Imported]
# More than is read ahead.
LARGE = 24 << 20


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> tuple[Repository, str, bytes]:
    """Give a repository with a large file, the file's hash and its content."""
    path = tmp_path_factory.mktemp("large")
    git(path, "init", "--quiet", "--bare", ".")
    git(path, "config", "core.compression", "0")
    content = random.Random(1).randbytes(LARGE)  # noqa: S311 -- no secret
    file = path / "content"
    file.write_bytes(content)
    blob = git(path, "hash-object", "-w", str(file)).decode().strip()
    return Repository.open(path), blob, content


def threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name == "git-output"]


def test_gives_all_output_in_order(large: tuple[Repository, str, bytes]) -> None:
    repository, blob, content = large
    output = ReadAhead(repository.start(["cat-file", "blob", blob]))

    told = b"".join(output.chunks())

    assert told == content
    repository.finish(output.process)
    output.stop()
    assert threads() == []


def test_may_be_stopped_while_git_has_more_to_say(large: tuple[Repository, str, bytes]) -> None:
    repository, blob, content = large
    output = ReadAhead(repository.start(["cat-file", "blob", blob]))
    chunk = next(output.chunks())
    assert content.startswith(chunk)

    output.stop()

    assert threads() == []
    assert list(output.chunks()) == []


def test_may_be_stopped_before_anything_was_taken(large: tuple[Repository, str, bytes]) -> None:
    repository, blob, _ = large

    ReadAhead(repository.start(["cat-file", "blob", blob])).stop()

    assert threads() == []


def test_a_begun_log_tells_what_one_tells_that_was_not(history: History) -> None:
    made = history(*(Planned((Change(f"packages/a/{number}"),)) for number in range(50)))
    repository = Repository.open(made.path)
    territories = Territories(["packages/a"])
    begun = BegunLog(repository, [made.head])

    told = list(read_log(repository, [made.head], territories, begun=begun))

    assert told == list(read_log(repository, [made.head], territories))
    assert len(told) == 50
    # It was this one that told it.
    assert list(begun.output.chunks()) == []
    assert threads() == []


def test_a_begun_log_of_another_range_is_left_alone(history: History) -> None:
    made = history(*(Planned((Change(f"packages/a/{number}"),)) for number in range(5)))
    repository = Repository.open(made.path)
    begun = BegunLog(repository, [made.head])
    revisions = [f"{made.hashes[2]}..{made.head}"]

    told = list(read_log(repository, revisions, Territories(["packages/a"]), begun=begun))

    assert [commit.hash for commit in told] == [made.head, made.hashes[3]]
    assert made.head.encode() in b"".join(begun.output.chunks())
    begun.stop()


def test_a_begun_log_takes_nothing_but_hashes(tmp_path: Path, history: History) -> None:
    repository = Repository.open(history(Planned()).path)

    with pytest.raises(ValueError, match="not a commit's full hash"):
        BegunLog(repository, ["--output=/tmp/x"])
