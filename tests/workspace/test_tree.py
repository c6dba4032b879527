import os
import subprocess
from pathlib import Path

import pytest

from registry.errors import WorkspaceUnavailable
from registry.history.repository import Repository
from registry.workspace.problems import ProblemCode
from registry.workspace.tree import CommitTree, Entry, Kind, Unreadable, WorkTree, open_tree
from tests.repositories import WorkTree as Author
from tests.workspace.trees import Opener, commit_tree


def refusal(unreadable: pytest.ExceptionInfo[Unreadable]) -> ProblemCode:
    return unreadable.value.problem.code


def link(author: Author, path: str, target: str) -> None:
    (author.path / path).parent.mkdir(parents=True, exist_ok=True)
    (author.path / path).symlink_to(target)


class TestBothKinds:
    def test_list_a_directory(self, open_files: Opener, author: Author) -> None:
        link(author, "a/link", "file")
        tree = open_files({"a/file": "x", "a/b/c": "y", "a/.dot": "z"})

        assert sorted(tree.entries("a")) == [
            Entry(".dot", Kind.FILE),
            Entry("b", Kind.DIRECTORY),
            Entry("file", Kind.FILE),
            Entry("link", Kind.LINK),
        ]
        assert Entry("a", Kind.DIRECTORY) in tree.entries(".")
        assert tree.entries("a/b") == [Entry("c", Kind.FILE)]

    def test_list_nothing_where_there_is_no_directory(self, open_files: Opener) -> None:
        tree = open_files({"file": "x"})

        assert tree.entries("missing") == []
        assert tree.entries("file") == []
        assert tree.entries("file/below") == []

    def test_tell_what_is_there(self, open_files: Opener, author: Author) -> None:
        link(author, "link", "a")
        tree = open_files({"a/file": "x"})

        assert tree.kind(".") is Kind.DIRECTORY
        assert tree.kind("a") is Kind.DIRECTORY
        assert tree.kind("a/file") is Kind.FILE
        assert tree.kind("./a//file") is Kind.FILE
        assert tree.kind("link") is Kind.LINK
        assert tree.kind("link/file") is Kind.FILE
        assert tree.kind("a/missing") is None
        assert tree.kind("a/file/below") is None

    def test_read_a_file(self, open_files: Opener) -> None:
        tree = open_files({"a/file": "één\r\n", "empty": ""})

        assert tree.read("a/file") == "één\r\n".encode()
        assert tree.read("empty") == b""
        assert tree.read("a/file") == "één\r\n".encode()

    def test_nothing_is_to_be_read_of_what_is_missing(self, open_files: Opener) -> None:
        tree = open_files({"a/file": "x"})

        assert tree.read("a/missing") is None
        assert tree.stat("a/missing") is None
        assert tree.read("a/file/below") is None

    def test_refuse_to_read_what_is_no_file(self, open_files: Opener) -> None:
        tree = open_files({"a/file": "x"})

        for path in ("a", "."):
            with pytest.raises(Unreadable) as refused:
                tree.read(path)
            assert refusal(refused) is ProblemCode.NOT_A_FILE

    def test_refuse_a_file_over_the_limit_and_go_on(self, open_files: Opener) -> None:
        tree = open_files({"large": "x" * 1001, "fits": "x" * 1000})

        with pytest.raises(Unreadable) as refused:
            tree.read("large", limit=1000)

        assert refusal(refused) is ProblemCode.FILE_TOO_LARGE
        assert tree.read("fits", limit=1000) == b"x" * 1000

    @pytest.mark.parametrize("path", ["/etc/passwd", "../x", "a/../../x", "a/..", "a\0b", "\0"])
    def test_a_path_that_is_none_is_a_mistake(self, open_files: Opener, path: str) -> None:
        tree = open_files({"a/file": "x"})

        for ask in (tree.read, tree.stat, tree.kind, tree.entries):
            with pytest.raises(ValueError, match="not a path inside the workspace"):
                ask(path)

    def test_follow_links_that_stay_inside(self, open_files: Opener, author: Author) -> None:
        link(author, "packages/linked", "../external/real")
        link(author, "packages/again", "linked")
        link(author, "packages/file", "./../external/./real/file")
        link(author, "external/up", "..")
        tree = open_files({"external/real/file": "x"})

        assert tree.resolve("packages/again/file") == "external/real/file"
        assert tree.read("packages/linked/file") == b"x"
        assert tree.read("packages/again/file") == b"x"
        assert tree.read("packages/file") == b"x"
        assert tree.entries("packages/linked") == [Entry("file", Kind.FILE)]
        assert tree.resolve("external/up") == "."
        assert tree.read("external/up/packages/linked/file") == b"x"
        assert tree.stat("packages/file") == tree.stat("external/real/file")

    @pytest.mark.parametrize("target", ["../outside", "/etc", "a/../../outside", "../workspace/a"])
    def test_never_follow_a_link_out(self, open_files: Opener, author: Author, target: str) -> None:
        (author.path.parent / "outside").mkdir()
        (author.path.parent / "outside" / "file").write_text("secret")
        link(author, "link", target)
        tree = open_files({"a/file": "x"})

        for ask in (tree.read, tree.stat, tree.kind, tree.entries):
            with pytest.raises(Unreadable) as refused:
                ask("link/file")
            assert refusal(refused) is ProblemCode.LINK_OUTSIDE_WORKSPACE
        assert tree.kind("link") is Kind.LINK

    def test_give_up_on_links_that_lead_in_a_circle(
        self, open_files: Opener, author: Author
    ) -> None:
        link(author, "one", "two")
        link(author, "two", "one")
        link(author, "self", "self/self/self")
        tree = open_files({})

        for path in ("one/file", "self"):
            with pytest.raises(Unreadable) as refused:
                tree.read(path)
            assert refusal(refused) is ProblemCode.LINK_LOOP

    def test_a_link_to_nothing_is_nothing(self, open_files: Opener, author: Author) -> None:
        link(author, "link", "missing")
        tree = open_files({})

        assert tree.read("link") is None
        assert tree.entries("link") == []

    def test_names_of_any_bytes(self, open_files: Opener, author: Author) -> None:
        directory = os.fsencode(author.path) + b"/caf\xe9"
        os.mkdir(directory)  # noqa: PTH102 -- a Path is text
        with open(directory + b"/new\nline", "wb") as file:  # noqa: PTH123 -- as above
            file.write(b"x")
        tree = open_files({})

        assert Entry("caf\udce9", Kind.DIRECTORY) in tree.entries(".")
        assert tree.read("caf\udce9/new\nline") == b"x"

    def test_know_the_root_by_its_name(self, open_files: Opener) -> None:
        assert open_files({}).name == "workspace"


