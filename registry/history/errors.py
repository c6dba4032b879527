"""What can go wrong while git is asked, with git's own reason in words fit for a client."""

import re

from registry.errors import WorkspaceUnavailable

_LONGEST_REASON = 200
_PREFIX = re.compile(r"^(?:fatal|error): ")
# An absolute path, bare or in quotes: none reaches a client (contract, section 1).
_MACHINE_PATH = re.compile(r"(?<![\w.])/[^\s'\"]+")
_QUOTED_MACHINE_PATH = re.compile(r"'/[^']*'")


class HistoryUnreadable(WorkspaceUnavailable):
    """Git stopped before it had told the whole history; `reason` is what it said.

    It is raised after commits have been read, so whoever records them must drop what came from
    this pass: half a history must not look like a whole one.
    """

    code = "history_unreadable"
    _sentence = (
        "Git cannot read the history ({reason}): check the repository with `git fsck`, or clone it "
        "anew."
    )

    def __init__(self, reason: str) -> None:
        super().__init__(self._sentence.format(reason=reason))
        self.reason = reason


class HistoryIncomplete(HistoryUnreadable):
    """The clone was made without objects that the history needs, such as its directories."""

    code = "history_incomplete"
    _sentence = (
        "This partial clone lacks a part of its history ({reason}): clone it anew without "
        "--filter=tree; --filter=blob:none is no hindrance."
    )


def explain(stderr: bytes) -> str:
    """Give the line that says why git stopped, without its prefix and without machine paths."""
    lines = [line.strip() for line in stderr.decode("utf-8", "replace").splitlines()]
    chosen = next((line for line in reversed(lines) if line.startswith("fatal: ")), None)
    if chosen is None:
        chosen = next((line for line in lines if line), "git gave no reason")
    text = _QUOTED_MACHINE_PATH.sub("a path", _PREFIX.sub("", chosen))
    return _MACHINE_PATH.sub("a path", text)[:_LONGEST_REASON]
