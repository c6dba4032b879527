"""Takes versions back: the artifact goes, the record stays, so that none takes its place."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from registry.database import reading, writing
from registry.errors import Conflict, NotFound
from registry.models import Listing, Publication, Version
from registry.publishing.stored_files import remove_unnamed
from registry.rules.enumerations import VersionStatus
from registry.rules.versions import RegistryVersion
from registry.storage import Storage

# What a row without an artifact holds; its hash stays, for those who have the artifact.
_WITHOUT_ARTIFACT: dict[str, Any] = {
    "loc": "",
    "download_key": None,
    "stored_until": None,
    "size": 0,
}


def remove_version(
    sessions: Callable[[], Session],
    storage: Storage,
    author_id: int,
    identifier: str,
    version: RegistryVersion,
) -> None:
    """Remove a version of an author's package; one that is removed already stays so.

    The version can be neither installed nor uploaded again. Its artifact is deleted, unless it is
    also another version's.

    Raises:
        NotFound: the author has no such version.
        Conflict: `still_processing`.
    """
    with writing(sessions) as session:
        publication = session.scalar(
            select(Publication)
            .join(Version, Version.id == Publication.version_id)
            .join(Listing, Listing.package_id == Version.package_id)
            .where(
                Listing.identifier == identifier,
                Listing.author_id == author_id,
                Version.sort_key == version.sort_key(),
            )
            .with_for_update(of=Publication)
        )
        if publication is None:
            raise NotFound("This account has no package with this identifier and version.")
        if publication.status == VersionStatus.PROCESSING:
            raise Conflict(
                "The version is still being processed; remove it after that.",
                code="still_processing",
            )
        artifact = publication.hash
        publication.status = VersionStatus.REMOVED
        publication.failure_reason = ""
        for column, value in _WITHOUT_ARTIFACT.items():
            setattr(publication, column, value)
    if artifact:
        remove_unnamed(sessions, storage, [artifact])


def forget_unstored(sessions: Callable[[], Session], now: datetime) -> int:
    """Let go of the artifacts that were kept for a day only, and tell how many there were.

    The files themselves go with the next sweep of the store.
    """
    over = (Publication.stored_until.is_not(None), Publication.stored_until <= now)
    with reading(sessions) as session:
        if session.scalar(select(Publication.version_id).where(*over).limit(1)) is None:
            return 0
    with writing(sessions) as session:
        forgotten = session.scalars(
            update(Publication)
            .where(*over)
            .values(**_WITHOUT_ARTIFACT)
            .returning(Publication.version_id)
        ).all()
    return len(forgotten)
