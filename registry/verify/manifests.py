"""Packages against their manifests, as they are on disk or as the catalogued commit has them."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import func, select

from registry.database import reading
from registry.errors import WorkspaceUnavailable
from registry.history.manifests import version_in
from registry.history.repository import Repository
from registry.models import Package, Workspace
from registry.rules.enumerations import Severity
from registry.verify.finding import FROM_GIT, Finding, Verification, gather
from registry.workspace.tree import ROOT, Tree, Unreadable, open_tree

_BOM = b"\xef\xbb\xbf"
_REFRESH = "Run `registry refresh`."


def check_manifests(view: Verification) -> Iterator[Finding]:
    """See that each package has the version of its manifest, where that is the one it was read of.

    A manifest that has changed since the refresh is no fault.
    """
    with reading(view.sessions) as session:
        workspace = session.execute(
            select(Workspace.path, Workspace.head).order_by(Workspace.id).limit(1)
        ).first()
    if workspace is None:
        return
    try:
        tree = open_tree(Repository.open(Path(workspace.path)), workspace.head)
    except WorkspaceUnavailable:
        # The comparison with git says so.
        return
    with tree:
        changed: list[str] = []
        yield from gather(
            _other_versions(view, tree, changed),
            "packages have another version than their manifest",
            FROM_GIT,
        )
        yield from gather(
            changed, "manifests have changed since the refresh", _REFRESH, Severity.WARNING
        )


def _other_versions(view: Verification, tree: Tree, changed: list[str]) -> Iterator[str]:
    statement = select(Package.name, Package.path, Package.version, Package.manifest_hash).where(
        Package.workspace_id.is_not(None)
    )
    with reading(view.sessions) as session:
        total = session.scalar(select(func.count()).select_from(statement.subquery()))
        rows = session.execute(statement.execution_options(yield_per=200))
        for done, row in enumerate(rows):
            view.progress(done, total)
            manifest = "package.json" if row.path == ROOT else f"{row.path}/package.json"
            content = _read(tree, manifest)
            if content is None or hashlib.sha256(content).hexdigest() != row.manifest_hash:
                changed.append(manifest)
            elif not _agrees(content, row):
                yield row.name


def _read(tree: Tree, path: str) -> bytes | None:
    try:
        return tree.read(path)
    except (Unreadable, WorkspaceUnavailable):
        return None


def _agrees(content: bytes, row: Any) -> bool:
    """Tell whether a manifest says the package's version; what is no JSON changed no package."""
    try:
        orjson.loads(content.removeprefix(_BOM))
    except orjson.JSONDecodeError:
        return True
    return bool(row.version == (version_in(content) or ""))
