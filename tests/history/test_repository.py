"""Opening a repository, and asking it for its head, its tags and its commits."""

from collections.abc import Callable
from pathlib import Path

import pytest

from registry.errors import WorkspaceUnavailable
from registry.history.errors import HistoryUnreadable
from registry.history.references import read_head, read_names
from registry.history.repository import Head, Repository
from tests.history.histories import Change, Imported, Planned, git
from tests.repositories import WorkTree

History = Callable[..., Imported]


@pytest.fixture
def tree(tmp_path: Path) -> WorkTree:
    tree = WorkTree(tmp_path / "tree")
    tree.write("packages/a/x", "1")
    tree.commit("begin")
    return tree


def test_opens_a_work_tree_and_a_bare_clone(tree: WorkTree, tmp_path: Path) -> None:
    commit = tree.git("rev-parse", "HEAD")
    bare = tree.clone_bare(tmp_path / "bare")

    for path, is_bare in ((tree.path, False), (bare, True)):
        repository = Repository.open(path)
        assert (repository.path, repository.bare) == (path, is_bare)
        assert repository.head() == Head(commit, "main")


def test_opens_a_bare_repository_beside_its_worktrees(tree: WorkTree, tmp_path: Path) -> None:
    tree.clone_bare(tmp_path / "project" / ".bare")
    (tmp_path / "project" / ".git").write_text("gitdir: ./.bare\n")

    repository = Repository.open(tmp_path / "project")

    assert (repository.bare, repository.head().branch) == (True, "main")


def test_opens_a_mirror_that_has_no_configuration(tree: WorkTree, tmp_path: Path) -> None:
    bare = tree.clone_bare(tmp_path / "bare")
    (bare / "config").unlink()

    assert Repository.open(bare).bare


def test_opens_linked_worktrees_submodules_and_symbolic_links(
    tree: WorkTree, tmp_path: Path
) -> None:
    tree.git("worktree", "add", "--quiet", "-b", "side", "../linked")
    allow = ("-c", "protocol.file.allow=always")
    tree.git(*allow, "submodule", "--quiet", "add", tree.path.as_uri(), "packages/sub")
    (tmp_path / "link").symlink_to(tree.path)

    assert Repository.open(tmp_path / "linked").head().branch == "side"
    assert Repository.open(tree.path / "packages" / "sub").head().branch == "main"
    assert Repository.open(tmp_path / "link").head().branch == "main"


@pytest.mark.parametrize("name", ["a:b", "~", "$HOME", "-c", "ü ", "new\nline"])
def test_opens_a_repository_of_any_name(tmp_path: Path, name: str) -> None:
    tree = WorkTree(tmp_path / name / name)
    commit = tree.commit("begin")

    repository = Repository.open(tree.path)

    assert repository.head().commit == commit
    assert repository.has_commit(commit)


def in_a_repository(tree: WorkTree, tmp_path: Path) -> Path:
    return tree.path / "packages"


def in_a_bare_clone(tree: WorkTree, tmp_path: Path) -> Path:
    return tree.clone_bare(tmp_path / "bare") / "objects"


def git_directory(tree: WorkTree, tmp_path: Path) -> Path:
    return tree.path / ".git"


def absent(tree: WorkTree, tmp_path: Path) -> Path:
    return tmp_path / "absent"


def file(tree: WorkTree, tmp_path: Path) -> Path:
    return tree.path / "packages" / "a" / "x"


def plain(tree: WorkTree, tmp_path: Path) -> Path:
    (tmp_path / "plain").mkdir()
    return tmp_path / "plain"


def broken(tree: WorkTree, tmp_path: Path) -> Path:
    (tree.path / ".git" / "HEAD").unlink()
    return tree.path


def elsewhere(tree: WorkTree, tmp_path: Path) -> Path:
    tree.git("config", "core.worktree", "/etc")
    return tree.path


