"""Who depends on a published version, and who would be left without one if it went."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Text, cast, func, or_, select
from sqlalchemy.orm import Session

from registry.catalogue.visibility import publication_is_visible
from registry.errors import NotFound
from registry.models import Listing, Publication, Version
from registry.rules.enumerations import VersionStatus
from registry.rules.identifiers import InvalidIdentifier, parse_either
from registry.rules.selections import InvalidSelection, Selection
from registry.rules.versions import InvalidVersion, RegistryVersion
from registry.rules.viewer import Viewer


@dataclass(frozen=True)
class Dependent:
    """A version of a package that needs another package."""

    identifier: str
    version: str
    # Which versions of that package will do.
    selection: str
    # Whether no other version that the viewer may install would do.
    breaks: bool


def list_dependents(
    session: Session, viewer: Viewer, identifier: str, version: RegistryVersion, repository: str
) -> list[Dependent]:
    """List the versions that need a version, by identifier and then precedence, the newest first.

    Args:
        session: where to read.
        viewer: whose view it is: what they may not install is not told of, and does not help.
        identifier: the partial identifier of the package that is needed.
        version: its version.
        repository: this registry's own name, where partial identifiers belong.

    Raises:
        NotFound: there is no such version for this viewer.
    """
    others = _other_versions(session, viewer, identifier, version)
    rows = session.execute(
        select(Listing.identifier, Version.version, Publication.dependencies)
        .select_from(Publication)
        .join(Version, Version.id == Publication.version_id)
        .join(Listing, Listing.package_id == Version.package_id)
        .where(
            Publication.status == VersionStatus.PROCESSED,
            publication_is_visible(Publication, viewer),
            _names(identifier, repository),
        )
        .order_by(Listing.identifier, Version.sort_key.desc())
    )
    full = f"{repository}/{identifier}"
    found = []
    for row in rows:
        for selection in _selections(row.dependencies, full, repository):
            if selection.contains(version):
                breaks = not any(selection.contains(other) for other in others)
                found.append(Dependent(row.identifier, row.version, selection.canonical, breaks))
    return found


def _names(identifier: str, repository: str) -> ColumnElement[bool]:
    """Say which publications name a package in their dependencies, as far as their text tells.

    A coarse look at the JSON; whoever reads the rows looks closer.
    """
    text = func.lower(cast(Publication.dependencies, Text))
    return or_(
        text.contains(f'"{identifier}"', autoescape=True),
        text.contains(f'"{repository}/{identifier}"', autoescape=True),
    )


def _other_versions(
    session: Session, viewer: Viewer, identifier: str, version: RegistryVersion
) -> list[RegistryVersion]:
    """Find a package's versions besides one, which must be there."""
    texts = session.scalars(
        select(Version.version)
        .join(Publication, Publication.version_id == Version.id)
        .join(Listing, Listing.package_id == Version.package_id)
        .where(
            Listing.identifier == identifier,
            Publication.status == VersionStatus.PROCESSED,
            publication_is_visible(Publication, viewer),
        )
    ).all()
    versions = list(_parse(texts))
    if version not in versions:
        raise NotFound("There is no such version to install.")
    return [other for other in versions if other != version]


def _parse(texts: Iterable[str]) -> Iterator[RegistryVersion]:
    for text in texts:
        try:
            yield RegistryVersion.parse(text)
        except InvalidVersion:
            continue


def _selections(pairs: Iterable[Sequence[str]], full: str, repository: str) -> Iterator[Selection]:
    for package, text in pairs:
        try:
            if str(parse_either(package, repository)) == full:
                yield Selection.parse(text)
        except (InvalidIdentifier, InvalidSelection):
            continue
