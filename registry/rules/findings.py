"""What can be told wrong of packages and their dependencies by comparing them. Pure."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from registry.rules.enumerations import DependencyKind, Severity
from registry.rules.graph import find_cycles
from registry.rules.issue_codes import IssueCode
from registry.rules.ranges import parse_range
from registry.rules.specifiers import Protocol

# A longer cycle is told at its first package only, and a package is told of so many as are shared:
# else a hostile workspace could have cycles times packages told, each by all its names.
LONGEST_SHARED_CYCLE = 50
MOST_SHARED_CYCLES = 5
# How much of where ranges differ is told.
_MOST_RANGES = 50
_MOST_PACKAGES = 20

# What must be there when a package is used, rather than when it is developed.
_USED = frozenset(
    {
        DependencyKind.DEPENDENCY,
        DependencyKind.PEER_DEPENDENCY,
        DependencyKind.OPTIONAL_DEPENDENCY,
    }
)


class PackageFacts(NamedTuple):
    """What is looked at of a package."""

    name: str
    version: str
    private: bool
    licensed: bool
    # Whether it says where its source is kept.
    located: bool


class DependencyFacts(NamedTuple):
    """What is looked at of a dependency.

    Attributes:
        package: the name of the package that depends.
        kind: the manifest's section.
        name: the key in it.
        range: as written.
        protocol: what kind of thing that is.
        target: the name of the member that it resolves to; empty for none.
        outdated: whether that member is not in the range.
        registry_name: the package that it asks an npm registry for; empty where it asks none.
        registry_range: the range or tag that it asks for.
        missing_at: the path from the workspace's root at which there should be something, and is
            not; empty where there is, or nobody knows.
    """

    package: str
    kind: str
    name: str
    range: str
    protocol: str
    target: str
    outdated: bool
    registry_name: str
    registry_range: str
    missing_at: str = ""


@dataclass(frozen=True)
class Finding:
    """Something wrong with a package, or, where its name is empty, with the workspace."""

    package: str
    code: IssueCode
    severity: Severity
    # What it is and how to mend it.
    message: str
    evidence: Mapping[str, Any] = field(default_factory=dict)


def find_issues(
    packages: Sequence[PackageFacts], dependencies: Sequence[DependencyFacts]
) -> list[Finding]:
    """Find what is wrong with the packages of a workspace and what they depend on."""
    versions = {package.name: package.version for package in packages}
    found = [*_find_missing_facts(packages), *_find_cycles(dependencies)]
    for dependency in dependencies:
        found += _look_at(dependency, versions)
    return [*found, *_find_differing_ranges(dependencies, versions)]


def _find_missing_facts(packages: Iterable[PackageFacts]) -> Iterator[Finding]:
    """Find packages that say too little to be published; others need not say anything."""
    for package in packages:
        # What has no version cannot be published either.
        if package.private or not package.version:
            continue
        if not package.licensed:
            yield Finding(
                package.name,
                IssueCode.LICENSE_MISSING,
                Severity.WARNING,
                "The manifest names no license: add `license`, or set `private` if the package is "
                "not to be published.",
            )
        if not package.located:
            yield Finding(
                package.name,
                IssueCode.REPOSITORY_MISSING,
                Severity.INFO,
                "The manifest does not say where the source is kept: add `repository`, or set "
                "`private` if the package is not to be published.",
            )


def _find_cycles(dependencies: Iterable[DependencyFacts]) -> Iterator[Finding]:
    used, all_ = set(), set()
    for dependency in dependencies:
        if dependency.target:
            edge = dependency.package, dependency.target
            if dependency.kind in _USED:
                used.add(edge)
            # To develop a package with itself is usual, and harms nothing.
            if dependency.kind in _USED or dependency.package != dependency.target:
                all_.add(edge)
    among_used = find_cycles(used)
    yield from _tell_cycles(among_used, Severity.WARNING)
    told = set(map(tuple, among_used))
    others = [cycle for cycle in find_cycles(all_) if tuple(cycle) not in told]
    yield from _tell_cycles(others, Severity.INFO)


def _tell_cycles(cycles: Iterable[Sequence[str]], severity: Severity) -> Iterator[Finding]:
    told: Counter[str] = Counter()
    for cycle in cycles:
        ring = " → ".join([*cycle, cycle[0]])
        closed_by = "" if severity is Severity.WARNING else ", closed by a development dependency"
        message = (
            f"Packages depend on each other in a circle{closed_by}: {ring}. Move what they share "
            "into a package of its own, or turn one of these dependencies round."
        )
        # One that harms nobody is told once, lest it hide what does.
        shared = severity is Severity.WARNING and len(cycle) <= LONGEST_SHARED_CYCLE
        names = [name for name in cycle if shared and told[name] < MOST_SHARED_CYCLES]
        for name in names or cycle[:1]:
            told[name] += 1
            evidence = {"cycle": list(cycle)}
            yield Finding(name, IssueCode.DEPENDENCY_CYCLE, severity, message, evidence)


def _look_at(dependency: DependencyFacts, versions: Mapping[str, str]) -> Iterator[Finding]:
    """Look whether a dependency on a member finds it, and in the range that it asks for."""
    asked = f"`{dependency.name}` is asked for as `{dependency.range}` ({dependency.kind})"
    where = {"dependency": dependency.name, "type": dependency.kind, "range": dependency.range}
    if dependency.protocol == Protocol.WORKSPACE and not dependency.target:
        yield Finding(
            dependency.package,
            IssueCode.WORKSPACE_DEPENDENCY_MISSING,
            Severity.ERROR,
            f"{asked}, but the workspace has no such package: correct the name, or take the "
            "dependency out.",
            where,
        )
        return
    if dependency.missing_at:
        yield Finding(
            dependency.package,
            IssueCode.LOCAL_DEPENDENCY_MISSING,
            Severity.ERROR,
            f"{asked}, but there is nothing at `{dependency.missing_at}`: correct the path, or "
            "take the dependency out.",
            {**where, "path": dependency.missing_at},
        )
        return
    name = dependency.target or dependency.registry_name
    version = versions.get(name, "")
    # A tag is no range, and a package without a version is in none: that is not meant. What names
    # the registry (`npm:`) wants another version than the workspace's.
    asked_plainly = dependency.protocol != Protocol.NPM and _is_range(dependency.registry_range)
    passed_by = bool(version) and not dependency.target and asked_plainly
    if (dependency.outdated and dependency.target) or passed_by:
        yield Finding(
            dependency.package,
            IssueCode.WORKSPACE_RANGE_UNMET,
            Severity.WARNING,
            f"{asked}, but the workspace has {name} {version}: widen the range"
            + (", or another version is taken from outside." if passed_by else "."),
            {**where, "version": version},
        )


def _find_differing_ranges(
    dependencies: Iterable[DependencyFacts], versions: Mapping[str, str]
) -> Iterator[Finding]:
    """Find external dependencies of which packages ask for different ranges, peers aside."""
    asked: defaultdict[str, defaultdict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for dependency in dependencies:
        name, range_ = dependency.registry_name, dependency.registry_range
        if not name or name in versions or dependency.kind == DependencyKind.PEER_DEPENDENCY:
            continue
        asked[name][range_].add(dependency.package)
    for name, ranges in sorted(asked.items()):
        if len(ranges) == 1:
            continue
        # The one that most ask for first.
        ordered = sorted(ranges.items(), key=lambda item: (-len(item[1]), item[0]))
        told = [
            {"range": range_, "count": len(users), "packages": sorted(users)[:_MOST_PACKAGES]}
            for range_, users in ordered[:_MOST_RANGES]
        ]
        some = ", ".join(f"{each['range']} ({each['count']})" for each in told[:5])
        more = f" and {len(ranges) - 5} more" if len(ranges) > 5 else ""  # noqa: PLR2004 -- as above
        yield Finding(
            "",
            IssueCode.DEPENDENCY_RANGES_DIFFER,
            Severity.INFO,
            f"Packages ask for {len(ranges)} different ranges of {name}: {some}{more}. Ask for the "
            "same everywhere, by a catalog where the tool has one.",
            {"dependency": name, "ranges": told},
        )


def _is_range(text: str) -> bool:
    return bool(text) and parse_range(text) is not None
