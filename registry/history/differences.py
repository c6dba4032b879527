"""What changed between a commit, branch or tag and HEAD."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from registry.errors import Conflict, NotFound
from registry.history.repository import Repository

# A hash, a branch or a tag as git-check-ref-format(1) has them, and steps back from it (`~3`,
# `^2`). Nothing that begins like an option, reads a reflog (`@{1}`) or searches (`:/text`).
_REFERENCE = re.compile(
    r"(?!-|/|.*(?:\.\.|//|@\{|/\.|\.lock(?:/|$)))[^\x00-\x20\x7f~^:?*\[\\]{1,255}(?:~\d{0,5}|\^\d?){0,8}"
)
_CHUNK = 1 << 16


class Difference(NamedTuple):
    """Which commits are compared: `base` is the newest that both sides have, `head` the later."""

    base: str
    head: str


def find_difference(repository: Repository, since: str, head: str) -> Difference:
    """Find what `git diff SINCE...HEAD` compares: HEAD with where its history left that of SINCE.

    Args:
        repository: where to look.
        since: a commit's hash or its beginning, a branch or a tag (gitrevisions(7)), and steps back
            from it such as `main~3`.
        head: the full hash of the commit that is HEAD.

    Raises:
        NotFound: there is no such commit, branch or tag.
        Conflict: the two histories have no commit in common.
    """
    commit = repository.find_commit(since) if _REFERENCE.fullmatch(since) else None
    if commit is None or not repository.has_commit(head):
        raise NotFound(
            f"The workspace's repository has no commit, branch or tag {since!r}.",
            code="reference_not_found",
        )
    answer = repository.ask(["merge-base", commit, head])
    if answer.status > 1:
        raise repository.history_error(answer.reason)
    base = answer.output.split(b"\n", 1)[0].decode()
    if not base:
        raise Conflict(
            f"{since!r} and the workspace's HEAD have no commit in common, as far as this clone's "
            "history goes.",
            code="no_common_history",
        )
    return Difference(base, head)


def read_changed_paths(repository: Repository, difference: Difference) -> Iterator[bytes]:
    """Give the paths of all files that differ between the two commits, from the root.

    A file that moved is two: the one that went and the one that came.

    Raises:
        HistoryUnreadable: while reading, at the latest at the end: the repository is damaged, or a
            partial clone lacks its directories.
    """
    arguments = ["diff-tree", "-r", "-z", "--name-only", "--no-renames", *difference, "--"]
    process = repository.start(arguments)
    rest = b""
    try:
        while chunk := process.output.read(_CHUNK):
            *paths, rest = (rest + chunk).split(b"\0")
            yield from paths
        repository.finish(process)
    finally:
        process.stop()
