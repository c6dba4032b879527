import json
import os
from pathlib import Path
from typing import Any

import pytest

from registry.workspace.discovery import MemberFile, find_members
from registry.workspace.layout import Layout, Tool, read_layout
from registry.workspace.problems import Problem, ProblemCode
from registry.workspace.tree import Entry, Tree, WorkTree
from tests.repositories import WorkTree as Author
from tests.workspace.trees import Opener, commit_tree

EVERY_TOOL = [Tool.NPM, Tool.YARN, Tool.PNPM, Tool.LERNA, Tool.BUN]


def packages(*paths: str) -> dict[str, dict[str, Any]]:
    """Plan a manifest in each of these directories, and one at the root."""
    planned = {f"{path}/package.json": {"name": path, "version": "1.0.0"} for path in paths}
    return {"package.json": {"name": "root"}, **planned}


def found(tree: Tree, tool: Tool, *patterns: str, **layout: Any) -> list[str]:
    members, _ = find_members(tree, Layout(tool, patterns, **layout))
    return [member.path for member in members]


def problems(tree: Tree, tool: Tool, *patterns: str, **layout: Any) -> list[Problem]:
    _, problems = find_members(tree, Layout(tool, patterns, **layout))
    return problems


def link(author: Author, path: str, target: str) -> None:
    (author.path / path).parent.mkdir(parents=True, exist_ok=True)
    (author.path / path).symlink_to(target)


def test_finds_members_in_the_order_of_their_paths(open_files: Opener) -> None:
    tree = open_files(packages("z/b", "z/a", "a", "z/A", "é/x"))

    for tool in EVERY_TOOL:
        assert found(tree, tool, "z/*", "a", "é/x", "z/a") == ["a", "z/A", "z/a", "z/b", "é/x"]


def test_finds_what_the_repository_declares(open_files: Opener) -> None:
    manifest = {"workspaces": ["packages/*"]}
    tree = open_files({**packages("packages/a", "other/b"), "package.json": manifest})
    layout, _ = read_layout(tree)

    members, problems = find_members(tree, layout)

    assert [member.path for member in members] == ["packages/a"]
    assert problems == []


@pytest.mark.parametrize("tool", EVERY_TOOL)
def test_the_root_is_no_member(open_files: Opener, tool: Tool) -> None:
    tree = open_files(packages("a"))

    assert found(tree, tool, "**", ".") == ["a"]


@pytest.mark.parametrize(
    "layout", [Layout(), Layout(Tool.PNPM), Layout(Tool.PNPM, (".",)), Layout(Tool.NPM, ("./",))]
)
def test_without_other_members_the_root_is_the_one_package(
    open_files: Opener, layout: Layout
) -> None:
    tree = open_files(packages("a"))

    members, problems = find_members(tree, layout)

    assert [member.path for member in members] == ["."]
    assert problems == []


@pytest.mark.parametrize("layout", [Layout(), Layout(Tool.NPM, ("packages/*",))])
def test_says_so_when_there_is_no_package(open_files: Opener, layout: Layout) -> None:
    members, problems = find_members(open_files({"README": ""}), layout)

    assert members == []
    assert [problem.code for problem in problems] == [ProblemCode.PACKAGES_MISSING]


def test_tells_a_manifests_size_and_time(open_files: Opener, author: Author) -> None:
    files = packages("a")
    tree = open_files(files)

    members, _ = find_members(tree, Layout(Tool.NPM, ("a",)))

    on_disk = (author.path / "a/package.json").stat()
    is_commit = tree.stat("a/package.json") == (None, None)
    expected = (None, None) if is_commit else (on_disk.st_size, on_disk.st_mtime_ns)
    assert members == [MemberFile("a", *expected)]


@pytest.mark.parametrize("tool", EVERY_TOOL)
@pytest.mark.parametrize(
    "pattern", ["**", "packages/*/node_modules/*", "packages/a/node_modules/b", "node_modules/**"]
)
def test_node_modules_is_never_entered(open_files: Opener, tool: Tool, pattern: str) -> None:
    tree = open_files(packages("packages/a/node_modules/b", "node_modules/c", "d"))

    assert "node_modules" not in str(found(tree, tool, pattern, "d"))


