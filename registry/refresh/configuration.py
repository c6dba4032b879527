"""Changing a package's manifest: the file and the catalogue together, or neither."""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from registry.database import begin_write
from registry.errors import (
    Conflict,
    InvalidInput,
    PreconditionFailed,
    WorkspaceUnavailable,
    package_not_found,
)
from registry.history.repository import Repository
from registry.models import Package, Workspace
from registry.refresh.lock import refresh_lock
from registry.refresh.replaced_files import replace_file
from registry.refresh.scan import refresh_in
from registry.workspace.manifest_edit import edit_manifest, validate_changes


def update_package_config(
    engine: Engine,
    name: str,
    config: Mapping[str, Any],
    *,
    claimed_path: str | None = None,
    precondition: Callable[[Session], None] = lambda _session: None,
) -> None:
    """Change keys of a package's manifest on disk and catalogue the result.

    Each given key replaces; everything else in the file stays byte for byte (contract, section 2).
    The file is replaced at once by a rename, then the workspace is refreshed in the transaction
    that ends with it; should that fail, the old file is put back.

    Args:
        engine: of the catalogue's database.
        name: the package's.
        config: the manifest's keys to replace.
        claimed_path: where the caller believes the package to be: a claim to check.
        precondition: raises when what the caller builds on has changed; called under the lock.

    Raises:
        InvalidInput: a key or value is not allowed, or the claimed path is not this package's.
        NotFound: there is no such package in the workspace.
        Conflict: the workspace is a bare repository, which has no files to change.
        PreconditionFailed: the manifest changed on disk since the last refresh.
        WorkspaceUnavailable: the repository is gone or unreadable, or cannot be written to.
    """
    changes = validate_changes(config)
    with refresh_lock(engine), Session(engine) as session:
        begin_write(session)
        row = session.execute(
            select(
                Package.path, Package.manifest_hash, Workspace.path.label("root"), Workspace.bare
            )
            .join(Workspace, Workspace.id == Package.workspace_id)
            .where(Package.name == name)
        ).first()
        if row is None:
            raise package_not_found(name)
        if claimed_path is not None and claimed_path.strip("/") != row.path.strip("/"):
            raise InvalidInput.of("packagePath", f"{claimed_path!r} is not the path of {name}.")
        if row.bare:
            raise Conflict(
                "The workspace is a bare repository: it has no files to change.",
                code="workspace_is_bare",
            )
        precondition(session)
        repository = Repository.open(Path(row.root))
        manifest, before = _read_manifest_file(Path(row.root), row.path)
        if hashlib.sha256(before).hexdigest() != row.manifest_hash:
            raise PreconditionFailed(
                f"{row.path}/package.json has changed on disk since the last refresh. "
                "Refresh, look at it, and try again.",
                code="manifest_changed",
            )
        with _replaced(repository, manifest, before, edit_manifest(before, changes)):
            refresh_in(session, repository)
            session.commit()


def _read_manifest_file(root: Path, path: str) -> tuple[Path, bytes]:
    """Find the file to write, with no link on the way that leaves the workspace, and read it."""
    manifest = (root / path / "package.json").resolve()
    if manifest.is_relative_to(root.resolve()) and manifest.is_file():
        try:
            return manifest, manifest.read_bytes()
        except OSError as failure:
            raise _unwritable(failure) from failure
    raise PreconditionFailed(
        f"{path}/package.json is no file of the workspace any more. Refresh, and try again.",
        code="manifest_changed",
    )


def _unwritable(failure: OSError) -> WorkspaceUnavailable:
    return WorkspaceUnavailable(
        f"The manifest cannot be written ({failure.strerror}), and nothing was changed: see that "
        "the service's user may write to the workspace, and that its disk has room.",
        code="workspace_not_writable",
    )


@contextmanager
def _replaced(repository: Repository, path: Path, before: bytes, after: bytes) -> Iterator[None]:
    """Give a file new content; what goes wrong inside puts the old content back."""
    try:
        replace_file(repository, path, after)
    except OSError as failure:
        raise _unwritable(failure) from failure
    try:
        yield
    except BaseException:
        replace_file(repository, path, before)
        raise
