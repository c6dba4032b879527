"""`/api/webhooks`: forges tell of pushes and CI runs, with proof that it is them."""

import hashlib
import hmac
from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, Response, request
from pydantic import SecretStr
from sqlalchemy import select

from registry.database import reading
from registry.errors import NotFound
from registry.health.told_builds import read_build
from registry.jobs import submit_job
from registry.models import Workspace
from registry.rest.webhook_events import Event, Push, Run, read_github_event, read_gitlab_event
from registry.web.body import json_object_body
from registry.web.database import app_sessions
from registry.web.errors import InvalidSignature
from registry.web.json import json_response
from registry.web.settings import current_settings

webhooks = Blueprint("webhooks", __name__, url_prefix="/api/webhooks")

_LONGEST_NAME = 64


@webhooks.post("/github")
def hear_github() -> Response:
    """Hear of a push or a workflow's run from GitHub."""
    secret = _secret(current_settings().github_webhook_secret, "REGISTRY_GITHUB_WEBHOOK_SECRET")
    digest = hmac.new(secret, request.get_data(), hashlib.sha256).hexdigest()
    _check("X-Hub-Signature-256", f"sha256={digest}".encode())
    return _hear("X-GitHub-Event", read_github_event)


@webhooks.post("/gitlab")
def hear_gitlab() -> Response:
    """Hear of a push or a pipeline from GitLab."""
    token = _secret(current_settings().gitlab_webhook_token, "REGISTRY_GITLAB_WEBHOOK_TOKEN")
    _check("X-Gitlab-Token", token)
    return _hear("X-Gitlab-Event", read_gitlab_event)


def _secret(secret: SecretStr | None, setting: str) -> bytes:
    if secret is None:
        raise NotFound(
            f"This webhook is not open: {setting} is not set.", code="webhook_not_configured"
        )
    return secret.get_secret_value().encode()


def _check(header: str, expected: bytes) -> None:
    """See that the header proves the knowledge of the secret, in a time that tells nothing of it.

    Raises:
        InvalidSignature: it does not, or is not there.
    """
    sent = request.headers.get(header, "").encode("latin-1", "replace")
    if not hmac.compare_digest(sent, expected):
        raise InvalidSignature(f"{header} is missing, or made with another secret.")


def _hear(header: str, read: Callable[[str, Mapping[str, Any]], Event]) -> Response:
    """Turn what is told into a job; all that is done before the answer is to write it down."""
    name = request.headers.get(header, "")[:_LONGEST_NAME]
    event = read(name, json_object_body())
    if event is None:
        return _answer(name, "Events of this kind change nothing here.")
    if isinstance(event, Run):
        return _answer(name, "The run is recorded by a job.", job=_submit_run(event))
    return _hear_push(name, event)


def _hear_push(name: str, push: Push) -> Response:
    with reading(app_sessions()) as session:
        branch = session.scalar(select(Workspace.branch).order_by(Workspace.id).limit(1))
    # Where HEAD is detached, or nothing is catalogued yet, any branch may be the one.
    if push.deleted or (branch and push.branch != branch):
        return _answer(name, "The branch is not the one that is catalogued.")
    job_id = submit_job(app_sessions(), "refresh", key="refresh", asked=True)
    return _answer(name, "The workspace is refreshed by a job.", job=job_id)


def _submit_run(run: Run) -> str:
    # Refused now, while there is somebody to tell, rather than in the job.
    told = read_build(run.build, "")
    key = f"record-run:{told.run_id}:{told.state.status}"
    return submit_job(app_sessions(), "record-run", run.build, key=key)


def _answer(name: str, detail: str, *, job: str = "") -> Response:
    address = f"/api/jobs/{job}" if job else ""
    response = json_response(
        {"event": name, "handled": bool(job), "detail": detail, "job": address}, 202
    )
    if job:
        response.headers["Location"] = address
    return response
