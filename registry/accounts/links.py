"""Links: a listing and a package of the workspace become one package, and may part again.

The package's manifest names the listing (`registry.packageId`), and the listing's author allows
that package: both must want it. While they are linked the listing is on the workspace package's
row, and so are its versions; `docs/decisions/0005` says why, and what happens to rows.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    bindparam,
    delete,
    exists,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Session, aliased

from registry.accounts.provenance import attach_stated_commits
from registry.errors import NotFound
from registry.models import Listing, Package, Publication, Version

# What git knows of a version.
_OF_GIT = ("from_git", "date", "tag", "commit_id")
_PUBLISHED = select(Publication.version_id)


@dataclass(frozen=True)
class LinkState:
    """Which package of the workspace a listing's author allows, and whether they are linked."""

    package_name: str
    is_linked: bool


def allow_package(
    session: Session, author_id: int, identifier: str, package_name: str
) -> LinkState:
    """Let a package of the workspace have an author's listing; an empty name lets none.

    The link is made at once if the package's manifest names the listing already, else by the
    refresh that sees it do so. A link to another package ends.

    Raises:
        NotFound: the author has no such package.
    """
    changed = session.execute(
        update(Listing)
        .where(Listing.identifier == identifier, Listing.author_id == author_id)
        .values(allowed_package=package_name)
        .returning(Listing.home_id)
    ).first()
    if changed is None:
        raise _no_such_package()
    update_links(session)
    return find_link(session, author_id, identifier)


def find_link(session: Session, author_id: int, identifier: str) -> LinkState:
    """Tell how an author's listing stands to the workspace.

    Raises:
        NotFound: the author has no such package.
    """
    row = session.execute(
        select(Listing.allowed_package, Package.workspace_id)
        .join(Package, Package.id == Listing.package_id)
        .where(Listing.identifier == identifier, Listing.author_id == author_id)
    ).first()
    if row is None:
        raise _no_such_package()
    return LinkState(row.allowed_package, row.workspace_id is not None)


def update_links(session: Session) -> bool:
    """Make the links that both sides want and end the others; tells whether anything changed.

    What was uploaded to a listing while it was being linked is brought to the rest.
    """
    session.flush()
    connection = session.connection()
    changed = False
    for row in _disagreeing(connection):
        if row.package_id != row.home_id:
            _part(connection, row.home_id, row.package_id)
            changed = True
        if row.wanted_id is not None and not _is_listed(connection, row.wanted_id):
            _join(connection, row.home_id, row.wanted_id)
            changed = True
    return changed


def end_links(session: Session, package_ids: Collection[int]) -> None:
    """End the links of packages that are about to leave the workspace."""
    connection = session.connection()
    rows = connection.execute(
        select(Listing.home_id, Listing.package_id).where(Listing.package_id != Listing.home_id)
    ).all()
    for row in rows:
        if row.package_id in package_ids:
            _part(connection, row.home_id, row.package_id)


def _disagreeing(connection: Connection) -> Sequence[Any]:
    """Find the listings that are not where they should be, or whose versions are not.

    A listing that began with a package of the workspace has no other home, and stays.
    """
    wanted, home, stray = aliased(Package), aliased(Package), aliased(Version)
    published = exists(
        select(stray.id)
        .join(Publication, Publication.version_id == stray.id)
        .where(stray.package_id == Listing.home_id, Listing.package_id != Listing.home_id)
        .correlate(Listing)
    )
    return connection.execute(
        select(Listing.home_id, Listing.package_id, wanted.id.label("wanted_id"))
        .join(home, home.id == Listing.home_id)
        .outerjoin(
            wanted,
            (wanted.name == Listing.allowed_package)
            & (wanted.listing_identifier == Listing.identifier)
            & wanted.workspace_id.is_not(None),
        )
        .where(
            home.workspace_id.is_(None),
            or_(Listing.allowed_package != "", Listing.package_id != Listing.home_id),
            or_(
                (Listing.package_id == Listing.home_id) & wanted.id.is_not(None),
                (Listing.package_id != Listing.home_id)
                & Listing.package_id.is_distinct_from(wanted.id),
                published,
            ),
        )
        .order_by(Listing.home_id)
    ).all()


def _is_listed(connection: Connection, package_id: int) -> bool:
    return bool(connection.scalar(select(exists().where(Listing.package_id == package_id))))


def _join(connection: Connection, home_id: int, package_id: int) -> None:
    """Bring a listing and its versions to a package of the workspace.

    Where git knows a version that was published, they are one from now on: the published row, which
    jobs, files and counts refer to.
    """
    published, known = aliased(Version), aliased(Version)
    twins = connection.execute(
        select(published.id.label("row"), known.id, *_of_git(known))
        .join(known, (known.version == published.version) & (known.package_id == package_id))
        .where(published.package_id == home_id, published.id.in_(_PUBLISHED))
    ).all()
    if twins:
        ids = [{"key": twin.id} for twin in twins]
        connection.execute(delete(Version).where(Version.id == bindparam("key")), ids)
    connection.execute(
        update(Version)
        .where(Version.package_id == home_id, Version.id.in_(_PUBLISHED))
        .values(package_id=package_id)
    )
    if twins:
        connection.execute(
            update(Version).where(Version.id == bindparam("key")),
            [{"key": twin.row, **_values(twin)} for twin in twins],
        )
    _move(connection, home_id, package_id)


def _part(connection: Connection, home_id: int, package_id: int) -> None:
    """Take a listing and its versions home; what git knows stays with the workspace's package."""
    rows = connection.execute(
        select(Version.version, Version.sort_key, *_of_git(Version)).where(
            Version.package_id == package_id,
            Version.id.in_(_PUBLISHED),
            Version.from_git.is_(True),
        )
    ).all()
    uploaded = select(Publication.upload_date).where(Publication.version_id == Version.id)
    connection.execute(
        update(Version)
        .where(Version.package_id == package_id, Version.id.in_(_PUBLISHED))
        .values(
            package_id=home_id,
            from_git=False,
            date=uploaded.scalar_subquery(),
            tag="",
            commit_id=None,
        )
    )
    if rows:
        connection.execute(
            insert(Version),
            [
                {
                    "package_id": package_id,
                    "version": row.version,
                    "sort_key": row.sort_key,
                    **_values(row),
                }
                for row in rows
            ],
        )
    _move(connection, home_id, home_id)
    attach_stated_commits(connection)


def _move(connection: Connection, home_id: int, package_id: int) -> None:
    connection.execute(
        update(Listing).where(Listing.home_id == home_id).values(package_id=package_id)
    )


def _of_git(version: Any) -> tuple[ColumnElement[Any], ...]:
    return tuple(getattr(version, name) for name in _OF_GIT)


def _values(row: Any) -> dict[str, Any]:
    return {name: getattr(row, name) for name in _OF_GIT}


def _no_such_package() -> NotFound:
    return NotFound("This account has no package with this identifier.")