class Watched(WorkTree):
    """A work tree that remembers which directories were listed."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.listed: list[str] = []

    def entries(self, path: str) -> list[Entry]:
        self.listed.append(path)
        return super().entries(path)


def test_a_directory_that_cannot_match_is_not_listed(open_on_disk: Opener, root: Path) -> None:
    open_on_disk(
        packages("packages/a", "packages/a/deep/er", "apps/b/deep", "elsewhere/c", "exact/d")
    )
    tree = Watched(root)

    assert found(tree, Tool.PNPM, "packages/*", "apps/*/deep", "exact/d") == [
        "apps/b/deep",
        "exact/d",
        "packages/a",
    ]
    assert sorted(tree.listed) == ["apps", "packages"]


def test_a_directory_of_which_all_is_hidden_is_not_listed(open_on_disk: Opener, root: Path) -> None:
    open_on_disk(packages("packages/a", "packages/b/c"))
    tree = Watched(root)

    assert found(tree, Tool.PNPM, "packages/**", "!packages/b/**") == ["packages/a"]
    assert sorted(tree.listed) == ["packages", "packages/a"]


class TestNegation:
    FILES = packages("p/a", "p/b", "p/b/c", "p/b/c/d", "p/e")

    def test_hides_the_directory_itself(self, open_files: Opener) -> None:
        tree = open_files(self.FILES)

        for tool in (Tool.NPM, Tool.PNPM, Tool.BUN, Tool.LERNA):
            assert found(tree, tool, "p/**", "!p/b") == ["p/a", "p/b/c", "p/b/c/d", "p/e"]
        assert found(tree, Tool.YARN, "p/**", "!p/b") == ["p/a", "p/e"]
        for tool in EVERY_TOOL:
            assert found(tree, tool, "p/**", "!p/b/**") == ["p/a", "p/e"]

    def test_heeds_order_only_in_npm(self, open_files: Opener) -> None:
        tree = open_files(self.FILES)

        for tool in EVERY_TOOL:
            assert found(tree, tool, "!p/a", "p/*") == ["p/b", "p/e"]
        assert found(tree, Tool.NPM, "p/*", "!p/a", "p/a") == ["p/a", "p/b", "p/e"]
        for tool in (Tool.YARN, Tool.PNPM, Tool.LERNA):
            assert found(tree, tool, "p/*", "!p/a", "p/a") == ["p/b", "p/e"]

    def test_leaves_buns_plain_paths_alone(self, open_files: Opener) -> None:
        tree = open_files(self.FILES)

        assert found(tree, Tool.BUN, "p/a", "!p/*") == ["p/a"]

    def test_is_unknown_to_yarn_1(self, open_files: Opener) -> None:
        tree = open_files(self.FILES)

        assert found(tree, Tool.YARN, "p/*", "!p/a", classic=True) == ["p/a", "p/b", "p/e"]
        [problem] = problems(tree, Tool.YARN, "p/*", "!p/a", classic=True)
        assert problem.code is ProblemCode.PATTERN_INVALID
        assert "Yarn 1 knows no negation" in problem.message


def test_a_pattern_that_cannot_be_used_does_not_hide_the_others(open_files: Opener) -> None:
    tree = open_files(packages("a", "b"))

    for pattern in ("../b", "/b", "{b,c}" * 20, "!!b", "x" * 2000):
        assert found(tree, Tool.PNPM, "a", pattern) == ["a"]
        [problem] = problems(tree, Tool.PNPM, "a", pattern)
        assert problem.code is ProblemCode.PATTERN_INVALID
        assert problem.path == "pnpm-workspace.yaml"
        assert len(problem.message) < 300


def test_problems_come_in_one_order_and_once(open_files: Opener, author: Author) -> None:
    for name in ("c", "a", "b"):
        link(author, f"packages/{name}", "/etc")
    tree = open_files({})

    told = problems(tree, Tool.BUN, "packages/*", "packages/c", "packages/b", "packages/a")

    assert [problem.path for problem in told] == [".", "packages/a", "packages/b", "packages/c"]


class TestYarn:
    def test_counts_a_globstars_base_only_where_it_comes_upon_it(self, open_files: Opener) -> None:
        tree = open_files(packages("libs", "libs/a", "other/b"))

        assert found(tree, Tool.YARN, "libs/**") == ["libs/a"]
        assert found(tree, Tool.YARN, "{libs,none}/**") == ["libs/a"]
        assert found(tree, Tool.YARN, "libs/**", "other/*") == ["libs/a", "other/b"]
        assert found(tree, Tool.YARN, "libs/**", "*/b") == ["libs", "libs/a", "other/b"]

    def test_takes_in_the_workspaces_of_members(self, open_files: Opener) -> None:
        files = packages("a", "a/sub/b", "a/sub/b/c", "a/other", "d/e")
        files["a/package.json"]["workspaces"] = ["sub/*"]
        files["a/sub/b/package.json"]["workspaces"] = {"packages": ["c", "../../.."]}
        tree = open_files(files)

        assert found(tree, Tool.YARN, "a", "d/*") == ["a", "a/sub/b", "a/sub/b/c", "d/e"]
        assert found(tree, Tool.NPM, "a", "d/*") == ["a", "d/e"]

    def test_understands_a_key_spelled_with_escapes(self, open_files: Opener) -> None:
        files: dict[str, Any] = packages("a", "a/b")
        files["a/package.json"] = '{"name": "a", "works\\u0070aces": ["b"]}'

        assert found(open_files(files), Tool.YARN, "a") == ["a", "a/b"]

    def test_tells_of_patterns_that_a_member_gets_wrong(self, open_files: Opener) -> None:
        files = packages("a", "b")
        files["a/package.json"]["workspaces"] = "sub/*"
        files["b/package.json"]["workspaces"] = ["/x"]
        tree = open_files(files)

        told = {problem.path: problem.code for problem in problems(tree, Tool.YARN, "a", "b")}

        assert told == {
            "a/package.json": ProblemCode.FIELD_INVALID,
            "b/package.json": ProblemCode.PATTERN_INVALID,
        }

    def test_members_with_broken_manifests_are_members(self, open_files: Opener) -> None:
        files: dict[str, Any] = packages("a", "b", "c")
        files["a/package.json"] = '{"workspaces": ['
        files["b/package.json"] = '["workspaces"]'

        assert found(open_files(files), Tool.YARN, "*") == ["a", "b", "c"]

    def test_of_the_first_generation_wants_a_name_and_a_version(self, open_files: Opener) -> None:
        files: dict[str, Any] = packages("a", "b", "c", "d")
        files["b/package.json"] = {"name": "b"}
        files["c/package.json"] = {"version": "1.0.0"}
        files["d/package.json"] = "not JSON"
        tree = open_files(files)

        assert found(tree, Tool.YARN, "*", classic=True) == ["a"]
        told = problems(tree, Tool.YARN, "*", classic=True)
        assert {problem.path for problem in told} == {
            "b/package.json",
            "c/package.json",
            "d/package.json",
        }
        assert {problem.code for problem in told} == {ProblemCode.MEMBER_NOT_LISTED}


class TestLinks:
    @pytest.fixture
    def tree(self, open_files: Opener, author: Author) -> Tree:
        link(author, "packages/linked", "../external/x")
        link(author, "packages/deep", "../external/deep")
        return open_files(packages("packages/a", "external/x", "external/deep/y"))

    def test_match_as_directories_do(self, tree: Tree) -> None:
        for tool in (Tool.NPM, Tool.YARN, Tool.PNPM, Tool.BUN):
            assert found(tree, tool, "packages/*") == ["packages/a", "packages/linked"]
            assert found(tree, tool, "packages/deep/*") == ["packages/deep/y"]

    def test_mean_nothing_to_lerna(self, tree: Tree) -> None:
        assert found(tree, Tool.LERNA, "packages/*", "packages/deep/y") == ["packages/a"]

    def test_are_walked_by_globstars_of_yarn_and_pnpm_only(self, tree: Tree) -> None:
        for tool in (Tool.YARN, Tool.PNPM):
            expected = ["packages/a", "packages/deep/y", "packages/linked"]
            assert found(tree, tool, "packages/**") == expected
        assert found(tree, Tool.NPM, "packages/**") == ["packages/a", "packages/linked"]

    def test_give_a_directory_only_once(self, open_files: Opener, author: Author) -> None:
        link(author, "packages/again", "a")
        link(author, "packages/one", "../external/x")
        link(author, "packages/two", "../external/x")
        tree = open_files(packages("packages/a", "external/x"))

        assert found(tree, Tool.NPM, "packages/*") == ["packages/a", "packages/one"]
        assert found(tree, Tool.NPM, "packages/*", "external/*") == ["external/x", "packages/a"]

    def test_in_circles_come_to_an_end(self, open_files: Opener, author: Author) -> None:
        link(author, "packages/up", "..")
        link(author, "packages/self", ".")
        link(author, "packages/a/other", "../b")
        link(author, "packages/b/other", "../a")
        link(author, "packages/loop", "loop")
        tree = open_files(packages("packages/a", "packages/b"))

        for tool in (Tool.YARN, Tool.PNPM, Tool.NPM):
            assert found(tree, tool, "packages/**") == ["packages/a", "packages/b"]
            codes = {problem.code for problem in problems(tree, tool, "packages/**")}
            assert codes == {ProblemCode.LINK_LOOP}

    def test_out_of_the_workspace_are_told_and_not_followed(
        self, open_files: Opener, author: Author
    ) -> None:
        outside = author.path.parent / "outside"
        outside.mkdir()
        (outside / "package.json").write_text('{"name": "outside"}')
        link(author, "packages/out", "../../outside")
        link(author, "packages/absolute", str(outside))
        link(author, "elsewhere/out", "../../outside")
        tree = open_files(packages("packages/a"))

        assert found(tree, Tool.PNPM, "packages/*") == ["packages/a"]
        told = {(problem.path, problem.code) for problem in problems(tree, Tool.PNPM, "packages/*")}
        assert told == {
            ("packages/out", ProblemCode.LINK_OUTSIDE_WORKSPACE),
            ("packages/absolute", ProblemCode.LINK_OUTSIDE_WORKSPACE),
        }
        assert problems(tree, Tool.PNPM, "packages/a", "*/*/below") == []

    def test_to_files_are_no_directories(self, open_files: Opener, author: Author) -> None:
        link(author, "packages/README", "../README")
        tree = open_files({**packages("packages/a"), "README": "text"})

        assert found(tree, Tool.PNPM, "packages/**") == ["packages/a"]
        assert problems(tree, Tool.PNPM, "packages/**") == []


class TestManifests:
    def test_behind_a_link_inside_are_read(self, open_files: Opener, author: Author) -> None:
        link(author, "packages/a/package.json", "../../shared.json")
        tree = open_files({"shared.json": {"name": "a"}})

        members, problems = find_members(tree, Layout(Tool.NPM, ("packages/*",)))

        shared = tree.stat("shared.json")
        assert shared is not None
        assert members == [MemberFile("packages/a", *shared)]
        assert problems == []

    def test_behind_a_link_out_are_the_packages_own_problem(
        self, open_files: Opener, author: Author
    ) -> None:
        link(author, "packages/a/package.json", "/etc/hostname")

        members, problems = find_members(open_files({}), Layout(Tool.NPM, ("packages/*",)))

        assert members == [MemberFile("packages/a", None, None)]
        assert problems == []

    def test_that_are_no_files_make_no_package(self, open_files: Opener) -> None:
        tree = open_files({**packages("packages/a"), "packages/b/package.json/file": "x"})

        assert found(tree, Tool.NPM, "packages/*") == ["packages/a"]
        [problem] = problems(tree, Tool.NPM, "packages/*")
        assert (problem.code, problem.path) == (
            ProblemCode.NOT_A_FILE,
            "packages/b/package.json",
        )

    @pytest.mark.parametrize("name", ["package.yaml", "package.json5"])
    @pytest.mark.parametrize("pattern", ["packages/*", "packages/**"])
    def test_in_pnpms_other_languages_are_told_and_left_out(
        self, open_files: Opener, name: str, pattern: str
    ) -> None:
        files: dict[str, Any] = {
            **packages("packages/a"),
            f"packages/b/{name}": "name: b",
            f"packages/a/{name}": "",
        }
        tree = open_files(files)

        assert found(tree, Tool.PNPM, pattern) == ["packages/a"]
        [problem] = problems(tree, Tool.PNPM, pattern)
        assert (problem.code, problem.path) == (
            ProblemCode.MANIFEST_UNSUPPORTED,
            f"packages/b/{name}",
        )
        assert problems(tree, Tool.NPM, pattern) == []


def test_a_path_that_is_not_utf8_is_told_and_left_out(open_files: Opener, author: Author) -> None:
    for name in (b"packages/caf\xe9/in", b"packages/caf\xe9"):
        directory = os.path.join(os.fsencode(author.path), name)  # noqa: PTH118 -- bytes
        os.makedirs(directory, exist_ok=True)  # noqa: PTH103 -- bytes
        with open(os.path.join(directory, b"package.json"), "wb") as file:  # noqa: PTH118, PTH123
            file.write(json.dumps({"name": "x"}).encode())
    tree = open_files(packages("packages/a"))

    assert found(tree, Tool.NPM, "packages/*") == ["packages/a"]
    [problem] = problems(tree, Tool.NPM, "packages/*")
    assert (problem.code, problem.path) == (ProblemCode.PATH_NOT_UTF8, "packages/caf\ufffd")


def test_a_directory_that_cannot_be_listed_does_not_stop_the_rest(
    open_files: Opener, author: Author
) -> None:
    link(author, "packages/out", "/etc")
    tree = open_files(packages("packages/a", "apps/b"))

    assert found(tree, Tool.NPM, "packages/out/*", "packages/out/x/y", "apps/*") == ["apps/b"]


def test_a_submodule_of_a_bare_clone_holds_nothing(author: Author) -> None:
    author.package("packages/a", name="a")
    commit = author.commit("one")
    author.git("update-index", "--add", "--cacheinfo", f"160000,{commit},packages/sub")
    author.git("commit", "--quiet", "-m", "two")
    with commit_tree(author) as tree:
        assert found(tree, Tool.YARN, "packages/*", "packages/**") == ["packages/a"]
