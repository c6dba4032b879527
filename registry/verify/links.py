"""The links between packages and commits, which repeat the commits' dates."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import aliased

from registry.database import reading
from registry.models import Commit, FormerCommit, PackageCommit
from registry.verify.finding import FROM_GIT, Finding, Verification, gather


def check_links(view: Verification) -> Iterator[Finding]:
    """See that links have their commits' dates, are of no merges, and are of one kind."""
    for links in (PackageCommit, FormerCommit):
        wrong = (
            select(links.package_id, links.commit_id)
            .join(Commit, Commit.id == links.commit_id)
            .where(or_(links.date != Commit.date, Commit.merge.is_(True)))
        )
        what = f"rows of {links.__tablename__} have another date than their commit, or a merge"
        yield from gather(_places(view, wrong), what, FROM_GIT)
    former = aliased(FormerCommit)
    twice = select(former.package_id, former.commit_id).join(
        PackageCommit,
        (PackageCommit.package_id == former.package_id)
        & (PackageCommit.date == former.date)
        & (PackageCommit.commit_id == former.commit_id),
    )
    what = "commits belong to a package where it is and where it was, which counts them twice"
    yield from gather(_places(view, twice), what, FROM_GIT)


def _places(view: Verification, statement: Any) -> Iterator[str]:
    with reading(view.sessions) as session:
        for row in session.execute(statement.execution_options(yield_per=1_000)):
            yield f"package {row.package_id}, commit {row.commit_id}"
