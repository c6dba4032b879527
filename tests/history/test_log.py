"""The log: every commit, its owners and its manifests, told exactly as git has them."""

from collections.abc import Callable
from pathlib import Path

import pytest

from registry.history.errors import HistoryIncomplete, HistoryUnreadable
from registry.history.log import LoggedCommit, read_log
from registry.history.repository import Repository
from registry.rules.territories import Territories
from tests.history.histories import Change, Imported, Planned, git
from tests.repositories import WorkTree

History = Callable[..., Imported]
PACKAGES = ("packages/a", "packages/a/nested", "packages/b")


def tell(
    path: Path,
    *revisions: str,
    packages: tuple[str, ...] = PACKAGES,
    pathspecs: tuple[str, ...] = (),
) -> list[LoggedCommit]:
    repository = Repository.open(path)
    return list(
        read_log(
            repository,
            list(revisions or [repository.head().commit]),
            Territories(packages),
            pathspecs=pathspecs,
        )
    )


def test_tells_commits_newest_first_with_owners_and_manifests(history: History) -> None:
    made = history(
        Planned((Change("README"), Change("packages/a/package.json", b"{}")), seconds=10),
        Planned((Change("packages/a/x.js"), Change("packages/b/y/z.js")), seconds=20, authored=15),
        Planned((Change("packages/a/nested/package.json", b"[]"),), seconds=30, subject=b"last"),
    )

    newest, middle, oldest = tell(made.path)

    blob = git(made.path, "rev-parse", "HEAD:packages/a/nested/package.json").decode()
    assert newest == LoggedCommit(
        made.head, False, 30, 30, "Ada", "ada@example.org", "last", (1,), ((1, blob),)
    )
    assert (middle.hash, middle.committed, middle.authored) == (made.hashes[1], 20, 15)
    assert middle.owners == (0, 2)
    assert middle.manifests == ()
    assert oldest.owners == (0,)
    assert [index for index, _ in oldest.manifests] == [0]


def test_tells_merges_and_commits_without_files_but_of_no_package(history: History) -> None:
    made = history(
        Planned((Change("packages/a/x"),)),
        Planned((Change("packages/b/x"),), parents=(0,)),
        Planned((Change("packages/a/y"),), parents=(0,)),
        Planned((Change("packages/a/evil"),), parents=(2, 1), seconds=1_700_000_000),
        Planned(seconds=1_700_000_001),
    )

    commits = {commit.hash: commit for commit in tell(made.path)}

    merge, empty = commits[made.hashes[3]], commits[made.hashes[4]]
    assert len(commits) == 5
    assert (merge.merge, merge.owners, merge.manifests) == (True, (), ())
    assert (empty.merge, empty.owners) == (False, ())


def test_an_empty_repository_tells_nothing(tmp_path: Path) -> None:
    repository = Repository.open(WorkTree(tmp_path / "empty").path)

    assert repository.head().commit == ""
    assert list(read_log(repository, [], Territories(PACKAGES))) == []


@pytest.mark.parametrize("revision", ["HEAD", "--all", "main", "", "..", "abc", "HEAD..main"])
def test_only_hashes_reach_git(history: History, revision: str) -> None:
    repository = Repository.open(history(Planned()).path)

    with pytest.raises(ValueError, match="not a commit's full hash"):
        read_log(repository, [revision], Territories(PACKAGES))


def test_a_range_tells_what_the_old_head_lacks(history: History) -> None:
    made = history(
        Planned((Change("packages/a/x"),)), Planned(), Planned((Change("packages/b/x"),))
    )

    told = tell(made.path, f"{made.hashes[0]}..{made.head}")

    assert [commit.hash for commit in told] == [made.hashes[2], made.hashes[1]]
    assert told == tell(made.path, made.head, f"^{made.hashes[0]}")


def test_pathspecs_keep_to_packages(history: History) -> None:
    made = history(
        Planned((Change("packages/a/x"), Change("packages/b/x"))),
        Planned((Change("packages/a/nested/x"),)),
        Planned((Change("packages/[ab]/x"),)),
        Planned((Change("other"),)),
    )
    packages = (*PACKAGES, "packages/[ab]")

    def owners(*pathspecs: str) -> dict[str, tuple[int, ...]]:
        told = tell(made.path, packages=packages, pathspecs=pathspecs)
        return {commit.hash: commit.owners for commit in told}

    assert owners("packages/a") == {made.hashes[0]: (0,)}
    assert owners("packages/[ab]") == {made.hashes[2]: (3,)}
    assert owners("packages/a/nested", "packages/b") == {made.hashes[0]: (2,), made.hashes[1]: (1,)}
    with pytest.raises(ValueError, match="not in"):
        owners("packages/none")


def test_many_pathspecs_tell_the_same_as_few(history: History) -> None:
    packages = tuple(f"packages/p{number}" for number in range(60))
    made = history(*(Planned((Change(f"{package}/x"), Change("y"))) for package in packages))

    told = tell(made.path, packages=packages, pathspecs=packages[:50])

    assert [commit.owners for commit in told] == [(number,) for number in range(49, -1, -1)]


