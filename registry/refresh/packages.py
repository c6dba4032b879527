"""The packages' part of a refresh: manifests as they are now, rows as they were."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from registry.accounts.links import end_links
from registry.models import (
    Build,
    BuildDay,
    BuildFigure,
    Dependency,
    FormerCommit,
    Health,
    HealthDay,
    Issue,
    Listing,
    Package,
    PackageCommit,
    Report,
)
from registry.refresh.bulk import batches
from registry.refresh.dependencies import Candidate
from registry.refresh.versions import forget_git_versions
from registry.rules.enumerations import BuildStatus, CheckStatus
from registry.rules.package_document import KEYS, write_package_document
from registry.rules.score import overall_score
from registry.rules.territories import ROOT, nest
from registry.workspace.manifest import ReadManifest
from registry.workspace.problems import Problem, ProblemCode, error


@dataclass
class PackageChanges:
    """What became of the packages."""

    members: list[Candidate] = field(default_factory=list)
    # Packages whose columns changed, and how many came or went.
    changed: set[int] = field(default_factory=set)
    vanished: int = 0
    # Packages whose links to commits must be made from all of history.
    rebuilt: set[int] = field(default_factory=set)
    # What is wrong, by package; None for the workspace as such.
    problems: dict[int | None, list[Problem]] = field(default_factory=dict)


def write_packages(
    session: Session,
    workspace_id: int,
    read: Sequence[ReadManifest],
    now: datetime,
    *,
    documents: bool = False,
) -> PackageChanges:
    """Bring the packages in line with the manifests, which come ordered by path.

    A package is known by its name: one that moved keeps its row, its listing and its health. Its
    document is made where a column that it shows changed; with `documents`, in any case.
    """
    existing = {
        package.name: package
        for package in session.scalars(select(Package).where(Package.workspace_id == workspace_id))
    }
    paths_before = {name: package.path or ROOT for name, package in existing.items()}
    nested_before = nest(paths_before.values())
    named, duplicates = _tell_names_apart(read)
    nested_now = nest(manifest.path for manifest in named.values())

    vanished = [package for name, package in existing.items() if name not in named]
    end_links(session, {package.id for package in vanished})
    _remove(session, vanished)
    rows: dict[str, Package] = {}
    for name, manifest in named.items():
        package = existing.get(name)
        if package is None:
            package = Package(workspace_id=workspace_id, name=name, created_at=now)
            session.add(package)
        rows[name] = package
        shown = _assign(package, _facts(manifest, keep=package))
        if shown:
            package.last_updated = now
        if shown or documents:
            package.document = write_package_document(
                {column: getattr(package, column) for column in KEYS.values()}
            )
    modified = [package for package in rows.values() if session.is_modified(package)]
    session.flush()

    changes = PackageChanges(changed={package.id for package in modified}, vanished=len(vanished))
    for name, manifest in named.items():
        package = rows[name]
        same_place = paths_before.get(name) == manifest.path
        if not same_place or nested_before[manifest.path] != nested_now[manifest.path]:
            changes.rebuilt.add(package.id)
        changes.members.append(
            Candidate(package.id, name, package.version, manifest.path, manifest.manifest)
        )
        changes.problems[package.id] = [*manifest.problems, *duplicates.get(name, [])]
    _give_health(session, changes.members)
    return changes


def _tell_names_apart(
    read: Sequence[ReadManifest],
) -> tuple[dict[str, ReadManifest], dict[str, list[Problem]]]:
    """Give each manifest its name: the first by path has it, another is an issue on that one.

    A manifest without a name of its own is called after its folder, as npm does, or where that
    is taken, after its path: so nothing is lost.
    """
    named: dict[str, ReadManifest] = {}
    duplicates: dict[str, list[Problem]] = {}
    for manifest in read:
        if not manifest.manifest.name_given:
            continue
        name = manifest.manifest.name
        if name in named:
            duplicates.setdefault(name, []).append(
                error(
                    ProblemCode.NAME_DUPLICATE,
                    manifest.path,
                    f"{manifest.path}/package.json has the name of {named[name].path}/package.json,"
                    f" {name}; only the first by path is catalogued. Rename one of them.",
                )
            )
        else:
            named[name] = manifest
    for manifest in read:
        if not manifest.manifest.name_given:
            name = manifest.manifest.name
            named[manifest.path if name in named else name] = manifest
    return dict(sorted(named.items(), key=lambda item: item[1].path)), duplicates


def _facts(read: ReadManifest, *, keep: Package) -> dict[str, Any]:
    """Give the columns that follow from a manifest; an unreadable one changes only where it is."""
    where = {"path": read.path, "manifest_hash": read.hash}
    if not read.readable and keep.id is not None:
        return where
    manifest = read.manifest
    return where | {
        "version": manifest.version,
        "type": manifest.type.value,
        "description": manifest.description,
        "listing_identifier": manifest.package_id or None,
        "license": manifest.license,
        "private": manifest.private,
        "maintainers": list(manifest.maintainers),
        "repository": dict(manifest.repository),
        "scripts": dict(manifest.scripts),
        "dependencies": dict(manifest.dependencies),
        "dev_dependencies": dict(manifest.dev_dependencies),
        "peer_dependencies": dict(manifest.peer_dependencies),
        "optional_dependencies": dict(manifest.optional_dependencies),
    }


def _assign(package: Package, facts: Mapping[str, Any]) -> bool:
    """Set the columns that differ; tells whether any that clients see did.

    Maps are compared as text: two that hold the same in another order differ to a reader.
    """
    seen = False
    for column, value in facts.items():
        if orjson.dumps(getattr(package, column)) != orjson.dumps(value):
            setattr(package, column, value)
            seen = seen or column not in _UNSHOWN
    return seen


def _remove(session: Session, vanished: Sequence[Package]) -> None:
    """Take packages out of the catalogue; what an author listed stays, as listed only."""
    by_id = {package.id: package for package in vanished}
    listed: dict[int, str] = {}
    for batch in batches(by_id):
        for row in session.execute(
            select(Listing.package_id, Listing.identifier).where(Listing.package_id.in_(batch))
        ):
            listed[row.package_id] = row.identifier
    for package_id, identifier in listed.items():
        _assign(by_id[package_id], {**_LISTED_ONLY, "name": identifier})
    for batch in batches(listed):
        for model in (
            PackageCommit,
            FormerCommit,
            Dependency,
            Issue,
            Health,
            HealthDay,
            Build,
            BuildDay,
            BuildFigure,
            Report,
        ):
            session.execute(delete(model).where(model.package_id.in_(batch)))
    forget_git_versions(session.connection(), listed)
    for batch in batches(package_id for package_id in by_id if package_id not in listed):
        session.execute(delete(Package).where(Package.id.in_(batch)))


# Columns of which no client is told.
_UNSHOWN = frozenset({"manifest_hash", "listing_identifier"})
_LISTED_ONLY: Mapping[str, Any] = {
    "workspace_id": None,
    "path": None,
    "version": "",
    "description": "",
    "license": "",
    "private": False,
    "maintainers": [],
    "repository": {},
    "scripts": {},
    "dependencies": {},
    "dev_dependencies": {},
    "peer_dependencies": {},
    "optional_dependencies": {},
    "manifest_hash": "",
    "listing_identifier": None,
    "last_commit_id": None,
}


def _give_health(session: Session, members: Sequence[Candidate]) -> None:
    """Give every package a score; where nothing was measured yet, that of all unknown."""
    scored = set(session.scalars(select(Health.package_id)))
    unmeasured = overall_score(
        BuildStatus.UNKNOWN, None, CheckStatus.UNKNOWN, CheckStatus.UNKNOWN
    ).total
    session.add_all(
        Health(package_id=member.package_id, overall_score=unmeasured)
        for member in members
        if member.package_id not in scored
    )
    session.flush()
