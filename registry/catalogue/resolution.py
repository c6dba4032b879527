"""Which versions go together: the newest that satisfy all dependencies and no incompatibility.

The search is resolvelib's, pip's own. A dependency is a requirement that a version of the package
meets; an incompatibility one that is met by other versions, or by the package's absence.

Wanted packages get their newest version, in the order in which they are wanted; what is installed
and not wanted keeps its version where that is possible; all else gets its newest.
"""

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from resolvelib import (
    AbstractProvider,
    BaseReporter,
    ResolutionImpossible,
    ResolutionTooDeep,
)
from resolvelib.resolvers import Resolution as Search
from resolvelib.structs import RequirementInformation

from registry.catalogue.version_index import Relation, Release, VersionIndex, too_hard
from registry.rules.enumerations import Change
from registry.rules.versions import RegistryVersion

MAX_ROUNDS = 2_000
MAX_SECONDS = 2.0
# How many demands a reason tells, and how many versions of one package.
_TOLD = 20
_LISTED = 5


@dataclass(frozen=True)
class Chosen:
    """One package of the answer, by its full identifier."""

    identifier: str
    version: RegistryVersion
    change: Change


@dataclass(frozen=True)
class Resolution:
    """What goes together; or the reason why nothing does."""

    # By identifier; all that is installed in the end. Empty, if nothing goes together.
    packages: Sequence[Chosen] = ()
    # What the chosen versions need of other registries, which is not known here.
    external: Sequence[Relation] = ()
    # Sentences for people; empty, if there is a solution.
    reason: str = ""


class _Kind(StrEnum):
    WANTED = "wanted"
    INSTALLED = "installed"
    NEEDED = "needed"
    AVOIDED = "avoided"


@dataclass(frozen=True)
class _Requirement:
    identifier: str
    kind: _Kind
    # None: any version will do.
    relation: Relation | None = None

    def admits(self, release: Release) -> bool:
        if release.version is None:
            return self.kind is _Kind.AVOIDED
        if self.relation is None:
            return True
        covered = self.relation.selection.contains(release.version)
        return covered is not (self.kind is _Kind.AVOIDED)


_Causes = Sequence[RequirementInformation[_Requirement, Release]]


def resolve(
    index: VersionIndex,
    wanted: Sequence[Relation],
    installed: Mapping[str, RegistryVersion],
    *,
    seconds: float = MAX_SECONDS,
    clock: Callable[[], float] = time.monotonic,
) -> Resolution:
    """Find which versions to install.

    Args:
        index: the versions that there are for the viewer.
        wanted: packages of this registry by full identifier, each with the versions that will do.
        installed: what is installed already, by full identifier; it stays, if perhaps in another
            version. A version that the index does not have is taken to need nothing.
        seconds: how long the search may take.
        clock: tells the time, in seconds.

    Raises:
        ResolutionTooHard: it takes too long, or reads too much.
    """
    index.expect([relation.identifier for relation in wanted])
    index.expect(sorted(installed))
    provider = _Provider(index, wanted, installed, deadline=clock() + seconds, clock=clock)
    requirements = [_Requirement(each.identifier, _Kind.WANTED, each) for each in wanted]
    requirements += [_Requirement(each, _Kind.INSTALLED) for each in sorted(installed)]
    # Not its `Resolver`: that one goes on to ask how each package is reached, by a function that
    # calls itself without end where packages that were given up need each other in a circle.
    search: Search[_Requirement, Release, str] = Search(provider, BaseReporter())
    try:
        found = search.resolve(requirements, max_rounds=MAX_ROUNDS).mapping
    except ResolutionImpossible as impossible:
        return Resolution(reason=_explain(impossible.causes, provider))
    except ResolutionTooDeep:
        raise too_hard() from None
    chosen = {name: release for name, release in found.items() if release.version is not None}
    provider.renew(chosen, requirements)
    return Resolution(
        [_chosen(release, installed) for _, release in sorted(chosen.items())],
        provider.external(chosen.values()),
    )


