"""What a commit's subject says of its kind, by Conventional Commits 1.0.0."""

import re
from typing import NamedTuple

OTHER = "other"

# The specification leaves the words open, but a filter by type is of use only where few are: in
# real histories the word before a colon is as often a file, a package or a person. These are the
# eleven of the Angular convention, which the specification names and commitlint enforces by
# default, and the two with which release tools mark their own commits.
TYPES = frozenset(
    {
        "build",
        "chore",
        "ci",
        "deps",
        "docs",
        "feat",
        "fix",
        "perf",
        "refactor",
        "release",
        "revert",
        "style",
        "test",
    }
)

# Type, scope in parentheses, `!`, then a colon, a space and a description.
_SUBJECT = re.compile(r"([A-Za-z]{1,10})(?:\(([^()]*)\))?(!?):\s+\S")


class CommitType(NamedTuple):
    """The kind of a commit: one of `TYPES` or `other`, its scope (or empty), whether it breaks."""

    type: str
    scope: str
    breaking: bool


_NO_TYPE = CommitType(OTHER, "", breaking=False)


def parse_subject(subject: str) -> CommitType:
    """Read a commit's type from its subject: `feat(parser)!: add x` is a breaking `feat`.

    Upper and lower case are the same (specification, item 15). A word that is no known type, a
    merge's subject and git's own `Revert "..."` are `other`, without scope. What breaks is told by
    the `!` alone, since a footer is no part of the subject.
    """
    match = _SUBJECT.match(subject)
    if match is None:
        return _NO_TYPE
    word, scope, mark = match.groups()
    word = word.lower()
    if word not in TYPES:
        return _NO_TYPE
    return CommitType(word, (scope or "").strip(), bool(mark))
