"""Which commit a published version was built from, as far as the catalogued history has it.

Its author may state one when uploading. Where none is stated, or the history does not have it, a
version that git knows was built from the commit that introduced it.
"""

from typing import Any

from sqlalchemy import ColumnElement, Connection, func, select, update
from sqlalchemy.orm import aliased

from registry.models import Commit, Publication, Version


def built_from(publication: Any) -> ColumnElement[int | None]:
    """Give the id of the commit that a publication was built from; null: not known."""
    stated, version = aliased(Commit), aliased(Version)
    return func.coalesce(
        select(func.min(stated.id))
        .where(stated.hash == publication.commit_hash)
        .correlate(publication)
        .scalar_subquery(),
        select(version.commit_id)
        .where(version.id == publication.version_id)
        .correlate(publication)
        .scalar_subquery(),
    )


def attach_stated_commits(connection: Connection, version_id: int | None = None) -> int:
    """Give versions that git does not know the commits that their authors stated.

    A version that git knows keeps the commit that introduced it. A stated commit that the history
    does not have (yet) is no version's; the next refresh asks again.

    Args:
        connection: the transaction that writes.
        version_id: the version to look at; None: all of them.

    Returns:
        How many versions got another commit.
    """
    stated = (
        select(Publication.version_id, func.min(Commit.id).label("commit_id"))
        .join(Commit, Commit.hash == Publication.commit_hash)
        .group_by(Publication.version_id)
    )
    if version_id is not None:
        stated = stated.where(Publication.version_id == version_id)
    found = stated.subquery()
    rows = connection.execute(
        select(found.c.version_id, found.c.commit_id)
        .join(Version, Version.id == found.c.version_id)
        .where(Version.from_git.is_(False), Version.commit_id.is_distinct_from(found.c.commit_id))
    ).all()
    for row in rows:
        connection.execute(
            update(Version).where(Version.id == row.version_id).values(commit_id=row.commit_id)
        )
    return len(rows)