def of_the_future(tree: WorkTree, tmp_path: Path) -> Path:
    tree.git("config", "core.repositoryformatversion", "99")
    return tree.path


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (in_a_repository, "not its root"),
        (in_a_bare_clone, "not its root"),
        (git_directory, "not its root"),
        (elsewhere, "not its root"),
        (absent, "no directory"),
        (file, "no directory"),
        (plain, "no git repository"),
        (broken, "no git repository"),
        (of_the_future, "Expected git repo version"),
    ],
)
def test_says_how_to_mend_what_is_no_repository(
    tree: WorkTree, tmp_path: Path, make: Callable[[WorkTree, Path], Path], message: str
) -> None:
    with pytest.raises(WorkspaceUnavailable, match=message) as problem:
        Repository.open(make(tree, tmp_path))

    assert problem.value.code == "workspace_unavailable"
    assert str(tmp_path) not in problem.value.detail


def test_respects_git_distrust_of_other_owners(
    tree: WorkTree, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    with pytest.raises(WorkspaceUnavailable, match=r"safe\.directory"):
        Repository.open(tree.path)

    # An operator may grant it by the environment, as container images do.
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "safe.directory")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "*")
    assert Repository.open(tree.path).head().branch == "main"


def test_says_that_git_is_not_installed(tree: WorkTree, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")

    with pytest.raises(WorkspaceUnavailable, match="install git"):
        Repository.open(tree.path)


def unborn(tree: WorkTree) -> None:
    tree.git("checkout", "--quiet", "--orphan", "new/branch")


def detached(tree: WorkTree) -> None:
    tree.git("checkout", "--quiet", "--detach")


def packed(tree: WorkTree) -> None:
    tree.git("branch", "other")
    tree.git("tag", "main", "-m", "a tag of the branch's name")
    tree.git("pack-refs", "--all")


def packed_and_moved(tree: WorkTree) -> None:
    tree.git("pack-refs", "--all")
    tree.commit("later")


def slashes(tree: WorkTree) -> None:
    tree.git("checkout", "--quiet", "-b", "feature/ü/x")


def symbolic_link(tree: WorkTree) -> None:
    head = tree.path / ".git" / "HEAD"
    head.unlink()
    head.symlink_to("refs/heads/main")


def branch_of_branch(tree: WorkTree) -> None:
    tree.git("symbolic-ref", "refs/heads/alias", "refs/heads/main")
    tree.git("symbolic-ref", "HEAD", "refs/heads/alias")


def outside_of_branches(tree: WorkTree) -> None:
    tree.git("update-ref", "refs/remotes/origin/x", "HEAD")
    tree.git("symbolic-ref", "HEAD", "refs/remotes/origin/x")


@pytest.mark.parametrize(
    ("change", "by_files"),
    [
        (unborn, True),
        (detached, True),
        (packed, True),
        (packed_and_moved, True),
        (slashes, True),
        (symbolic_link, False),
        (branch_of_branch, False),
        (outside_of_branches, False),
    ],
)
def test_head_is_what_git_says(
    tree: WorkTree, change: Callable[[WorkTree], None], *, by_files: bool
) -> None:
    change(tree)
    git_dir = tree.path / ".git"

    def by_git(*command: str) -> str:
        try:
            return git(tree.path, *command).decode()
        except Exception:  # noqa: BLE001 -- no branch, or no commit
            return ""

    head = Repository.open(tree.path).head()

    name = by_git("symbolic-ref", "--quiet", "HEAD")
    assert head.branch == name.removeprefix("refs/").removeprefix("heads/")
    assert head.commit == by_git("rev-parse", "--quiet", "--verify", "HEAD^{commit}")
    assert read_head(git_dir, git_dir) == (head if by_files else None)


def test_a_head_that_leads_outside_is_refused(tree: WorkTree, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("1" * 40)
    (tree.path / ".git" / "HEAD").write_text("ref: refs/heads/../../../../secret\n")

    with pytest.raises(WorkspaceUnavailable):
        Repository.open(tree.path).head()


def test_tags_are_those_of_git_wherever_they_are_kept(tree: WorkTree) -> None:
    for name in ("v1.0.0", "@acme/one@1.0.0", "gone", "deep/er/v1"):
        tree.git("tag", name)
    tree.git("pack-refs", "--all")
    tree.git("tag", "-d", "gone")
    for name in ("v2.0.0", "ü", "v1.0.0"):
        tree.git("tag", "--force", "--annotate", name, "-m", "x")
    (tree.path / ".git" / "refs" / "tags" / "half").write_text("")
    (tree.path / ".git" / "refs" / "tags" / "v3.lock").write_text("1" * 40)
    repository = Repository.open(tree.path)

    names, digest = repository.tags()

    assert names == frozenset(tree.git("-c", "core.quotePath=false", "tag").split())
    assert read_names(tree.path / ".git", "refs/tags/") == names
    tree.git("tag", "v4")
    assert repository.tags() == (names | {"v4"}, repository.tags()[1])
    assert repository.tags()[1] != digest
    tree.git("tag", "-d", "v4")
    assert repository.tags() == (names, digest)


def test_git_is_asked_where_references_are_not_in_files(tree: WorkTree) -> None:
    tree.git("tag", "v1")
    expected = Repository.open(tree.path).head(), Repository.open(tree.path).tags()
    (tree.path / ".git" / "reftable").mkdir()

    repository = Repository.open(tree.path)

    assert read_head(tree.path / ".git", tree.path / ".git") is None
    assert read_names(tree.path / ".git", "refs/tags/") is None
    assert (repository.head(), repository.tags()) == expected


def test_a_linked_worktree_shares_tags_and_objects(tree: WorkTree, tmp_path: Path) -> None:
    tree.git("tag", "v1")
    tree.git("worktree", "add", "--quiet", "--detach", "../linked")

    repository = Repository.open(tmp_path / "linked")

    assert repository.head() == Head(tree.git("rev-parse", "HEAD"), "")
    assert repository.tags()[0] == {"v1"}
    assert repository.has_commit(repository.head().commit)


def test_knows_commits_and_their_order(history: History) -> None:
    made = history(Planned(), Planned(subject=b"two"), Planned(subject=b"three", parents=(0,)))
    first, second, third = made.hashes
    repository = Repository.open(made.path)

    assert list(repository.list_commits(f"{third}..{second}")) == [second]
    assert list(repository.list_commits(f"{third}..{first}")) == []
    assert repository.has_commit(third)
    tree = git(made.path, "rev-parse", f"{first}^{{tree}}").decode()
    for other in ("", "1" * 40, tree, "HEAD", "--help"):
        assert not repository.has_commit(other)
    with pytest.raises(HistoryUnreadable):
        list(repository.list_commits("1" * 40))
    with pytest.raises(ValueError, match="--all"):
        list(repository.list_commits("--all"))


def test_tells_what_changes_history_without_a_commit(history: History, tmp_path: Path) -> None:
    made = history(Planned(), Planned(), Planned())
    clone = ("clone", "--quiet", "--bare", "--depth=1", made.path.as_uri(), "shallow")
    git(tmp_path, *clone)
    whole, shallow = Repository.open(made.path), Repository.open(tmp_path / "shallow")

    assert (whole.shallow, whole.shallow_digest()) == (False, "")
    assert shallow.shallow
    before = shallow.shallow_digest()
    git(tmp_path / "shallow", "fetch", "--quiet", "--depth=2")
    assert len({"", before, shallow.shallow_digest()}) == 3
    git(tmp_path / "shallow", "fetch", "--quiet", "--unshallow")
    assert (shallow.shallow, shallow.shallow_digest()) == (False, "")
    git(made.path, "replace", "--graft", made.head)
    assert whole.shallow_digest()


def test_a_sha256_repository_is_read(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet", "--object-format=sha256", "--initial-branch=main", "new")
    git(tmp_path / "new", "commit", "--quiet", "--allow-empty", "-m", "x")

    repository = Repository.open(tmp_path / "new")

    assert len(repository.head().commit) == 64
    assert list(repository.list_commits(repository.head().commit)) == [repository.head().commit]


def test_leaves_nothing_behind(
    history: History, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    repository = Repository.open(history(Planned((Change("x"),))).path)
    assert repository.has_commit(repository.head().commit)
    assert list((tmp_path / "tmp").iterdir())

    del repository

    assert not list((tmp_path / "tmp").iterdir())


def test_says_that_no_temporary_directory_can_be_made(
    history: History, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = Repository.open(history(Planned()).path)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "absent"))

    with pytest.raises(WorkspaceUnavailable, match="TMPDIR"):
        repository.has_commit("1" * 40)
