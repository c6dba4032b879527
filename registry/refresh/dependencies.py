"""What manifests depend on, and which workspace members those dependencies resolve to."""

import posixpath
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, delete, select

from registry.models import Dependency
from registry.refresh.bulk import batches, insert_rows
from registry.rules.enumerations import DependencyKind
from registry.rules.specifiers import Protocol, Specifier, parse_specifier, satisfies
from registry.workspace.layout import Layout
from registry.workspace.manifest import Manifest

_COLUMNS = (
    "package_id",
    "kind",
    "name",
    "range",
    "protocol",
    "target_id",
    "latest",
    "outdated",
    "status",
)


@dataclass(frozen=True)
class Candidate:
    """A member that a dependency may resolve to."""

    package_id: int
    name: str
    version: str
    path: str
    manifest: Manifest


class Resolver:
    """Tells which member of the workspace a dependency resolves to."""

    def __init__(self, members: Sequence[Candidate], layout: Layout) -> None:
        self._by_name = {member.name: member for member in members}
        self._by_path = {member.path: member for member in members}
        self._layout = layout

    def resolve(self, dependent: Candidate, specifier: Specifier) -> Candidate | None:
        """Find the member that a tool would link for a specifier in `dependent`'s manifest.

        `workspace:` names a member outright; a path names what stands there; anything else is a
        member only where the member's version is in the range, as npm and Yarn link it.
        """
        if specifier.path:
            return self._at_path(dependent, specifier)
        specifier = self.meant(specifier)
        member = self._by_name.get(specifier.name)
        if member is None or specifier.protocol is Protocol.WORKSPACE:
            return member
        if specifier.protocol in (Protocol.REGISTRY, Protocol.NPM):
            return member if satisfies(member.version, specifier.range) else None
        return None

    def meant(self, specifier: Specifier) -> Specifier:
        """Give what a specifier means: `catalog:` is what the layout's catalog has instead."""
        if specifier.protocol is not Protocol.CATALOG:
            return specifier
        entry = self._layout.catalogs.get(specifier.catalog, {}).get(specifier.name)
        # A catalog that refers to a catalog is an error of every tool that has them.
        return parse_specifier(specifier.name, entry) if entry is not None else specifier

    def _at_path(self, dependent: Candidate, specifier: Specifier) -> Candidate | None:
        # Paths are relative to the manifest, but Yarn's `workspace:packages/a` to the root.
        beside = posixpath.normpath(posixpath.join(dependent.path, specifier.path))
        member = self._by_path.get(beside)
        if member is None and specifier.protocol is Protocol.WORKSPACE:
            member = self._by_path.get(posixpath.normpath(specifier.path))
        return member


def write_dependencies(
    connection: Connection, members: Sequence[Candidate], layout: Layout
) -> set[int]:
    """Bring the dependencies up to date; gives the packages of which any changed."""
    wanted = {(row[0], row[1], row[2]): row for row in _rows(members, Resolver(members, layout))}
    existing = _load(connection, [member.package_id for member in members])
    stale = [key for key, row in existing.items() if wanted.get(key) != row[1:]]
    for batch in batches(existing[key][0] for key in stale):
        connection.execute(delete(Dependency).where(Dependency.id.in_(batch)))
    missing = [row for key, row in wanted.items() if key not in existing or key in set(stale)]
    insert_rows(connection, Dependency, _COLUMNS, missing)
    return {row[0] for row in missing} | {key[0] for key in stale}


def _rows(members: Sequence[Candidate], resolver: Resolver) -> Iterable[tuple[Any, ...]]:
    for member in members:
        sections: Mapping[DependencyKind, Mapping[str, str]] = {
            DependencyKind.DEPENDENCY: member.manifest.dependencies,
            DependencyKind.DEV_DEPENDENCY: member.manifest.dev_dependencies,
            DependencyKind.PEER_DEPENDENCY: member.manifest.peer_dependencies,
            DependencyKind.OPTIONAL_DEPENDENCY: member.manifest.optional_dependencies,
        }
        for kind, section in sections.items():
            for name, written in section.items():
                specifier = parse_specifier(name, written)
                target = resolver.resolve(member, specifier)
                yield (
                    member.package_id,
                    kind.value,
                    name,
                    written,
                    specifier.protocol.value,
                    target.package_id if target else None,
                    target.version if target else "",
                    _is_outdated(target, resolver.meant(specifier).range),
                    "",
                )


def _is_outdated(target: Candidate | None, wanted: str) -> bool:
    """Tell whether a member has moved out of the range that is asked of it."""
    return bool(target and wanted and target.version and not satisfies(target.version, wanted))


def _load(
    connection: Connection, package_ids: Sequence[int]
) -> dict[tuple[Any, ...], tuple[Any, ...]]:
    columns = [Dependency.__table__.c[name] for name in _COLUMNS]
    return {
        (row[1], row[2], row[3]): tuple(row)
        for batch in batches(package_ids)
        for row in connection.execute(
            select(Dependency.id, *columns).where(Dependency.package_id.in_(batch))
        )
    }
