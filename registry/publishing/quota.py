"""How much an author stores, and may store."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from registry.models import Author, Listing, Publication, Version
from registry.settings import Settings


def used_bytes(session: Session, author_id: int) -> int:
    """Tell how many bytes the artifacts of an author take up, by the key of the author's row."""
    return (
        session.scalar(
            select(func.coalesce(func.sum(Publication.size), 0))
            .join(Version, Version.id == Publication.version_id)
            .join(Listing, Listing.package_id == Version.package_id)
            .where(Listing.author_id == author_id)
        )
        or 0
    )


def quota_bytes(session: Session, author_id: int, settings: Settings) -> int:
    """Tell how many bytes the artifacts of an author may take up, by the key of the row."""
    own = session.scalar(select(Author.storage_quota).where(Author.id == author_id))
    return settings.author_quota_bytes if own is None else own