def test_subjects_hold_every_byte_that_git_allows(history: History) -> None:
    subject = bytes(byte for byte in range(1, 256) if byte not in b"\n\r") + b"|;%H%x00"
    made = history(
        Planned(subject=b"a" + subject + b"z\nsecond line\n\nbody"), Planned(subject=b"")
    )

    empty, full = tell(made.path)

    told = git(made.path, "log", "-1", "--format=%s", "--encoding=UTF-8", made.hashes[0])
    assert full.subject == told.decode("utf-8", "replace")
    assert full.subject.startswith("a\x01\x02")
    assert full.subject.endswith("z second line")
    assert empty.subject == ""


@pytest.mark.parametrize(
    ("written", "encoding", "told"),
    [
        ("Žofie|O'Neil".encode(), b"", "Žofie|O'Neil"),
        ("José".encode("latin-1"), b"iso-8859-1", "José"),
        ("José".encode("latin-1"), b"", "Jos\ufffd"),
        ("山田".encode("shift_jis"), b"shift_jis", "山田"),
        (b"\xed\xa0\x80", b"", "\ufffd\ufffd\ufffd"),
        (b"Jos\xe9", b"no-such-encoding", "Jos\ufffd"),
    ],
)
def test_texts_in_any_encoding(
    history: History, written: bytes, encoding: bytes, told: str
) -> None:
    author = written + b" <" + written + b"@x>"
    made = history(Planned(subject=written, author=author, encoding=encoding))

    (commit,) = tell(made.path)

    assert (commit.subject, commit.author_name, commit.author_email) == (told, told, f"{told}@x")


def test_authors_are_told_as_written_not_as_mapped(history: History) -> None:
    mailmap = Change(".mailmap", b"New Name <new@example.org> <ada@example.org>\n")
    made = history(Planned((mailmap,)))

    (commit,) = tell(made.path)

    assert (commit.author_name, commit.author_email) == ("Ada", "ada@example.org")


@pytest.mark.parametrize(
    ("seconds", "told"),
    [("0", 0), ("1", 1), ("99999999999", 99999999999), ("9" * 18, 1 << 40), ("9" * 5000, 1 << 40)],
)
def test_dates_out_of_range(history: History, seconds: str, told: int) -> None:
    made = history(Planned())

    commit = write_commit(made, f"A <a> {seconds} +0000", f"C <c> {seconds} +0000")

    assert [(c.committed, c.authored) for c in tell(made.path, commit)] == [(told, told)]


def test_a_commit_without_author_or_date_is_told(history: History) -> None:
    made = history(Planned())

    (commit,) = tell(made.path, write_commit(made, "garbled", "garbled"))

    assert (commit.author_name, commit.committed, commit.subject) == ("", 0, "by hand")


def write_commit(made: Imported, author: str, committer: str) -> str:
    tree = git(made.path, "rev-parse", "HEAD^{tree}").decode()
    text = f"tree {tree}\nauthor {author}\ncommitter {committer}\n\nby hand\n"
    arguments = ("hash-object", "-t", "commit", "-w", "--literally", "--stdin")
    return git(made.path, *arguments, given=text.encode()).decode()


