"""All that is known of one package, by one statement: the lists in it come as JSON text.

Six statements would each cost more than their rows, and the database writes an array of objects
faster than Python makes them of rows.
"""

from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Double,
    Integer,
    Select,
    Text,
    bindparam,
    case,
    cast,
    func,
    select,
)
from sqlalchemy.orm import aliased

from registry.catalogue.commits import links_of
from registry.catalogue.packages import in_workspace
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
from registry.statements.json_text import JsonText, json_text_of
from registry.statements.single import Reader, SingleStatement, prepare_single


def find_detail(reader: Reader, name: str, *, commits: int, follow: bool = False) -> Any:
    """Find a workspace package by its name, with all that is known of it.

    Args:
        reader: what runs the statement.
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
    row = _prepare(reader.dialect, follow).run(reader, name=name, commits=commits)
    if row is None:
        raise package_not_found(name)
    return row


@cache
def _prepare(dialect: Any, follow: bool) -> SingleStatement:
    return prepare_single(dialect, _select_detail(json_text_of(dialect), follow=follow))


def _select_detail(write: JsonText, *, follow: bool) -> Select[*tuple[Any, ...]]:
    last = aliased(Commit)
    return (
        select(
            Package.document,
            Workspace.branch,
            last.hash,
            write.time(last.date).label("date"),
            write.array_of(_dependencies(write), Package).label("dependencies"),
            write.array_of(_commits(write, follow=follow), Package).label("commits"),
            write.array_of(_issues(write), Package).label("issues"),
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


def _dependencies(write: JsonText) -> Select[*tuple[Any, ...]]:
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


def _commits(write: JsonText, *, follow: bool) -> Select[*tuple[Any, ...]]:
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


def _issues(write: JsonText) -> Select[*tuple[Any, ...]]:
    """Select what is wrong with the package."""
    shown = write.object_of(
        code=Issue.code, severity=Issue.severity, message=Issue.message, evidence=Issue.evidence
    )
    return select(shown.label("shown")).where(Issue.package_id == Package.id).order_by(Issue.id)


def _health(write: JsonText) -> ColumnElement[str]:
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
