"""Fixtures of the tests about a workspace's files."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from registry.workspace.tree import Tree, WorkTree
from tests.repositories import WorkTree as Author
from tests.workspace.trees import Files, Opener, commit_tree, write_files


@pytest.fixture
def author(tmp_path: Path) -> Author:
    """Lend an empty git work tree called `workspace`."""
    return Author(tmp_path / "workspace")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Lend an empty directory called `workspace`, which is all that most files need."""
    root = tmp_path / "workspace"
    root.mkdir()
    return root


@pytest.fixture
def open_on_disk(root: Path) -> Opener:
    """Write files into `root` and open all that are there."""

    def open_tree(files: Files) -> Tree:
        write_files(root, files)
        return WorkTree(root)

    return open_tree


@pytest.fixture(params=["work tree", "commit"])
def open_files(request: pytest.FixtureRequest, author: Author) -> Iterator[Opener]:
    """Write files and open all that are there; the test runs on disk and on a commit."""
    with ExitStack() as opened:

        def open_tree(files: Files) -> Tree:
            write_files(author.path, files)
            on_disk = request.param == "work tree"
            tree = WorkTree(author.path) if on_disk else commit_tree(author)
            return opened.enter_context(tree)

        yield open_tree