class _Provider(AbstractProvider[_Requirement, Release, str]):
    """What resolvelib asks: which versions there are, what they need, what to look at next."""

    def __init__(
        self,
        index: VersionIndex,
        wanted: Sequence[Relation],
        installed: Mapping[str, RegistryVersion],
        *,
        deadline: float,
        clock: Callable[[], float],
    ) -> None:
        self._index = index
        self._installed = installed
        self._place = {each.identifier: place for place, each in reversed([*enumerate(wanted)])}
        self._deadline = deadline
        self._clock = clock
        self._ordered: dict[str, tuple[Release, ...]] = {}
        self._requirements: dict[Release, list[_Requirement]] = {}

    def identify(self, requirement_or_candidate: _Requirement | Release) -> str:
        return requirement_or_candidate.identifier

    def narrow_requirement_selection(
        self,
        identifiers: Iterable[str],
        resolutions: Mapping[str, Release],  # noqa: ARG002 -- resolvelib's signature
        candidates: Mapping[str, Iterator[Release]],  # noqa: ARG002 -- as above
        information: Mapping[str, Iterator[RequirementInformation[_Requirement, Release]]],
        backtrack_causes: _Causes,
    ) -> Iterable[str]:
        """Take packages that must be there before those that must only not be there in part."""
        self._check_time()
        names = list(identifiers)
        there = [
            name
            for name in names
            if any(each.requirement.kind is not _Kind.AVOIDED for each in information[name])
        ]
        blamed = {cause.requirement.identifier for cause in backtrack_causes}
        return [name for name in there if name in blamed] or there or names[:1]

    def get_preference(
        self,
        identifier: str,
        resolutions: Mapping[str, Release],  # noqa: ARG002 -- resolvelib's signature
        candidates: Mapping[str, Iterator[Release]],  # noqa: ARG002 -- as above
        information: Mapping[str, Iterator[RequirementInformation[_Requirement, Release]]],  # noqa: ARG002 -- as above
        backtrack_causes: _Causes,  # noqa: ARG002 -- as above
    ) -> tuple[float, bool, str]:
        """Take what is wanted first, in its order, then what is installed, then by identifier."""
        place = self._place.get(identifier, float("inf"))
        return place, identifier not in self._installed, identifier

    def find_matches(
        self,
        identifier: str,
        requirements: Mapping[str, Iterator[_Requirement]],
        incompatibilities: Mapping[str, Iterator[Release]],
    ) -> Iterable[Release]:
        self._check_time()
        asked = list(requirements[identifier])
        refused = set(incompatibilities[identifier])
        candidates: tuple[Release, ...] = (Release(identifier, None),)
        if any(each.kind is not _Kind.AVOIDED for each in asked):
            candidates = self.ordered(identifier)
        return [
            each
            for each in candidates
            if each not in refused and all(requirement.admits(each) for requirement in asked)
        ]

    def is_satisfied_by(self, requirement: _Requirement, candidate: Release) -> bool:
        return requirement.admits(candidate)

    def get_dependencies(self, candidate: Release) -> list[_Requirement]:
        self._check_time()
        if candidate not in self._requirements:
            needed = [_Requirement(each.identifier, _Kind.NEEDED, each) for each in candidate.needs]
            needed += [
                _Requirement(each.identifier, _Kind.AVOIDED, each) for each in candidate.avoids
            ]
            self._requirements[candidate] = [
                each for each in needed if self._is_known(each.identifier)
            ]
        return self._requirements[candidate]

    def ordered(self, identifier: str) -> tuple[Release, ...]:
        """Give a package's versions, the one to prefer first."""
        if identifier not in self._ordered:
            self._ordered[identifier] = self._order(identifier)
        return self._ordered[identifier]

    def external(self, chosen: Iterable[Release]) -> list[Relation]:
        """List what chosen versions need of other registries."""
        needs = {
            (each.identifier, each.selection.canonical): each
            for release in chosen
            for each in release.needs
            if not self._is_known(each.identifier)
        }
        return [each for _, each in sorted(needs.items())]

    def renew(self, chosen: dict[str, Release], requirements: Sequence[_Requirement]) -> None:
        """Take a better version of a package wherever all others may stay as they are.

        A search that went back and forth may have left one behind, or a package that nobody needs
        any more.
        """
        self._drop_unneeded(chosen, requirements)
        while True:
            better = next(
                (
                    better
                    for name in sorted(chosen)
                    if (better := self._better(chosen, name, requirements)) is not None
                ),
                None,
            )
            if better is None:
                return
            chosen[better.identifier] = better
            self._drop_unneeded(chosen, requirements)

    def _better(
        self, chosen: Mapping[str, Release], name: str, requirements: Sequence[_Requirement]
    ) -> Release | None:
        self._check_time()
        if self.ordered(name)[0] == chosen[name]:
            return None
        asked = [each for each in requirements if each.identifier == name]
        for release in chosen.values():
            asked += [each for each in self.get_dependencies(release) if each.identifier == name]
        for better in self.ordered(name):
            if better == chosen[name]:
                return None
            if all(each.admits(better) for each in asked) and self._fits(better, chosen):
                return better
        return None

    def _drop_unneeded(
        self, chosen: dict[str, Release], requirements: Sequence[_Requirement]
    ) -> None:
        needed: set[str] = set()
        waiting = [each.identifier for each in requirements]
        while waiting:
            name = waiting.pop()
            if name not in needed and name in chosen:
                needed.add(name)
                waiting += [each.identifier for each in chosen[name].needs]
        for name in chosen.keys() - needed:
            del chosen[name]

    def _fits(self, release: Release, chosen: Mapping[str, Release]) -> bool:
        return all(
            each.admits(chosen.get(each.identifier, Release(each.identifier, None)))
            for each in self.get_dependencies(release)
        )

    def _order(self, identifier: str) -> tuple[Release, ...]:
        releases = self._index.releases(identifier) if self._index.is_ours(identifier) else ()
        version = self._installed.get(identifier)
        if version is None:
            return releases
        # A version that was removed, or is another author's own, is not known but installed.
        own = next((each for each in releases if each.version == version), None)
        if own is None:
            own = Release(identifier, version)
        others = tuple(each for each in releases if each != own)
        if identifier not in self._place:
            return (own, *others)
        newer = sum(1 for each in others if each.version is not None and each.version > version)
        return (*others[:newer], own, *others[newer:])

    def _is_known(self, identifier: str) -> bool:
        return self._index.is_ours(identifier) or identifier in self._installed

    def _check_time(self) -> None:
        if self._clock() > self._deadline:
            raise too_hard()