class TestWorkTree:
    def test_tells_size_and_time(self, author: Author) -> None:
        file = author.write("file", "12345")
        os.utime(file, ns=(1, 1_600_000_000_123_456_789))

        assert WorkTree(author.path).stat("file") == (5, 1_600_000_000_123_456_789)

    def test_sees_what_is_not_committed(self, author: Author) -> None:
        tree = WorkTree(author.path)
        author.write("new", "x")

        assert tree.read("new") == b"x"

    def test_opens_neither_pipes_nor_sockets(self, author: Author) -> None:
        os.mkfifo(author.path / "pipe")
        tree = WorkTree(author.path)

        assert tree.kind("pipe") is Kind.OTHER
        assert Entry("pipe", Kind.OTHER) in tree.entries(".")
        with pytest.raises(Unreadable) as refused:
            tree.read("pipe")
        assert refusal(refused) is ProblemCode.NOT_A_FILE

    def test_a_link_put_in_a_directorys_place_is_not_followed(self, author: Author) -> None:
        author.write("a/file", "x")
        (author.path.parent / "outside").mkdir()
        (author.path.parent / "outside" / "file").write_text("secret")
        tree = WorkTree(author.path)
        assert tree.read("a/file") == b"x"

        (author.path / "a").rename(author.path / "b")
        (author.path / "a").symlink_to("../outside")

        with pytest.raises(Unreadable) as refused:
            tree.read("a/file")
        assert refusal(refused) is ProblemCode.FILE_UNREADABLE

    def test_a_name_that_the_system_refuses_is_unreadable(self, author: Author) -> None:
        tree = WorkTree(author.path)

        with pytest.raises(Unreadable) as refused:
            tree.read("x" * 5000)
        assert refusal(refused) is ProblemCode.FILE_UNREADABLE
        with pytest.raises(Unreadable) as refused:
            tree.entries("x" * 5000)
        assert refusal(refused) is ProblemCode.DIRECTORY_UNREADABLE

    @pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
    def test_what_may_not_be_read_is_unreadable(self, author: Author) -> None:
        author.write("a/file", "x").chmod(0)
        tree = WorkTree(author.path)

        with pytest.raises(Unreadable) as refused:
            tree.read("a/file")
        assert refusal(refused) is ProblemCode.FILE_UNREADABLE

    @pytest.mark.parametrize("path", ["missing", "file"])
    def test_needs_a_directory(self, tmp_path: Path, path: str) -> None:
        (tmp_path / "file").write_text("x")

        with pytest.raises(WorkspaceUnavailable):
            WorkTree(tmp_path / path)


