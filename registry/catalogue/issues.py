"""Reads of issues."""

from collections.abc import Collection, Sequence

from sqlalchemy import Text, cast, func, select, tuple_
from sqlalchemy.orm import Session

from registry.catalogue.columns import Columns
from registry.catalogue.packages import in_workspace
from registry.errors import package_not_found
from registry.models import Issue, Package
from registry.rules.enumerations import Severity
from registry.rules.issue_codes import IssueCode


def list_issues(
    session: Session,
    *,
    severities: Collection[Severity] = (),
    codes: Collection[IssueCode] = (),
    package: str | None = None,
    after: tuple[str, int] | None = None,
    limit: int | None = None,
) -> Sequence[Columns]:
    """List issues, those of the workspace as such first, then by their package's name.

    Args:
        session: where to read.
        severities: only of these; none for all.
        codes: likewise.
        package: only those of the package of this name.
        after: the package's name and the id of the last issue before those that are wanted.
        limit: how many at most.

    Returns:
        Rows of `id`, `code`, `severity`, `message`, `evidence` (as JSON text), `path` and `name`,
        the package's, empty for the workspace's own.

    Raises:
        NotFound: the workspace has no package of that name.
    """
    name = func.coalesce(Package.name, "")
    statement = select(
        Issue.id,
        Issue.code,
        Issue.severity,
        Issue.message,
        cast(Issue.evidence, Text).label("evidence"),
        Issue.path,
        name.label("name"),
    ).outerjoin(Package, Package.id == Issue.package_id)
    if severities:
        statement = statement.where(Issue.severity.in_(severities))
    if codes:
        statement = statement.where(Issue.code.in_(codes))
    if package is not None:
        statement = statement.where(Issue.package_id == _find_package(session, package))
    if after is not None:
        statement = statement.where(tuple_(name, Issue.id) > tuple_(*after))
    return session.execute(statement.order_by(name, Issue.id).limit(limit)).all()


def _find_package(session: Session, name: str) -> int:
    id_ = session.scalar(select(Package.id).where(in_workspace(), Package.name == name))
    if id_ is None:
        raise package_not_found(name)
    return id_
