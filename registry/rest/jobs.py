"""`/api/jobs`: how far work is that is done after an answer."""

from typing import Any

from flask import Blueprint, Response

from registry.jobs import find_job
from registry.models import Job
from registry.web.conditional import stamp_content
from registry.web.database import read_session
from registry.web.json import json_response

jobs = Blueprint("jobs", __name__, url_prefix="/api/jobs")


@jobs.get("/<job_id>")
def show_job(job_id: str) -> Response:
    """Show one job: to everyone who knows its id, which nobody can guess."""
    return stamp_content(json_response(represent_job(find_job(read_session(), job_id))))


def represent_job(job: Job) -> dict[str, Any]:
    """Show a job; its payload and its worker are nobody's business."""
    return {
        "id": job.id,
        "kind": job.kind,
        "status": job.status,
        "progress": {
            "done": job.progress_done,
            "total": job.progress_total,
            "what": job.progress_what,
        },
        "attempts": job.attempts,
        "error": {"code": job.error_code, "message": job.error},
        "createdAt": job.created_at,
        "startedAt": job.started_at or "",
        "heartbeatAt": job.heartbeat_at or "",
        "finishedAt": job.finished_at or "",
    }
