"""The files of a workspace, read only: as they are on disk, or as a commit has them."""

from pathlib import Path
from typing import Protocol

from registry.workspace.abstract_tree import (
    LARGEST_FILE,
    ROOT,
    Entry,
    FileStat,
    Kind,
    Tree,
    Unreadable,
    join_path,
)
from registry.workspace.commit_tree import CommitTree, GitRepository
from registry.workspace.work_tree import WorkTree

__all__ = [
    "LARGEST_FILE",
    "ROOT",
    "CommitTree",
    "Entry",
    "FileStat",
    "Kind",
    "Tree",
    "Unreadable",
    "WorkTree",
    "join_path",
    "open_tree",
]


class WorkspaceRepository(GitRepository, Protocol):
    """What is asked of `registry.history.repository.Repository`."""

    @property
    def path(self) -> Path:
        """The work tree's root, or the bare clone."""

    @property
    def bare(self) -> bool:
        """Whether there is no work tree."""


def open_tree(repository: WorkspaceRepository, commit: str) -> Tree:
    """Open a workspace's files, to be used in a `with`.

    Args:
        repository: a work tree, whose files are read as they are on disk; or a bare clone.
        commit: the full hash of the commit that a bare clone is read at; empty where it has none.

    Raises:
        WorkspaceUnavailable: the directory is gone, or git cannot read the commit's directories.
    """
    if repository.bare:
        name = repository.path.name.removesuffix(".git")
        return CommitTree(repository, commit, name=name)
    return WorkTree(repository.path)
