"""What manifests depend on, and which workspace members those dependencies resolve to."""

import posixpath
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, delete, select

from registry.dependencies.external import load_published
from registry.models import Dependency
from registry.npm_registry.names import is_registry_name
from registry.refresh.bulk import batches, insert_rows
from registry.rules.enumerations import DependencyKind
from registry.rules.outdated import Verdict, judge_dependency
from registry.rules.specifiers import Protocol, Specifier, parse_specifier, satisfies
from registry.workspace.layout import Layout
from registry.workspace.manifest import Manifest

# What follows from the manifests, and what is made of it.
_FACTS = (
    "package_id",
    "kind",
    "name",
    "range",
    "protocol",
    "target_id",
    "registry_name",
    "registry_range",
)
_VERDICT = ("latest", "outdated", "status")
_ASKED = (Protocol.REGISTRY, Protocol.TAG, Protocol.NPM)
_UNKNOWN = Verdict("", False, "")

Facts = tuple[Any, ...]
Key = tuple[int, str, str]


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


@dataclass(frozen=True)
class _Known:
    """A row as the database has it."""

    id: int
    facts: Facts
    verdict: Verdict


def write_dependencies(
    connection: Connection, members: Sequence[Candidate], layout: Layout
) -> set[int]:
    """Bring the dependencies up to date; gives the packages of which any changed."""
    existing = _load(connection, [member.package_id for member in members])
    wanted = _judge(connection, dict(_rows(members, Resolver(members, layout))), existing)
    stale = {key for key, row in existing.items() if wanted.get(key) != (row.facts, row.verdict)}
    for batch in batches(existing[key].id for key in stale):
        connection.execute(delete(Dependency).where(Dependency.id.in_(batch)))
    missing = [
        (*facts, verdict.latest, verdict.outdated, verdict.status)
        for key, (facts, verdict) in wanted.items()
        if key not in existing or key in stale
    ]
    insert_rows(connection, Dependency, (*_FACTS, *_VERDICT), missing)
    return {row[0] for row in missing} | {key[0] for key in stale}


def _rows(
    members: Sequence[Candidate], resolver: Resolver
) -> Iterable[tuple[Key, tuple[Facts, Verdict | None]]]:
    """Give what is wanted by key; no verdict for what a registry would have to be asked about."""
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
                meant = resolver.meant(specifier)
                asked = target is None and meant.protocol in _ASKED and is_registry_name(meant.name)
                facts = (
                    member.package_id,
                    kind.value,
                    name,
                    written,
                    specifier.protocol.value,
                    target.package_id if target else None,
                    meant.name if asked else "",
                    (meant.range or meant.tag) if asked else "",
                )
                verdict = None if asked else _judge_member(target, meant.range)
                yield (member.package_id, kind.value, name), (facts, verdict)


def _judge(
    connection: Connection,
    rows: Mapping[Key, tuple[Facts, Verdict | None]],
    existing: Mapping[Key, _Known],
) -> dict[Key, tuple[Facts, Verdict]]:
    """Judge what is asked of a registry by what it last said; what did not change stays."""
    judged: dict[Key, tuple[Facts, Verdict]] = {}
    unknown: list[tuple[Key, Facts]] = []
    for key, (facts, verdict) in rows.items():
        if verdict is not None:
            judged[key] = facts, verdict
        elif key in existing and existing[key].facts == facts:
            judged[key] = facts, existing[key].verdict
        else:
            unknown.append((key, facts))
    published = load_published(connection, {facts[-2] for _, facts in unknown})
    for key, facts in unknown:
        name, wanted = facts[-2:]
        known = name in published
        judged[key] = facts, judge_dependency(wanted, published[name]) if known else _UNKNOWN
    return judged


def _judge_member(target: Candidate | None, wanted: str) -> Verdict:
    """Tell whether a member has moved out of the range that is asked of it."""
    if target is None:
        return _UNKNOWN
    outdated = wanted and target.version and not satisfies(target.version, wanted)
    return Verdict(target.version, bool(outdated), "")


def _load(connection: Connection, package_ids: Sequence[int]) -> dict[Key, _Known]:
    columns = [Dependency.__table__.c[name] for name in (*_FACTS, *_VERDICT)]
    known = {}
    for batch in batches(package_ids):
        statement = select(Dependency.id, *columns).where(Dependency.package_id.in_(batch))
        for id_, *row in connection.execute(statement):
            facts, verdict = tuple(row[: len(_FACTS)]), Verdict(*row[len(_FACTS) :])
            known[row[0], row[1], row[2]] = _Known(id_, facts, verdict)
    return known
