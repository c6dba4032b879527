"""Reads of commits, newest first: by date, and within one second by the order of history."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Subquery, literal, select, tuple_, union_all
from sqlalchemy.orm import Session

from registry.catalogue.columns import Columns
from registry.errors import InvalidInput, NotFound
from registry.models import Commit, FormerCommit, Package, PackageCommit


def list_commits(
    session: Session,
    package_id: int,
    *,
    limit: int | None = None,
    before: str | None = None,
    follow: bool = False,
) -> Sequence[Columns]:
    """List the commits that touched a package, newest first, those older than `before`.

    Args:
        session: the transaction that reads.
        package_id: the package's.
        limit: how many at most; None: all of them.
        before: the full hash of one of them.
        follow: whether those count too that touched it where it was before it moved.

    Raises:
        InvalidInput: `before` is not the hash of one of them.
    """
    links = links_of(package_id, follow=follow)
    statement = (
        select(Commit.hash, Commit.author_name, Commit.date, Commit.message, Commit.type)
        .join(links, links.c.commit_id == Commit.id)
        .order_by(links.c.date.desc(), links.c.commit_id.desc())
        .limit(limit)
    )
    if before is not None:
        link = session.execute(
            select(links.c.date, links.c.commit_id)
            .join(Commit, Commit.id == links.c.commit_id)
            .where(Commit.hash == before)
        ).first()
        if link is None:
            raise InvalidInput.of("before", f"{before!r} is not a commit of this package.")
        statement = statement.where(
            tuple_(links.c.date, links.c.commit_id)
            < tuple_(literal(link.date, links.c.date.type), link.commit_id)
        )
    return session.execute(statement).all()


def links_of(package_id: Any, *, follow: bool) -> Subquery:
    """Select `date` and `commit_id` of a package's commits; with `follow`, former ones too.

    Args:
        package_id: the package's, or the column of a query of packages around this one.
        follow: see above; no commit is in both.
    """
    own, former = (
        select(links.date, links.commit_id).where(links.package_id == package_id).correlate(Package)
        for links in (PackageCommit, FormerCommit)
    )
    return union_all(own, former).subquery() if follow else own.subquery()


def find_package_at(session: Session, path: str) -> tuple[int, str]:
    """Find the workspace package at a path from the root; gives its id and name.

    Raises:
        NotFound: there is no package at that path.
    """
    row = session.execute(
        select(Package.id, Package.name).where(
            Package.workspace_id.is_not(None), Package.path == path
        )
    ).first()
    if row is None:
        raise NotFound(f"There is no package at the path {path!r}.", code="package_not_found")
    return row.id, row.name
