"""What a job's function is given: what to do, with what, and whom to tell how far it is."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.orm import Session, sessionmaker

from registry.settings import Settings


@dataclass(frozen=True)
class Progress:
    """How far a job is; `total` is None where it is not known beforehand."""

    done: int = 0
    total: int | None = None
    what: str = ""


@dataclass
class Work:
    """A job that a worker has begun."""

    job_id: str
    kind: str
    payload: Mapping[str, Any]
    # Which attempt this is, from 1.
    attempt: int
    engine: Engine
    # Jobs enqueued in these sessions wake a worker.
    sessions: sessionmaker[Session]
    settings: Settings
    # What was reported last. The worker writes it down at its next heartbeat: a job that has a
    # write open on SQLite could not, for there is one writer at a time.
    latest: Progress = field(default=Progress())
    # When it began, by the process's own clock, which nobody sets.
    began: float = field(default_factory=time.monotonic)

    def report(self, done: int, total: int | None = None, what: str = "") -> None:
        """Note how far the work is, for `GET /api/jobs/ID` to tell.

        Args:
            done: how much of it is done.
            total: how much there is; None where it is not known.
            what: the step that is being done, in a word or two.
        """
        self.latest = Progress(done, total, what)
