"""Checks of the workspace: can it be read, what is in it, is the catalogue up to date with it."""

from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from registry.catalogue.workspaces import remembered_workspace
from registry.doctor.check import Check, fail, ok, warn
from registry.errors import WorkspaceUnavailable
from registry.history.repository import Head, Repository
from registry.models import Issue, Package, Workspace
from registry.settings import Settings
from registry.workspace.discovery import find_members
from registry.workspace.layout import read_layout
from registry.workspace.tree import open_tree

_REFRESH = "Run `registry refresh`."


def check_workspace(settings: Settings, engine: Engine | None) -> Iterator[Check]:
    """Look at the workspace, and at the catalogue of it where there is a database."""
    path = settings.workspace or (remembered_workspace(engine) if engine else None)
    if path is None:
        mend = "Set REGISTRY_WORKSPACE to the path of a git repository, or run `registry demo`."
        yield warn("workspace", "none is set, and the database remembers none", mend)
        return
    try:
        repository = Repository.open(path)
        head = repository.head()
        yield _check_repository(repository, head)
        yield _check_members(repository, head)
    except WorkspaceUnavailable as error:
        yield fail("workspace", str(path), error.detail)
        return
    if engine is not None:
        yield _check_catalogue(engine, path.resolve(), head)


def _check_repository(repository: Repository, head: Head) -> Check:
    kind = "bare clone" if repository.bare else "work tree"
    branch = head.branch or "a detached HEAD"
    at = f"on {branch} at {head.commit[:7]}" if head.commit else f"on {branch}, without a commit"
    seen = f"{repository.path}, a {kind} {at}"
    if repository.shallow:
        mend = "Complete it with `git fetch --unshallow`: older commits and versions are unknown."
        return warn("workspace", f"{seen}, a shallow clone", mend)
    return ok("workspace", seen)


def _check_members(repository: Repository, head: Head) -> Check:
    with open_tree(repository, head.commit) as tree:
        layout, problems = read_layout(tree)
        members, more = find_members(tree, layout)
    tool = "no workspaces declared" if layout.tool == "none" else f"{layout.tool} workspaces"
    seen = f"{tool}, {len(members)} manifests"
    if problems or more:
        first = [*problems, *more][0]
        return warn("packages", f"{seen}; {len(problems) + len(more)} problems", first.message)
    return ok("packages", seen)


def _check_catalogue(engine: Engine, path: Path, head: Head) -> Check:
    with Session(engine) as session:
        row = session.scalar(select(Workspace).where(Workspace.path == str(path)))
        if row is None or row.scanned_at is None:
            return warn("catalogue", "the workspace was never catalogued", _REFRESH)
        packages = session.scalar(
            select(func.count()).select_from(Package).where(Package.workspace_id == row.id)
        )
        issues = session.scalar(select(func.count()).select_from(Issue))
        seen = f"{packages} packages with {issues} issues"
        if row.head != head.commit:
            at = row.head[:7] or "no commit"
            return warn("catalogue", f"{seen}, as of {at}; the workspace has moved on", _REFRESH)
        return ok("catalogue", f"{seen}, as of the workspace's newest commit")
