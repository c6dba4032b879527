"""What is behind the address of an artifact, and who may have it."""

import hmac
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from registry.errors import NotFound
from registry.models import Listing, Publication, Version
from registry.publishing.uploads import hash_private_key
from registry.rules.enumerations import VersionStatus


@dataclass(frozen=True)
class Artifact:
    """A processed version's artifact."""

    version_id: int
    identifier: str
    version: str
    sha256: str
    # Bytes.
    size: int
    is_public: bool


def find_artifact(session: Session, key: str, private_key: str | None, now: datetime) -> Artifact:
    """Find an artifact by the unguessable part of its address.

    Args:
        session: where to read.
        key: that part.
        private_key: what the caller showed; needed for versions that are not public, and compared
            in constant time.
        now: artifacts of versions that are not stored are gone after a day.

    Raises:
        NotFound: there is none, or it is not public and the private key is another; which of the
            two is not told.
    """
    row = session.execute(
        select(
            Publication.version_id,
            Publication.hash,
            Publication.size,
            Publication.is_public,
            Publication.private_key_hash,
            Publication.stored_until,
            Version.version,
            Listing.identifier,
        )
        .join(Version, Version.id == Publication.version_id)
        .join(Listing, Listing.package_id == Version.package_id)
        .where(
            Publication.download_key == key,
            Publication.status == VersionStatus.PROCESSED,
        )
    ).first()
    shown = hash_private_key(private_key or "")
    expected = b"" if row is None or row.private_key_hash is None else row.private_key_hash
    is_shown = hmac.compare_digest(shown, expected)
    if row is None or not (row.is_public or is_shown):
        raise _nothing_here()
    if row.stored_until is not None and row.stored_until <= now:
        raise _nothing_here()
    return Artifact(
        version_id=row.version_id,
        identifier=row.identifier,
        version=row.version,
        sha256=row.hash,
        size=row.size,
        is_public=row.is_public,
    )


def _nothing_here() -> NotFound:
    return NotFound("There is no artifact here, or it needs a private key.")
