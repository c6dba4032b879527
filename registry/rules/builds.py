"""What becomes of a build when its CI tells of it again, late or out of order."""

from dataclasses import dataclass, replace
from datetime import datetime

from registry.rules.enumerations import BuildStatus

FINISHED = frozenset({BuildStatus.SUCCESS, BuildStatus.FAILED, BuildStatus.CANCELLED})
# Finished with a verdict: these count for the rate of success and the mean duration.
VERDICTS = frozenset({BuildStatus.SUCCESS, BuildStatus.FAILED})


def counted_branches(default: str) -> tuple[str, ...] | None:
    """Name the branches whose builds count: the default one, and the name of those without one.

    None where HEAD is detached, so that nothing tells which is the default one: then all do.
    """
    return ("", default) if default else None


@dataclass(frozen=True)
class BuildState:
    """Where a CI run stands; texts that are not known are empty."""

    status: BuildStatus
    started_at: datetime
    # None until it has finished.
    finished_at: datetime | None = None
    commit: str = ""
    branch: str = ""
    url: str = ""

    @property
    def duration(self) -> int | None:
        """From start to finish, in milliseconds; None while it is not finished."""
        if self.finished_at is None:
            return None
        return round((self.finished_at - self.started_at).total_seconds() * 1000)


def merge_build(known: BuildState | None, told: BuildState) -> BuildState:
    """Give the state of a build that is known, if it is, and is now told of.

    Messages may come late, twice or out of order, so a build never goes back: not from a finish to
    a run, nor from a run to the queue, nor from a finish to an earlier one. What the message leaves
    out stays as it was known.
    """
    if known is None:
        return told
    if known.finished_at is not None:
        if told.finished_at is None or told.finished_at < known.finished_at:
            return known
    elif known.status is BuildStatus.RUNNING and told.status is BuildStatus.QUEUED:
        return known
    return replace(
        told,
        commit=told.commit or known.commit,
        branch=told.branch or known.branch,
        url=told.url or known.url,
    )
