"""Reads of commits, newest first: by date, and within one second by the order of history."""

from collections.abc import Sequence

from sqlalchemy import literal, select, tuple_
from sqlalchemy.orm import Session

from registry.catalogue.columns import Columns
from registry.errors import InvalidInput, NotFound
from registry.models import Commit, Package, PackageCommit


def list_commits(
    session: Session, package_id: int, *, limit: int | None = None, before: str | None = None
) -> Sequence[Columns]:
    """List the commits that touched a package, newest first, those older than `before`.

    Raises:
        InvalidInput: `before` is not the hash of one of them.
    """
    statement = (
        select(Commit.hash, Commit.author_name, Commit.date, Commit.message, Commit.type)
        .join(PackageCommit, PackageCommit.commit_id == Commit.id)
        .where(PackageCommit.package_id == package_id)
        .order_by(PackageCommit.date.desc(), PackageCommit.commit_id.desc())
        .limit(limit)
    )
    if before is not None:
        link = session.execute(
            select(PackageCommit.date, PackageCommit.commit_id)
            .join(Commit, Commit.id == PackageCommit.commit_id)
            .where(PackageCommit.package_id == package_id, Commit.hash == before)
        ).first()
        if link is None:
            raise InvalidInput.of("before", f"{before!r} is not a commit of this package.")
        statement = statement.where(
            tuple_(PackageCommit.date, PackageCommit.commit_id)
            < tuple_(literal(link.date, PackageCommit.date.type), link.commit_id)
        )
    return session.execute(statement).all()


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
