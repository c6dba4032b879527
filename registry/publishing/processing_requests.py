"""Asks for an upload to be processed.

Apart from `processing.py`, which a worker needs and a server does not.
"""

from sqlalchemy.orm import Session

from registry.jobs import enqueue_job

KIND = "process-upload"


def request_processing(session: Session, version_id: int) -> None:
    """Enqueue that the upload of a version is processed, in the caller's transaction."""
    enqueue_job(session, KIND, {"version": version_id}, key=f"{KIND}:{version_id}")