def _chosen(release: Release, installed: Mapping[str, RegistryVersion]) -> Chosen:
    version, before = release.version, installed.get(release.identifier)
    if version is None:
        raise ValueError("a package that is not there cannot be chosen")
    if before is None:
        change = Change.INSTALL
    elif before == version:
        change = Change.KEEP
    else:
        change = Change.UPGRADE if version > before else Change.DOWNGRADE
    return Chosen(release.identifier, version, change)


def _explain(
    causes: Collection[RequirementInformation[_Requirement, Release]], provider: _Provider
) -> str:
    """Say what cannot all be had, and which versions there are."""
    demands: dict[tuple[str, _Kind, str], set[RegistryVersion]] = {}
    for cause in causes:
        requirement, parent = cause.requirement, cause.parent
        what = requirement.identifier
        if requirement.relation is not None:
            what += f" {requirement.relation.selection.canonical}"
        versions = demands.setdefault(
            ("" if parent is None else parent.identifier, requirement.kind, what), set()
        )
        if parent is not None and parent.version is not None:
            versions.add(parent.version)
    told = [_tell(*demand, versions) for demand, versions in sorted(demands.items())[:_TOLD]]
    if len(demands) > _TOLD:
        told.append(f"and {len(demands) - _TOLD} more")
    names = sorted({cause.requirement.identifier for cause in causes})[:_TOLD]
    supplies = [_supply(name, provider.ordered(name)) for name in names]
    return f"No versions go together: {'; '.join(told)}. {' '.join(supplies)}"


def _tell(who: str, kind: _Kind, what: str, versions: Collection[RegistryVersion]) -> str:
    """Say who demands what; a package demands it in some of its versions."""
    if kind is _Kind.WANTED:
        return f"you want {what}"
    if kind is _Kind.INSTALLED:
        return f"{what} is installed"
    verb = "cannot be together with"
    if kind is _Kind.NEEDED:
        verb = "needs" if len(versions) == 1 else "need"
    return f"{who} {_list(versions)} {verb} {what}"


def _supply(name: str, releases: Sequence[Release]) -> str:
    versions = {each.version for each in releases if each.version is not None}
    if not versions:
        return f"There is no version of {name} to install."
    return f"Of {name} there is {_list(versions)}."


def _list(versions: Collection[RegistryVersion]) -> str:
    newest = sorted(versions, reverse=True)
    listed = ", ".join(str(version) for version in newest[:_LISTED])
    return listed if len(newest) <= _LISTED else f"{listed} and {len(newest) - _LISTED} older"
