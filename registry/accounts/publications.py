"""What an author has published: the reads behind the account API (contract, section 3).

One statement each, of columns; a version that only git knows is none of these reads' business.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from itertools import groupby
from typing import Any

from sqlalchemy import Row, Select, and_, exists, func, select
from sqlalchemy.orm import Session, aliased

from registry.accounts.provenance import built_from
from registry.errors import NotFound
from registry.models import Author, Commit, Listing, Publication, Version
from registry.rules.versions import RegistryVersion

_LISTING = (
    Listing.identifier,
    Listing.name.label("package_name"),
    Listing.description,
    Listing.package_type,
)


@cache
def _publication() -> tuple[Any, ...]:
    """Name the columns: when first asked, for they need all classes set up."""
    return (
        Version.version,
        Publication.is_public,
        Publication.is_stored,
        Publication.installs,
        Publication.status,
        Publication.dependencies,
        Publication.incompatibilities,
        Publication.size,
        Publication.installed_size,
        Publication.xp_selection,
        Publication.upload_date,
        Publication.hash,
        Publication.loc,
        func.coalesce(
            select(Commit.hash).where(Commit.id == built_from(Publication)).scalar_subquery(), ""
        ).label("commit_hash"),
    )


@dataclass(frozen=True)
class PublishedVersion:
    """A version and its publication."""

    version: str
    is_public: bool
    is_stored: bool
    installs: int
    status: str
    dependencies: list[Any]
    incompatibilities: list[Any]
    size: int
    installed_size: int
    xp_selection: str
    upload_date: datetime
    hash: str
    loc: str
    # The full hash of the commit that it was built from; empty: not known.
    commit_hash: str


@dataclass(frozen=True)
class PublishedPackage:
    """A listing and what was published of it, oldest version first."""

    identifier: str
    name: str
    description: str
    package_type: str
    versions: list[PublishedVersion]


@dataclass(frozen=True)
class OneVersion:
    """One published version, with its package and the author of both."""

    package: PublishedPackage
    author_id: str
    author_name: str
    version: PublishedVersion
    # Why it could not be processed, in a sentence; empty where it did not fail.
    failure_reason: str


def list_published_packages(session: Session, author_id: int) -> list[PublishedPackage]:
    """List an author's packages by identifier, in code point order.

    Failed and removed versions are included, and packages without any version.
    """
    return _fold(session.execute(_of_author(author_id)))


def find_published_package(session: Session, author_id: int, identifier: str) -> PublishedPackage:
    """Find one of an author's packages by its partial identifier, in lower case.

    Raises:
        NotFound: the author has none; whether somebody else has is not asked.
    """
    packages = _fold(session.execute(_of_author(author_id).where(Listing.identifier == identifier)))
    if not packages:
        raise NotFound("This account has no package with this identifier.")
    return packages[0]


def find_published_version(
    session: Session, author_id: int, identifier: str, version: RegistryVersion
) -> OneVersion:
    """Find one version of an author's package, however it was written.

    Raises:
        NotFound: the author has no such package, or it no such version.
    """
    row = session.execute(
        select(
            *_LISTING,
            *_publication(),
            Publication.failure_reason,
            Author.author_id,
            Author.name.label("author_name"),
        )
        .join(Author, Author.id == Listing.author_id)
        .join(Version, Version.package_id == Listing.package_id)
        .join(Publication, Publication.version_id == Version.id)
        .where(
            Listing.author_id == author_id,
            Listing.identifier == identifier,
            # Equal versions have equal keys, and different ones different keys.
            Version.sort_key == version.sort_key(),
        )
    ).first()
    if row is None:
        raise NotFound("This account has no package with this identifier and version.")
    found = _version(row)
    return OneVersion(
        _package(row, [found]), row.author_id, row.author_name, found, row.failure_reason
    )


def _of_author(author_id: int) -> Select[Any]:
    # In the join's own condition: a package without publications keeps its one row. And not as a
    # subquery of both tables, which SQLite would make whole, for all authors.
    own = aliased(Publication)
    is_published = exists(select(own.version_id).where(own.version_id == Version.id))
    return (
        select(*_LISTING, *_publication())
        .select_from(Listing)
        .outerjoin(Version, and_(Version.package_id == Listing.package_id, is_published))
        .outerjoin(Publication, Publication.version_id == Version.id)
        .where(Listing.author_id == author_id)
        .order_by(Listing.identifier, Version.sort_key)
    )


def _fold(rows: Iterable[Row[Any]]) -> list[PublishedPackage]:
    packages = []
    for _, group in groupby(rows, key=lambda row: row.identifier):
        of_one = list(group)
        # A package without versions comes as one row without a version.
        versions = [_version(row) for row in of_one if row.version is not None]
        packages.append(_package(of_one[0], versions))
    return packages


def _package(row: Row[Any], versions: list[PublishedVersion]) -> PublishedPackage:
    return PublishedPackage(
        identifier=row.identifier,
        name=row.package_name,
        description=row.description,
        package_type=row.package_type,
        versions=versions,
    )


def _version(row: Row[Any]) -> PublishedVersion:
    return PublishedVersion(
        version=row.version,
        is_public=row.is_public,
        is_stored=row.is_stored,
        installs=row.installs,
        status=row.status,
        dependencies=row.dependencies,
        incompatibilities=row.incompatibilities,
        size=row.size,
        installed_size=row.installed_size,
        xp_selection=row.xp_selection,
        upload_date=row.upload_date,
        hash=row.hash,
        loc=row.loc,
        commit_hash=row.commit_hash,
    )
