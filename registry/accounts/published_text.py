"""All that an author has published as the JSON that the account API shows (contract, section 3).

One statement, whose JSON the database writes: ten thousand versions are too many to make a Python
value of each.
"""

from functools import cache
from typing import Any

from sqlalchemy import BigInteger, Select, and_, bindparam, func, select

from registry.accounts.provenance import built_from
from registry.models import Commit, Listing, Publication, Version
from registry.rules.enumerations import VersionStatus
from registry.statements.json_text import JsonText, Sometimes, Written, json_text_of
from registry.statements.single import Reader, SingleStatement, prepare_single


def write_published_packages(reader: Reader, author_id: int) -> bytes:
    """Write an author's packages as a JSON array, by identifier in code point order.

    Failed and removed versions are included, and packages without any version.
    """
    found: Any = _prepare(reader.dialect).run(reader, author=author_id)
    text: str = found.text
    return text.encode()


@cache
def _prepare(dialect: Any) -> SingleStatement:
    write = json_text_of(dialect)
    package = write.object_of(
        packageId=Listing.identifier,
        packageName=Listing.name,
        description=Listing.description,
        packageType=Listing.package_type,
        versions=Written(write.array_of(_select_versions(write), Listing)),
    )
    packages = (
        select(package.label("shown"))
        .select_from(Listing)
        .where(Listing.author_id == bindparam("author", type_=BigInteger))
        .order_by(Listing.identifier)
    )
    return prepare_single(dialect, select(write.array_of(packages).label("text")))


def _select_versions(write: JsonText) -> Select[*tuple[Any, ...]]:
    """Select the versions of a listing, oldest first; `hash` and `loc` only where they count."""
    processed = Publication.status == VersionStatus.PROCESSED
    installable = and_(processed, Publication.is_stored, Publication.is_public)
    commit = select(Commit.hash).where(Commit.id == built_from(Publication)).scalar_subquery()
    shown = write.object_of(
        version=Version.version,
        isPublic=Publication.is_public,
        isStored=Publication.is_stored,
        installs=Publication.installs,
        status=Publication.status,
        dependencies=Publication.dependencies,
        incompatibilities=Publication.incompatibilities,
        size=Publication.size,
        installedSize=Publication.installed_size,
        xpSelection=Publication.xp_selection,
        uploadDate=Publication.upload_date,
        hash=Sometimes(processed, Publication.hash),
        loc=Sometimes(installable, Publication.loc),
        commit=func.coalesce(commit, ""),
    )
    return (
        select(shown.label("shown"))
        .join_from(Version, Publication, Publication.version_id == Version.id)
        .where(Version.package_id == Listing.package_id)
        .order_by(Version.sort_key)
    )
