"""What reading the workspace finds wrong."""

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import Connection

from registry.issues import dependencies, health
from registry.issues.keep import IssueRow, replace_issues
from registry.models import Issue
from registry.workspace.problems import Problem, ProblemCode

# What reading the history finds, and what reading reports.
HISTORY_CODES = (
    ProblemCode.HISTORY_SHALLOW,
    ProblemCode.HISTORY_INCOMPLETE,
    ProblemCode.HISTORY_UNREADABLE,
)
REPORT_CODES = (ProblemCode.REPORT_INVALID, ProblemCode.REPORTS_LEFT_OUT)
# The rest comes from reading the packages.
_OTHERS = (*HISTORY_CODES, *REPORT_CODES, *dependencies.CODES, *health.CODES)


def write_package_issues(
    connection: Connection, workspace_id: int, problems: Mapping[int | None, Sequence[Problem]]
) -> bool:
    """Replace what reading the packages found; tells whether anything changed."""
    return replace_issues(connection, workspace_id, _rows(problems), Issue.code.not_in(_OTHERS))


def write_history_issues(
    connection: Connection, workspace_id: int, problems: Iterable[Problem]
) -> bool:
    """Replace what reading the history found; tells whether anything changed."""
    rows = _rows({None: list(problems)})
    return replace_issues(connection, workspace_id, rows, Issue.code.in_(HISTORY_CODES))


def write_report_issues(
    connection: Connection, workspace_id: int, problems: Mapping[int | None, Sequence[Problem]]
) -> bool:
    """Replace what reading the reports found; tells whether anything changed."""
    mine = Issue.code.in_(REPORT_CODES)
    return replace_issues(connection, workspace_id, _rows(problems), mine)


def _rows(problems: Mapping[int | None, Sequence[Problem]]) -> list[IssueRow]:
    return [
        IssueRow(package_id, problem.path, problem.code, problem.severity, problem.message)
        for package_id, found in problems.items()
        for problem in found
    ]
