"""A CI run of the workspace: for which packages it counts.

A forge tells of runs of the whole repository. A run counts for the packages whose files its commit
changed against its first parent (of a merge: all that it brought in). Where it changed files of no
package (the lock file, the CI's own settings), or has no parent, it counts for all.
"""

from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from registry.errors import Unavailable, WorkspaceUnavailable
from registry.history.differences import Difference, read_changed_paths
from registry.history.repository import Repository
from registry.models import Package, Workspace
from registry.rules.territories import Territories


def find_packages_of_run(session: Session, commit: str) -> list[str]:
    """Name the packages that a run of a commit counts for, in order.

    Args:
        session: where the packages are read.
        commit: the full hash.

    Raises:
        Unavailable: the workspace's clone does not have the commit, or not yet.
        WorkspaceUnavailable: there is no workspace yet, or its repository cannot be read.
    """
    path = session.scalar(select(Workspace.path).order_by(Workspace.id).limit(1))
    if path is None:
        raise WorkspaceUnavailable(
            "No workspace is catalogued yet: refresh first.", code="workspace_not_configured"
        )
    repository = Repository.open(Path(path))
    if not repository.has_commit(commit):
        raise Unavailable(
            f"The workspace's clone does not have the commit {commit}, or not yet.",
            code="commit_unknown",
        )
    rows = session.execute(
        select(Package.name, Package.path).where(Package.workspace_id.is_not(None))
    )
    paths = {name: path for name, path in rows if path is not None}
    parent = repository.find_commit(f"{commit}^1")
    if parent is None:
        return sorted(paths)
    names = list(paths)
    territories = Territories(list(paths.values()))
    touched = {
        names[owner]
        for changed in read_changed_paths(repository, Difference(parent, commit))
        for owner in territories.owners([changed])
    }
    return sorted(touched or paths)
