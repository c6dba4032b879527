"""What is kept of packages beside what it follows from."""

from collections.abc import Iterator

from sqlalchemy import exists, select

from registry.database import reading
from registry.models import (
    BuildFigure,
    Dependency,
    FormerCommit,
    Health,
    Issue,
    Package,
    PackageCommit,
    Report,
)
from registry.rules.package_document import KEYS, write_package_document
from registry.verify.finding import FROM_GIT, Finding, Verification, gather

# What only a package of the workspace has.
_OF_MEMBERS = (PackageCommit, FormerCommit, Dependency, Issue, Health, Report, BuildFigure)


def check_packages(view: Verification) -> Iterator[Finding]:
    """See that documents, last commits and facets are what the rows beside them say."""
    yield from gather(
        _other_documents(view), "the text that lists show is not what the columns say", FROM_GIT
    )
    yield from gather(
        _other_last_commits(view), "the last commit is not the newest of its commits", FROM_GIT
    )
    yield from gather(
        _left_behind(view),
        "packages that left the workspace have rows that only members have",
        "Delete these rows: the workspace does not have the package any more.",
    )


def _other_documents(view: Verification) -> Iterator[str]:
    columns = [Package.__table__.c[column] for column in KEYS.values()]
    statement = select(Package.document, *columns).where(Package.workspace_id.is_not(None))
    with reading(view.sessions) as session:
        for row in session.execute(statement.execution_options(yield_per=200)):
            if row.document != write_package_document(row._asdict()):
                yield row.name


def _other_last_commits(view: Verification) -> Iterator[str]:
    newest = (
        select(PackageCommit.commit_id)
        .where(PackageCommit.package_id == Package.id)
        .order_by(PackageCommit.date.desc(), PackageCommit.commit_id.desc())
        .limit(1)
        .scalar_subquery()
    )
    statement = select(Package.name).where(Package.last_commit_id.is_distinct_from(newest))
    with reading(view.sessions) as session:
        yield from session.scalars(statement.execution_options(yield_per=200))


def _left_behind(view: Verification) -> Iterator[str]:
    with reading(view.sessions) as session:
        for model in _OF_MEMBERS:
            rows = exists().where(model.package_id == Package.id)
            statement = select(Package.name).where(Package.workspace_id.is_(None), rows)
            for name in session.scalars(statement.execution_options(yield_per=200)):
                yield f"{name}: {model.__tablename__}"
