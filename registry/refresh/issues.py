"""What is wrong, replaced as a whole where it was looked at anew."""

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import Connection, delete, func, select

from registry.models import Issue
from registry.refresh.bulk import insert_rows
from registry.workspace.problems import Problem, ProblemCode

# What reading the history finds; the rest comes from reading the packages.
HISTORY_CODES = (
    ProblemCode.HISTORY_SHALLOW,
    ProblemCode.HISTORY_INCOMPLETE,
    ProblemCode.HISTORY_UNREADABLE,
)

IssueRow = tuple[int, int | None, str, str, str, str]
_COLUMNS = ("workspace_id", "package_id", "path", "code", "severity", "message")


def write_package_issues(
    connection: Connection, workspace_id: int, problems: Mapping[int | None, Sequence[Problem]]
) -> bool:
    """Replace what reading the packages found; tells whether anything changed."""
    rows = [
        _row(workspace_id, package_id, problem)
        for package_id, found in problems.items()
        for problem in found
    ]
    return _replace(connection, workspace_id, rows, history=False)


def write_history_issues(
    connection: Connection, workspace_id: int, problems: Iterable[Problem]
) -> bool:
    """Replace what reading the history found; tells whether anything changed."""
    rows = [_row(workspace_id, None, problem) for problem in problems]
    return _replace(connection, workspace_id, rows, history=True)


def count_issues(connection: Connection, workspace_id: int) -> int:
    """Count what is wrong in a workspace."""
    return connection.scalar(select(func.count()).where(Issue.workspace_id == workspace_id)) or 0


def _row(workspace_id: int, package_id: int | None, problem: Problem) -> IssueRow:
    code, severity = str(problem.code), str(problem.severity)
    return workspace_id, package_id, problem.path, code, severity, problem.message


def _replace(
    connection: Connection,
    workspace_id: int,
    rows: Sequence[IssueRow],
    *,
    history: bool,
) -> bool:
    codes = [str(code) for code in HISTORY_CODES]
    mine = Issue.code.in_(codes) if history else Issue.code.not_in(codes)
    columns = [Issue.__table__.c[name] for name in _COLUMNS]
    existing = connection.execute(
        select(*columns).where(Issue.workspace_id == workspace_id, mine)
    ).all()
    if sorted(map(repr, map(tuple, existing))) == sorted(map(repr, rows)):
        return False
    connection.execute(delete(Issue).where(Issue.workspace_id == workspace_id, mine))
    insert_rows(connection, Issue, _COLUMNS, rows)
    return True
