"""What can be wrong with a workspace's files; none of it stops the rest from being read."""

from dataclasses import dataclass

from registry.rules.enumerations import Severity
from registry.rules.issue_codes import IssueCode
from registry.workspace.text import storable

# A problem becomes an issue, and has its code.
ProblemCode = IssueCode


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong: where, and a sentence that says what and how to mend it."""

    code: ProblemCode
    severity: Severity
    # From the workspace's root, with `/`; of the file or directory that is wrong.
    path: str
    message: str

    def __post_init__(self) -> None:
        """Make path and message fit to be stored, whatever they quote."""
        object.__setattr__(self, "path", storable(self.path))
        object.__setattr__(self, "message", storable(self.message))


def error(code: ProblemCode, path: str, message: str) -> Problem:
    """Make a problem because of which something is missing from the catalogue."""
    return Problem(code, Severity.ERROR, path, message)


def warning(code: ProblemCode, path: str, message: str) -> Problem:
    """Make a problem that a team should mend."""
    return Problem(code, Severity.WARNING, path, message)


def note(code: ProblemCode, path: str, message: str) -> Problem:
    """Make a problem that may well be meant."""
    return Problem(code, Severity.INFO, path, message)
