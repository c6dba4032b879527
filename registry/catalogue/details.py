"""All that is known of one package, by one statement: the lists in it come as JSON text.

Six statements would each cost more than their rows, and the database writes an array of objects
faster than Python makes them of rows.
"""

from functools import cache
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    ColumnElement,
    Double,
    Integer,
    ScalarSelect,
    Select,
    Text,
    bindparam,
    case,
    cast,
    func,
    select,
)
from sqlalchemy.orm import Session, aliased

from registry.catalogue.columns import Columns
from registry.catalogue.commits import links_of
from registry.catalogue.packages import in_workspace
from registry.catalogue.prepared import Prepared, prepare
from registry.errors import package_not_found
from registry.models import (
    BuildFigure,
    Commit,
    Dependency,
    Health,
    Issue,
    Package,
    Workspace,
)
from registry.models.base import Timestamp

# The contract's format (section 1), as PostgreSQL writes it.
_TIME_PATTERN = 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'


def find_detail(session: Session, name: str, *, commits: int, follow: bool = False) -> Columns:
    """Find a workspace package by its name, with all that is known of it.

    Args:
        session: the transaction that reads.
        name: the package's.
        commits: how many of the newest commits.
        follow: whether commits count that touched it where it was before it moved.

    Returns:
        A row of `document`, `branch`, `hash` and `date` of the last commit (None: no commit),
        `dependencies`, `commits` and `issues` (JSON arrays as the contract has them), `health` (a
        JSON object, None where no scan has looked at it yet), `score`, how many builds `finished`
        and `succeeded` in the days that count, and their mean `duration` in milliseconds (all None
        or 0 where there are none).

    Raises:
        NotFound: the workspace has none of that name.
    """
    detail = _prepare(session.get_bind().dialect, follow)
    row = detail.run(session, name=name, commits=commits).first()
    if row is None:
        raise package_not_found(name)
    return row


@cache
def _prepare(dialect: Any, follow: bool) -> Prepared:
    write = _PostgresqlJson() if dialect.name == "postgresql" else _SqliteJson()
    return prepare(dialect, _select_detail(write, follow=follow))


class _Json:
    """Writes JSON text; `null` for NULL."""

    # The databases' names of what they have in common.
    quote: str
    join: str

    def value(self, column: ColumnElement[Any]) -> ColumnElement[str]:
        if isinstance(column.type, Boolean):
            return case((column, "true"), else_="false")
        if isinstance(column.type, Timestamp):
            column = self.time(column)
        elif isinstance(column.type, Integer | JSON):
            return cast(column, Text)
        quoted = cast(getattr(func, self.quote)(column), Text)
        return func.coalesce(quoted, "null")

    def time(self, column: Any) -> ColumnElement[str]:
        raise NotImplementedError

    def object_of(self, **members: Any) -> ColumnElement[str]:
        """Write an object of these members, in this order."""
        written: Any = ""
        for position, (key, column) in enumerate(members.items()):
            before = "," if position else "{"
            written = written + f'{before}"{key}":' + self.value(column)
        return cast(written + "}", Text)

    def array_of(self, rows: Select[*tuple[Any, ...]]) -> ScalarSelect[str]:
        """Write an array of the objects that a statement gives as its first column, in order."""
        found = rows.correlate(Package).subquery()
        joined = getattr(func, self.join)(next(iter(found.c)), ",")
        array = func.coalesce(cast("[", Text) + joined + "]", "[]", type_=Text)
        return select(array).scalar_subquery()


class _PostgresqlJson(_Json):
    quote, join = "to_json", "string_agg"

    def time(self, column: Any) -> ColumnElement[str]:
        return func.to_char(func.timezone("UTC", column), _TIME_PATTERN, type_=Text)


class _SqliteJson(_Json):
    quote, join = "json_quote", "group_concat"

    def time(self, column: Any) -> ColumnElement[str]:
        # Kept as the contract's text.
        return cast(column, Text)


def _select_detail(write: _Json, *, follow: bool) -> Select[*tuple[Any, ...]]:
    last = aliased(Commit)
    return (
        select(
            Package.document,
            Workspace.branch,
            last.hash,
            write.time(last.date).label("date"),
            write.array_of(_dependencies(write)).label("dependencies"),
            write.array_of(_commits(write, follow=follow)).label("commits"),
            write.array_of(_issues(write)).label("issues"),
            case((Health.id.is_not(None), _health(write))).label("health"),
            Health.overall_score.label("score"),
            BuildFigure.finished,
            BuildFigure.succeeded,
            (cast(BuildFigure.duration, Double) / func.nullif(BuildFigure.timed, 0)).label(
                "duration"
            ),
        )
        .join(Workspace, Workspace.id == Package.workspace_id)
        .outerjoin(Health, Health.package_id == Package.id)
        .outerjoin(BuildFigure, BuildFigure.package_id == Package.id)
        .outerjoin(last, last.id == Package.last_commit_id)
        .where(in_workspace(), Package.name == bindparam("name", type_=Text))
    )


def _dependencies(write: _Json) -> Select[*tuple[Any, ...]]:
    """Select what the manifest depends on, by kind and then name."""
    shown = write.object_of(
        name=Dependency.name,
        packageName=Package.name,
        version=Dependency.range,
        type=Dependency.kind,
        status=Dependency.status,
        latest=Dependency.latest,
        outdated=Dependency.outdated,
    )
    return (
        select(shown.label("shown"))
        .where(Dependency.package_id == Package.id)
        .order_by(Dependency.kind, Dependency.name)
    )


def _commits(write: _Json, *, follow: bool) -> Select[*tuple[Any, ...]]:
    """Select the newest commits that touched the package."""
    shown = write.object_of(
        author=Commit.author_name,
        date=Commit.date,
        hash=Commit.hash,
        message=Commit.message,
        packageName=Package.name,
        type=Commit.type,
    )
    links = links_of(Package.id, follow=follow)
    return (
        select(shown.label("shown"))
        .join_from(links, Commit, Commit.id == links.c.commit_id)
        .order_by(links.c.date.desc(), links.c.commit_id.desc())
        .limit(bindparam("commits", type_=Integer))
    )


def _issues(write: _Json) -> Select[*tuple[Any, ...]]:
    """Select what is wrong with the package."""
    shown = write.object_of(
        code=Issue.code, severity=Issue.severity, message=Issue.message, evidence=Issue.evidence
    )
    return select(shown.label("shown")).where(Issue.package_id == Package.id).order_by(Issue.id)


def _health(write: _Json) -> ColumnElement[str]:
    return write.object_of(
        id=Health.id,
        packageName=Package.name,
        packageOverallScore=Health.overall_score,
        packageBuildStatus=Health.build_status,
        packageTestCoverage=Health.test_coverage,
        packageLintStatus=Health.lint_status,
        packageSecurity=Health.security_audit,
        packageDependencies=Health.dependencies,
        createdAt=Health.created_at,
        updatedAt=Health.updated_at,
    )