@pytest.mark.parametrize("size", [1, 2, 41, 100, 1_000])
def test_the_same_is_told_however_it_comes(
    history: History, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    packages = tuple(f"packages/{number}" for number in range(30))
    manifests = tuple(Change(f"{package}/package.json", b"{}") for package in packages)
    made = history(
        Planned(manifests, subject=b"many"),
        Planned(subject=b"s" * 2_000),
        Planned((Change("packages/3/x"), Change("packages/5/x"), Change("packages/x"))),
        Planned(subject=b""),
    )
    expected = tell(made.path, packages=packages)
    assert expected[-1].owners == tuple(range(30))
    assert sorted(owner for owner, _ in expected[-1].manifests) == list(range(30))

    monkeypatch.setattr("registry.history.read_ahead._CHUNK", size)

    assert tell(made.path, packages=packages) == expected


def test_what_is_longer_than_a_chunk(history: History) -> None:
    files = tuple(Change(f"packages/a/{number:05}{'f' * 60}") for number in range(8_000))
    manifest = Change("packages/b/package.json", b"{}")
    made = history(Planned((*files, manifest)), Planned(subject=b"s" * 3_000_000))

    long, many = tell(made.path)

    assert long.subject == "s" * 3_000_000
    assert (many.owners, [owner for owner, _ in many.manifests]) == ((0, 2), [2])


def test_a_manifest_is_a_file_that_came_or_changed(history: History) -> None:
    path = "packages/a/package.json"
    made = history(
        Planned((Change(path, b"{}"),)),
        Planned((Change(path, b"{}", "100755"),)),
        Planned((Change(path, b"../x", "120000"),)),
        Planned((Change(path, b"1" * 40, "160000"),)),
        Planned((Change(path, None),)),
        Planned((Change("packages/a/deep/package.json", b"{}"), Change("package.json", b"{}"))),
    )

    told = list(reversed(tell(made.path)))

    assert [len(commit.manifests) for commit in told] == [1, 1, 0, 0, 0, 0]
    assert [commit.owners for commit in told] == [(0,)] * 6


def test_submodules_swaps_and_case_only_renames(history: History) -> None:
    packages = ("packages/a", "packages/A", "packages/sub")
    made = history(
        Planned((Change("packages/a/X"),)),
        Planned((Change("packages/a/X", None), Change("packages/a/x"))),
        Planned((Change("packages/a/x", None), Change("packages/A/x"))),
        Planned((Change("packages/sub", b"1" * 40, "160000"),)),
        Planned((Change("packages/sub", b"2" * 40, "160000"),)),
        Planned((Change("packages/A", b"now a file"),)),
    )

    told = list(reversed(tell(made.path, packages=packages)))

    assert [commit.owners for commit in told] == [(0,), (0,), (0, 1), (2,), (2,), (1,)]


def test_a_shallow_clone_tells_what_it_has(history: History, tmp_path: Path) -> None:
    made = history(*(Planned((Change(f"packages/{name}/x"),)) for name in ("a", "b", "b")))
    origin = made.path.as_uri()
    git(tmp_path, "clone", "--quiet", "--bare", "--depth=2", "--branch=main", origin, "shallow")

    newest, cut = tell(tmp_path / "shallow")

    assert (newest.hash, newest.owners) == (made.head, ())
    assert (cut.hash, cut.owners) == (made.hashes[1], (0, 2))


def test_a_clone_that_borrows_objects_is_whole(history: History, tmp_path: Path) -> None:
    made = history(Planned((Change("packages/a/x"),)), Planned((Change("packages/b/x"),)))
    git(tmp_path, "clone", "--quiet", "--bare", "--shared", str(made.path), "borrower")

    assert tell(tmp_path / "borrower") == tell(made.path)


def test_grafts_and_replaced_commits_are_seen_as_git_sees_them(history: History) -> None:
    made = history(*(Planned((Change(f"packages/{name}/x"),)) for name in ("a", "b", "other")))
    git(made.path, "replace", "--graft", made.hashes[2], made.hashes[0])
    expected = git(made.path, "log", "--format=%H").decode().split()
    assert [commit.hash for commit in tell(made.path)] == expected == [made.head, made.hashes[0]]

    git(made.path, "replace", "--delete", made.head)
    (made.path / "info").mkdir(exist_ok=True)
    (made.path / "info" / "grafts").write_text(f"{made.head}\n")
    assert [commit.owners for commit in tell(made.path)] == [(0, 2)]


def test_a_clone_without_blobs_is_whole(history: History, tmp_path: Path) -> None:
    made = partial_clone(history, tmp_path, "blob:none")

    assert [commit.owners for commit in tell(made)] == [(0,), (0,)]


def test_a_clone_without_trees_is_incomplete(history: History, tmp_path: Path) -> None:
    made = partial_clone(history, tmp_path, "tree:0")

    with pytest.raises(HistoryIncomplete, match="unable to read tree") as problem:
        tell(made)

    assert problem.value.code == "history_incomplete"
    assert str(tmp_path) not in problem.value.detail


def partial_clone(history: History, tmp_path: Path, kind: str) -> Path:
    made = history(
        Planned((Change("packages/a/x", b"1"),)), Planned((Change("packages/a/x", b"2"),))
    )
    git(made.path, "config", "uploadpack.allowFilter", "true")
    clone = ("clone", "--quiet", "--bare", f"--filter={kind}", made.path.as_uri(), "partial")
    git(tmp_path, *clone)
    return tmp_path / "partial"


def test_a_damaged_repository_is_said_to_be_so_after_what_could_be_read(tmp_path: Path) -> None:
    tree = WorkTree(tmp_path / "tree")
    for number in range(3):
        tree.write("packages/a/x", str(number))
        tree.commit(f"commit {number}")
    lost = tree.git("rev-parse", "HEAD~2^{tree}")
    (tree.path / ".git" / "objects" / lost[:2] / lost[2:]).unlink()
    repository = Repository.open(tree.path)
    log = read_log(repository, [repository.head().commit], Territories(PACKAGES))
    told: list[str] = []

    with pytest.raises(HistoryUnreadable, match="git fsck") as problem:
        told.extend(commit.subject for commit in log)

    assert problem.value.code == "history_unreadable"
    assert lost in problem.value.reason
    assert str(tmp_path) not in problem.value.detail


def test_a_reader_may_stop_early(history: History) -> None:
    repository = Repository.open(history(*[Planned()] * 200).path)
    log = read_log(repository, [repository.head().commit], Territories(PACKAGES))

    assert next(log).hash == repository.head().commit
    log.close()  # type: ignore[attr-defined]  # it is a generator; warnings about leaks are errors


def test_git_may_complain_at_length(history: History, monkeypatch: pytest.MonkeyPatch) -> None:
    made = history(*(Planned((Change(f"packages/a/{number}"),)) for number in range(300)))
    git(made.path, "repack", "--quiet", "-a", "-d")
    monkeypatch.setenv("GIT_TRACE_PACK_ACCESS", "2")

    assert len(tell(made.path)) == 300
