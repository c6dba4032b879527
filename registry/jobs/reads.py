"""Reads of jobs."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from registry.errors import NotFound
from registry.models import Job


def find_job(session: Session, job_id: str) -> Job:
    """Find a job by its id.

    Raises:
        NotFound: there is none, or it ended so long ago that it is no longer kept.
    """
    job = session.scalar(select(Job).where(Job.id == job_id))
    if job is None:
        raise NotFound("There is no such job, or it is no longer kept.", code="job_not_found")
    return job
