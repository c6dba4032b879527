"""Published versions: each in one state, of a listing, with the installs that were counted."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import exists, func, select

from registry.database import reading
from registry.models import InstallHour, Listing, Package, Publication, Version
from registry.rules.enumerations import VersionStatus
from registry.verify.finding import RESTORE, Finding, Verification, gather

_PUBLICATIONS = (
    select(Package.name, Version.version, *Publication.__table__.columns)
    .join(Version, Version.id == Publication.version_id)
    .join(Package, Package.id == Version.package_id)
)
_STATUSES = frozenset(VersionStatus)
# Those of versions that can be fetched, or will be.
_COMING = frozenset({VersionStatus.PROCESSING, VersionStatus.PROCESSED})


def check_publications(view: Verification) -> Iterator[Finding]:
    """See that every published version is in one state and between no two."""
    yield from gather(
        (f"{row.name} {row.version} ({row.status})" for row in _rows(view) if _is_between(row)),
        "versions are between two states: what they name does not go with their status",
        "Remove the version, or set it to failed_server and have its author upload it again.",
    )
    unlisted = ~exists().where(Listing.package_id == Version.package_id)
    yield from gather(
        (f"{row.name} {row.version}" for row in _rows(view, unlisted)),
        "published versions are of a package that no author lists",
        RESTORE,
    )
    counted = (
        select(func.sum(InstallHour.installs))
        .where(InstallHour.version_id == Publication.version_id)
        .scalar_subquery()
    )
    yield from gather(
        (f"{row.name} {row.version}" for row in _rows(view, counted > Publication.installs)),
        "versions have fewer installs than their hours add up to",
        "Set publication.installs to the sum of the version's rows of install_hour.",
    )


def _rows(view: Verification, *wanted: Any) -> Iterator[Any]:
    statement = _PUBLICATIONS.where(*wanted).execution_options(yield_per=1_000)
    with reading(view.sessions) as session:
        yield from session.execute(statement)


def _is_between(row: Any) -> bool:
    """Tell whether a row says what no state says (`registry/publishing/processing.py`)."""
    if row.status not in _STATUSES or (row.is_public and row.is_private):
        return True
    if row.status in _COMING and row.is_public and not row.is_stored:
        return True
    if row.status == VersionStatus.PROCESSING:
        return bool(row.download_key or row.loc)
    if row.upload_hash or row.upload_size:
        return True
    if row.status == VersionStatus.PROCESSED:
        key = row.download_key
        return key is not None and not (row.hash and row.size and row.loc.endswith(key))
    return row.download_key is not None
