"""What everyone may install: the list of all of it, and one version's address."""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Text, cast, func, select
from sqlalchemy.orm import Session

from registry.accounts.provenance import built_from
from registry.catalogue.columns import Columns
from registry.catalogue.visibility import publication_is_visible
from registry.errors import NotFound
from registry.models import Author, Commit, Listing, Publication, Revision, Version
from registry.publishing.uploads import hash_private_key
from registry.rules.enumerations import VersionStatus
from registry.rules.versions import RegistryVersion
from registry.rules.viewer import ANONYMOUS, Viewer


@dataclass(frozen=True)
class PublicList:
    """All packages with something to install, and since when the list is as it is."""

    generated: datetime
    # One row for each version, by identifier and then precedence, the oldest first.
    versions: Sequence[Columns]


def list_public(session: Session) -> PublicList:
    """List every version that everyone may install, in one statement; JSON columns come as text."""
    versions = session.execute(
        select(
            Listing.identifier,
            Listing.name.label("package_name"),
            Author.author_id,
            Author.name.label("author_name"),
            Listing.description,
            Listing.package_type,
            Version.version,
            cast(Publication.dependencies, Text).label("dependencies"),
            cast(Publication.incompatibilities, Text).label("incompatibilities"),
            Publication.xp_selection,
            Publication.supports_macos,
            Publication.supports_windows,
            Publication.supports_linux,
        )
        .select_from(Publication)
        .join(Version, Version.id == Publication.version_id)
        .join(Listing, Listing.package_id == Version.package_id)
        .join(Author, Author.id == Listing.author_id)
        .where(publication_is_visible(Publication, ANONYMOUS))
        .order_by(Listing.identifier, Version.sort_key)
    ).all()
    return PublicList(session.scalars(select(Revision.raised_at)).one(), versions)


@dataclass(frozen=True)
class Installable:
    """Where a version is installed from, and what it goes together with."""

    loc: str
    hash: str
    dependencies: list[Any]
    incompatibilities: list[Any]
    # The full hash of the commit that it was built from; empty: not known.
    commit_hash: str


def find_installable(
    session: Session,
    viewer: Viewer,
    identifier: str,
    version: RegistryVersion,
    private_key: str | None,
) -> Installable:
    """Find a processed version that the viewer sees, or whose private key was shown.

    Raises:
        NotFound: there is none, it is not processed, or it is not for this viewer; which of these
            is not told.
    """
    row = session.execute(
        select(
            Publication.loc,
            Publication.hash,
            Publication.dependencies,
            Publication.incompatibilities,
            Publication.private_key_hash,
            publication_is_visible(Publication, viewer).label("is_visible"),
            func.coalesce(
                select(Commit.hash).where(Commit.id == built_from(Publication)).scalar_subquery(),
                "",
            ).label("commit_hash"),
        )
        .select_from(Publication)
        .join(Version, Version.id == Publication.version_id)
        .join(Listing, Listing.package_id == Version.package_id)
        .where(
            Listing.identifier == identifier,
            Version.sort_key == version.sort_key(),
            Publication.status == VersionStatus.PROCESSED,
        )
    ).first()
    shown = hash_private_key(private_key or "")
    expected = b"" if row is None or row.private_key_hash is None else row.private_key_hash
    is_shown = hmac.compare_digest(shown, expected)
    if row is None or not (row.is_visible or is_shown):
        raise NotFound("There is no such version to install.")
    return Installable(row.loc, row.hash, row.dependencies, row.incompatibilities, row.commit_hash)
