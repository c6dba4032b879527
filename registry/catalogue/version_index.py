"""Published versions and what they go together with, read as a search for them goes along."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from sqlalchemy import select
from sqlalchemy.orm import Session

from registry.catalogue.visibility import publication_is_visible
from registry.errors import RegistryError
from registry.models import Listing, Publication, Version
from registry.rules.enumerations import Platform, VersionStatus
from registry.rules.identifiers import InvalidIdentifier, parse_either
from registry.rules.selections import InvalidSelection, Selection
from registry.rules.versions import InvalidVersion, RegistryVersion
from registry.rules.viewer import Viewer

# Most versions that one search reads, and most packages that are read before they are asked for.
MAX_VERSIONS = 20_000
_MAX_AHEAD = 200

_SUPPORTS = {
    Platform.MACOS: Publication.supports_macos,
    Platform.WINDOWS: Publication.supports_windows,
    Platform.LINUX: Publication.supports_linux,
}


class ResolutionTooHard(RegistryError):
    """To find out which versions go together takes more than one request may ask for."""

    code = "resolution_too_hard"
    status = 422
    title = "Too hard to resolve"


def too_hard() -> ResolutionTooHard:
    """Make the refusal of a search that takes too long."""
    return ResolutionTooHard("It takes too long to find out: want less at once, or more exactly.")


@dataclass(frozen=True)
class Relation:
    """A package by its full identifier, and the versions of it that are meant."""

    identifier: str
    selection: Selection


@dataclass(frozen=True)
class Release:
    """One version of a package that may be chosen; no version: the package is not there at all."""

    identifier: str
    version: RegistryVersion | None
    needs: Sequence[Relation] = field(default=(), compare=False)
    avoids: Sequence[Relation] = field(default=(), compare=False)


@dataclass
class VersionIndex:
    """The versions that a viewer may install, by full identifier, the newest first.

    A package is read together with what the newest versions read before need, which is what will be
    asked for next: so there are as many statements as the search is deep, not as it is wide.
    """

    session: Session
    viewer: Viewer
    # This registry's own name: what belongs to another cannot be known here.
    repository: str
    platform: Platform | None = None
    # Only versions for this version of the platform that packages run on.
    xp_version: RegistryVersion | None = None
    _known: dict[str, tuple[Release, ...]] = field(default_factory=dict, init=False)
    # Not read yet, in the order in which they were first named.
    _ahead: dict[str, None] = field(default_factory=dict, init=False)
    _count: int = field(default=0, init=False)
    _selections: dict[str, Selection | None] = field(default_factory=dict, init=False)

    def is_ours(self, identifier: str) -> bool:
        """Tell whether a full identifier is of this registry."""
        return identifier.startswith(self._prefix)

    def expect(self, identifiers: Iterable[str]) -> None:
        """Say what will be asked for, so that it is read at once."""
        for identifier in identifiers:
            if self.is_ours(identifier) and identifier not in self._known:
                self._ahead[identifier] = None

    def releases(self, identifier: str) -> tuple[Release, ...]:
        """Give a package's versions, the newest first; none, if there is none for this viewer.

        Raises:
            ResolutionTooHard: too many have been read already.
        """
        if identifier not in self._known:
            self._read(identifier)
        return self._known[identifier]

    @cached_property
    def _prefix(self) -> str:
        return f"{self.repository}/"

    def _read(self, identifier: str) -> None:
        ahead = list(self._ahead)[:_MAX_AHEAD]
        wanted = {identifier: None, **dict.fromkeys(ahead)}
        for each in wanted:
            self._ahead.pop(each, None)
        found: dict[str, list[Release]] = {each: [] for each in wanted}
        statement = (
            select(
                Listing.identifier,
                Version.version,
                Publication.dependencies,
                Publication.incompatibilities,
                Publication.xp_selection,
            )
            .select_from(Listing)
            .join(Version, Version.package_id == Listing.package_id)
            .join(Publication, Publication.version_id == Version.id)
            .where(
                Listing.identifier.in_([each.removeprefix(self._prefix) for each in wanted]),
                Publication.status == VersionStatus.PROCESSED,
                publication_is_visible(Publication, self.viewer),
            )
            .order_by(Listing.identifier, Version.sort_key.desc())
            .limit(MAX_VERSIONS - self._count + 1)
        )
        if self.platform is not None:
            statement = statement.where(_SUPPORTS[self.platform].is_(True))
        for row in self.session.execute(statement):
            self._count += 1
            if self._runs_here(row.xp_selection) and (version := _version(row.version)):
                full = self._prefix + row.identifier
                needs = self._relations(row.dependencies)
                avoids = self._relations(row.incompatibilities)
                found[full].append(Release(full, version, needs, avoids))
        if self._count > MAX_VERSIONS:
            raise ResolutionTooHard(
                f"This takes more than {MAX_VERSIONS:,} versions into account: want less at once."
            )
        self._remember(found)

    def _remember(self, found: Mapping[str, list[Release]]) -> None:
        self._known |= {identifier: tuple(releases) for identifier, releases in found.items()}
        for releases in found.values():
            if releases:
                self.expect(relation.identifier for relation in releases[0].needs)

    def _runs_here(self, xp_selection: str) -> bool:
        if self.xp_version is None:
            return True
        selection = self._selection(xp_selection)
        return selection is not None and selection.contains(self.xp_version)

    def _relations(self, pairs: Iterable[Sequence[str]]) -> tuple[Relation, ...]:
        relations = []
        for package, text in pairs:
            selection = self._selection(text)
            try:
                full = str(parse_either(package, self.repository))
            except InvalidIdentifier:
                continue
            if selection is not None:
                relations.append(Relation(full, selection))
        return tuple(relations)

    def _selection(self, text: str) -> Selection | None:
        if text not in self._selections:
            try:
                self._selections[text] = Selection.parse(text)
            except InvalidSelection:
                self._selections[text] = None
        return self._selections[text]


def _version(text: str) -> RegistryVersion | None:
    try:
        return RegistryVersion.parse(text)
    except InvalidVersion:
        return None
