"""What is wrong with the workspace and its packages."""

from typing import Any

from registry.rest.openapi.operation import Operation, Parameter, json_answer
from registry.rest.openapi.operations.packages import CURSOR, Limit
from registry.rest.openapi.shape import Shape
from registry.rules.enumerations import Severity
from registry.rules.issue_codes import IssueCode


class FoundIssue(Shape):
    """Something that is wrong with the workspace, or with a package of it."""

    code: IssueCode
    severity: Severity
    message: str
    """What is wrong, and how to mend it."""
    evidence: dict[str, Any]
    """What it was found by; its keys follow from the code."""
    package_name: str
    """Empty: the workspace as such."""
    path: str
    """Where, from the root."""


class FoundIssues(Shape):
    """Issues: those of the workspace as such first, then by package."""

    issues: list[FoundIssue]


OPERATIONS = {
    "GET /api/issues": Operation(
        id="list_issues",
        summary="List what is wrong with the workspace and its packages",
        tag="Packages",
        parameters=[
            Parameter("severity", "Only issues that matter so much.", list[Severity], is_list=True),
            Parameter("code", "Only issues of these codes.", list[IssueCode], is_list=True),
            Parameter("package", "Only issues of this package."),
            Parameter("limit", "At most so many; without it, all.", Limit),
            CURSOR,
        ],
        answers=json_answer("The issues.", FoundIssues, headers=["Link"]),
        problems={404: "There is no such package (`package_not_found`)."},
        is_conditional=True,
    )
}
