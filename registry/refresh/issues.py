"""What is wrong, replaced as a whole where it was looked at anew."""

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import ColumnElement, Connection, Text, cast, delete, func, select

from registry.models import Issue
from registry.refresh.bulk import insert_rows
from registry.workspace.problems import Problem, ProblemCode

# What reading the history finds, and what reading reports; the rest comes from the packages.
HISTORY_CODES = (
    ProblemCode.HISTORY_SHALLOW,
    ProblemCode.HISTORY_INCOMPLETE,
    ProblemCode.HISTORY_UNREADABLE,
)

REPORT_CODES = (ProblemCode.REPORT_INVALID,)

IssueRow = tuple[int, int | None, str, str, str, str, str]
_COLUMNS = ("workspace_id", "package_id", "path", "code", "severity", "message", "evidence")


def write_package_issues(
    connection: Connection, workspace_id: int, problems: Mapping[int | None, Sequence[Problem]]
) -> bool:
    """Replace what reading the packages found; tells whether anything changed."""
    others = Issue.code.not_in([*HISTORY_CODES, *REPORT_CODES])
    return _replace(connection, workspace_id, _rows(workspace_id, problems), others)


def write_history_issues(
    connection: Connection, workspace_id: int, problems: Iterable[Problem]
) -> bool:
    """Replace what reading the history found; tells whether anything changed."""
    rows = _rows(workspace_id, {None: list(problems)})
    return _replace(connection, workspace_id, rows, Issue.code.in_(HISTORY_CODES))


def write_report_issues(
    connection: Connection, workspace_id: int, problems: Mapping[int | None, Sequence[Problem]]
) -> bool:
    """Replace what reading the reports found; tells whether anything changed."""
    rows = _rows(workspace_id, problems)
    return _replace(connection, workspace_id, rows, Issue.code.in_(REPORT_CODES))


def count_issues(connection: Connection, workspace_id: int) -> int:
    """Count what is wrong in a workspace."""
    return connection.scalar(select(func.count()).where(Issue.workspace_id == workspace_id)) or 0


def _rows(workspace_id: int, problems: Mapping[int | None, Sequence[Problem]]) -> list[IssueRow]:
    return [
        _row(workspace_id, package_id, problem)
        for package_id, found in problems.items()
        for problem in found
    ]


def _row(workspace_id: int, package_id: int | None, problem: Problem) -> IssueRow:
    code, severity = str(problem.code), str(problem.severity)
    return workspace_id, package_id, problem.path, code, severity, problem.message, "{}"


def _replace(
    connection: Connection,
    workspace_id: int,
    rows: Sequence[IssueRow],
    mine: ColumnElement[bool],
) -> bool:
    """Replace the issues that `mine` says are this part's own."""
    columns = [Issue.__table__.c[name] for name in _COLUMNS[:-1]] + [cast(Issue.evidence, Text)]
    existing = connection.execute(
        select(*columns).where(Issue.workspace_id == workspace_id, mine)
    ).all()
    if sorted(map(repr, map(tuple, existing))) == sorted(map(repr, rows)):
        return False
    connection.execute(delete(Issue).where(Issue.workspace_id == workspace_id, mine))
    insert_rows(connection, Issue, _COLUMNS, rows)
    return True