class TestCommitTree:
    def test_reads_the_commit_and_not_the_disk(self, author: Author) -> None:
        author.write("file", "then")
        with commit_tree(author) as tree:
            author.write("file", "now")

            assert tree.read("file") == b"then"
            assert tree.stat("file") == (None, None)

    def test_a_submodule_has_no_files(self, author: Author) -> None:
        author.write("file", "x")
        commit = author.commit("one")
        author.git("update-index", "--add", "--cacheinfo", f"160000,{commit},packages/sub")
        author.git("commit", "--quiet", "-m", "two")
        head = author.git("rev-parse", "HEAD")
        tree = CommitTree(Repository.open(author.path), head, name="workspace")

        assert tree.entries("packages") == [Entry("sub", Kind.SUBMODULE)]
        assert tree.entries("packages/sub") == []
        assert tree.read("packages/sub/package.json") is None
        with pytest.raises(Unreadable) as refused:
            tree.read("packages/sub")
        assert refusal(refused) is ProblemCode.NOT_A_FILE

    def test_a_repository_without_a_commit_has_no_files(self, author: Author) -> None:
        tree = CommitTree(Repository.open(author.path), "", name="workspace")

        assert tree.entries(".") == []
        assert tree.kind(".") is Kind.DIRECTORY
        assert tree.read("package.json") is None

    def test_a_missing_commit_is_no_workspace(self, author: Author) -> None:
        with pytest.raises(WorkspaceUnavailable, match="cannot list the files"):
            CommitTree(Repository.open(author.path), "1" * 40, name="workspace")

    def test_a_blob_that_a_partial_clone_lacks_is_told(self, author: Author) -> None:
        author.write("file", "x")
        author.write("other", "y")
        commit = author.commit("one")
        blob = author.git("rev-parse", "HEAD:file")
        (author.path / ".git/objects" / blob[:2] / blob[2:]).unlink()
        with CommitTree(Repository.open(author.path), commit, name="workspace") as tree:
            with pytest.raises(Unreadable) as refused:
                tree.read("file")

            assert refusal(refused) is ProblemCode.OBJECT_MISSING
            assert tree.read("other") == b"y"

    def test_a_damaged_blob_stops_it(self, author: Author) -> None:
        author.write("file", "x")
        commit = author.commit("one")
        blob = author.git("rev-parse", "HEAD:file")
        damaged = author.path / ".git/objects" / blob[:2] / blob[2:]
        damaged.chmod(0o644)
        damaged.write_bytes(b"damaged")
        with (
            CommitTree(Repository.open(author.path), commit, name="workspace") as tree,
            pytest.raises((WorkspaceUnavailable, Unreadable)),
        ):
            tree.read("file")

    def test_no_git_is_left_behind(self, author: Author) -> None:
        author.write("file", "x")
        # Other tests' servers may be running.
        before = running_children()
        with commit_tree(author) as tree:
            tree.read("file")
            assert running_children() - before

        assert not running_children() - before

    def test_names_that_only_a_forged_tree_has_are_not_there(self, author: Author) -> None:
        blob = author.git("hash-object", "-w", "--stdin")
        below = make_tree(author, f"100644 blob {blob}\tfile\n")
        entries = [f"40000 tree {below}\t{name}\n" for name in (".", "..", "fine")]
        forged = make_tree(author, "".join(entries))
        commit = author.git("commit-tree", forged, "-m", "forged")

        with CommitTree(Repository.open(author.path), commit, name="workspace") as tree:
            assert tree.entries(".") == [Entry("fine", Kind.DIRECTORY)]
            assert tree.read("fine/file") == b""


def make_tree(author: Author, entries: str) -> str:
    """Write a tree object, whatever names it holds."""
    made = subprocess.run(
        ["git", "mktree"],
        cwd=author.path,
        input=entries,
        text=True,
        capture_output=True,
        check=True,
    )
    return made.stdout.strip()


def running_children() -> set[str]:
    children = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children")
    if not children.exists():
        pytest.skip("this system does not tell a process's children")
    return set(children.read_text().split())


class TestOpenTree:
    def test_reads_a_work_tree_from_disk(self, author: Author) -> None:
        author.write("file", "then")
        commit = author.commit("one")
        author.write("file", "now")

        with open_tree(Repository.open(author.path), commit) as tree:
            assert tree.read("file") == b"now"

    def test_reads_a_bare_clone_at_its_commit(self, author: Author, tmp_path: Path) -> None:
        author.write("file", "x")
        commit = author.commit("one")
        bare = author.clone_bare(tmp_path / "clone.git")

        with open_tree(Repository.open(bare), commit) as tree:
            assert tree.read("file") == b"x"
            assert tree.name == "clone"
