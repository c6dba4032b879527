"""Versions: from where each is known, how it sorts, when it came."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from sqlalchemy import exists, func, select

from registry.database import reading
from registry.history.manifests import LONGEST_VERSION
from registry.models import Commit, Package, Publication, Version
from registry.rules.semver import sort_key
from registry.rules.versions import InvalidVersion, RegistryVersion
from registry.verify.finding import FROM_GIT, Finding, Verification, gather

_DELETE = "Delete these rows, then run `registry refresh --anew`: git's come again."
_KEY = f"Of published versions, restore the key from a backup. {_DELETE}"

_VERSIONS = (
    select(
        Package.name,
        Package.workspace_id,
        Version.version,
        Version.sort_key,
        Version.from_git,
        Version.date,
        Version.commit_id,
        Commit.date.label("committed"),
        Publication.version_id.label("published"),
    )
    .join(Package, Package.id == Version.package_id)
    .outerjoin(Commit, Commit.id == Version.commit_id)
    .outerjoin(Publication, Publication.version_id == Version.id)
)


def check_versions(view: Verification) -> Iterator[Finding]:
    """See that each version is known from git, from its publication or from both, and agrees."""
    for is_wrong, what, mend in (
        (_sorts_otherwise, "versions sort by another key than theirs", _KEY),
        (_is_unknown, "versions are known neither from git nor from a publication", _DELETE),
        (_came_otherwise, "versions from git have another date than their commit", FROM_GIT),
    ):
        yield from gather(
            (f"{row.name} {row.version}" for row in _rows(view, _VERSIONS) if is_wrong(row)),
            what,
            mend,
        )
    missing = select(Package.name, Package.version).where(
        Package.workspace_id.is_not(None),
        Package.version != "",
        func.length(Package.version) <= LONGEST_VERSION,
        ~exists().where(Version.package_id == Package.id, Version.version == Package.version),
    )
    yield from gather(
        (f"{row.name} {row.version}" for row in _rows(view, missing)),
        "the manifest's own version is not among its package's",
        FROM_GIT,
    )


def _rows(view: Verification, statement: Any) -> Iterator[Any]:
    with reading(view.sessions) as session:
        yield from session.execute(statement.execution_options(yield_per=1_000))


def _sorts_otherwise(row: Any) -> bool:
    keys = {sort_key(row.version)}
    if row.published is not None:
        # Both grammars may have such a version; where they do, their keys are equal.
        with suppress(InvalidVersion):
            keys.add(RegistryVersion.parse(row.version).sort_key())
    return row.sort_key not in keys


def _is_unknown(row: Any) -> bool:
    return (row.published is None and not row.from_git) or (
        row.from_git and row.workspace_id is None
    )


def _came_otherwise(row: Any) -> bool:
    return bool(row.from_git and row.date != row.committed)
