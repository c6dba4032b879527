"""What git is asked before it is known what the answers will be needed for."""

from types import TracebackType
from typing import Self

from registry.history.git_command import GitProcess
from registry.history.log import BegunLog
from registry.history.repository import Repository


class HistoryAhead:
    """The gits that tell the way from one head to another; they run while packages are read.

    Use it in a `with`, at the end of which they are stopped.

    Attributes:
        log: what tells the new commits; None where there is none.
        dropped: what lists those that the old head has and the new one has not; None where that
            is not asked.
    """

    log: BegunLog | None = None
    dropped: GitProcess | None = None

    def __init__(self, repository: Repository) -> None:
        """Let nothing begin yet."""
        self._repository = repository

    def begin(self, old: str, new: str) -> None:
        """Let git begin with what lies between two commits, or with all of `new` without `old`."""
        self.log = BegunLog(self._repository, [f"{old}..{new}" if old else new])
        if old:
            self.dropped = self._repository.begin_list(f"{new}..{old}")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for begun in (self.log, self.dropped):
            if begun is not None:
                begun.stop()
