"""Reads of jobs."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from registry.errors import NotFound
from registry.jobs.presence import read_note
from registry.models import Job
from registry.rules.enumerations import JobStatus


def find_job(session: Session, job_id: str) -> Job:
    """Find a job by its id.

    Raises:
        NotFound: there is none, or it ended so long ago that it is no longer kept.
    """
    job = session.scalar(select(Job).where(Job.id == job_id))
    if job is None:
        raise NotFound("There is no such job, or it is no longer kept.", code="job_not_found")
    if job.status == JobStatus.RUNNING:
        # Not to be written back.
        session.expunge(job)
        _tell_latest(session, job)
    return job


def _tell_latest(session: Session, job: Job) -> None:
    """Put in what the job's worker noted last, where it does not write that into the database."""
    engine = session.connection().engine
    note = read_note(engine, job.worker, job.id)
    if note is not None:
        job.progress_done, job.progress_total, job.progress_what = note.done, note.total, note.what
        job.heartbeat_at = datetime.fromisoformat(note.at)
