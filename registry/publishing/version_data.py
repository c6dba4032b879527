"""What an author may still change of a version that is uploaded."""

from sqlalchemy import exists, select, update
from sqlalchemy.orm import Session

from registry.errors import NotYours
from registry.models import Listing, Publication, Version
from registry.publishing.relations import read_incompatibilities
from registry.rules.selections import Selection
from registry.rules.versions import RegistryVersion


def update_incompatibilities(
    session: Session,
    author_id: int,
    identifier: str,
    version: RegistryVersion,
    *,
    incompatibilities: object,
    repository: str,
) -> None:
    """Replace what a version of an author's package cannot be together with.

    Args:
        session: the transaction that writes.
        author_id: whose package it must be.
        identifier: the package's partial identifier.
        version: the version.
        incompatibilities: what was sent: a list of pairs, which is checked here.
        repository: this registry's own name, where partial identifiers belong.

    Raises:
        InvalidInput: it is not such a list; see `read_incompatibilities`.
        NotYours: the author has no such version.
    """
    # Whatever the package is, a list that makes no sense is refused for that.
    read_incompatibilities(incompatibilities, identifier, repository, [])
    row = session.execute(
        select(Publication.version_id, Publication.dependencies)
        .join(Version, Version.id == Publication.version_id)
        .join(Listing, Listing.package_id == Version.package_id)
        .where(
            Listing.identifier == identifier,
            Listing.author_id == author_id,
            Version.sort_key == version.sort_key(),
        )
    ).first()
    if row is None:
        raise _no_such_version()
    pairs = read_incompatibilities(incompatibilities, identifier, repository, row.dependencies)
    session.execute(
        update(Publication)
        .where(Publication.version_id == row.version_id)
        .values(incompatibilities=pairs)
    )


def update_xp_selection(
    session: Session,
    author_id: int,
    identifier: str,
    version: RegistryVersion,
    selection: Selection,
) -> None:
    """Replace the versions of the platform that a version of an author's package works with.

    Raises:
        NotYours: the author has no such version.
    """
    of_author = exists(
        select(Version.id)
        .join(Listing, Listing.package_id == Version.package_id)
        .where(
            Version.id == Publication.version_id,
            Listing.identifier == identifier,
            Listing.author_id == author_id,
            Version.sort_key == version.sort_key(),
        )
        .correlate(Publication)
    )
    changed = session.execute(
        update(Publication)
        .where(of_author)
        .values(xp_selection=selection.canonical)
        .execution_options(synchronize_session=False)
        .returning(Publication.version_id)
    ).all()
    if not changed:
        raise _no_such_version()


def _no_such_version() -> NotYours:
    return NotYours("This account has no package with this identifier and version.")
