"""Work that is done after the answer: one row for each piece of it."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from registry.models.base import Base, utc_now


class Job(Base):
    """A piece of work for a worker: what it is, how far it is, how it ended.

    This table is the truth of what is to be done; the queue that wakes workers holds none of it.
    """

    __tablename__ = "job"
    __table_args__ = (
        # And one of the jobs that nobody has begun, in `partial_indexes.py`.
        Index(None, "status", "run_after"),
        Index(None, "finished_at"),
    )

    # Shown to clients, and unguessable: whoever knows it may ask how far the job is.
    id: Mapped[str] = mapped_column(primary_key=True)
    # Names the function that does it (`registry/worker/kinds.py`).
    kind: Mapped[str]
    # Jobs of one key are the same work: it is queued once, and never done twice at a time.
    key: Mapped[str | None]
    payload: Mapped[dict[str, Any]] = mapped_column(default=dict)
    # `registry.rules.enumerations.JobStatus`.
    status: Mapped[str]
    # How often a worker has begun it.
    attempts: Mapped[int] = mapped_column(default=0)
    # The worker that runs it, by the name of its presence (`registry/jobs/presence.py`).
    worker: Mapped[str] = mapped_column(default="")
    progress_done: Mapped[int] = mapped_column(default=0)
    # Null where it is not known beforehand.
    progress_total: Mapped[int | None]
    progress_what: Mapped[str] = mapped_column(default="")
    # Why it failed, or is to be tried again: fit for everyone's eyes.
    error_code: Mapped[str] = mapped_column(default="")
    error: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    # Not before then.
    run_after: Mapped[datetime] = mapped_column(default=utc_now)
    started_at: Mapped[datetime | None]
    heartbeat_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
