"""Opening the files that a test wrote, on disk and at a commit."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

from registry.history.repository import Repository
from registry.workspace.tree import CommitTree, Tree
from tests.repositories import WorkTree as Author

Files: TypeAlias = Mapping[str, str | dict[str, Any]]
Opener: TypeAlias = Callable[[Files], Tree]


def write_files(root: Path, files: Files) -> None:
    """Write files; a map is written as a manifest would be."""
    for path, content in files.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content if isinstance(content, str) else json.dumps(content), "utf-8")


def commit_tree(author: Author) -> CommitTree:
    """Commit everything, even what git would ignore, and open the commit."""
    author.git("add", "--force", "--all")
    commit = author.commit("all")
    return CommitTree(Repository.open(author.path), commit, name=author.path.name)
