"""What a forge's webhook tells, in our words: a push, a CI run, or nothing that matters here.

A payload is only read: no address in it is ever called.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from registry.errors import FieldError, InvalidInput

# A run that ended without a verdict is cancelled.
_GITHUB_CONCLUSIONS = {
    "success": "success",
    "neutral": "success",
    "failure": "failed",
    "timed_out": "failed",
    "startup_failure": "failed",
}
_GITLAB_STATUSES = {
    "running": "running",
    "success": "success",
    "failed": "failed",
    "canceling": "cancelled",
    "canceled": "cancelled",
    "skipped": "cancelled",
}
_NO_COMMIT = "0" * 40


@dataclass(frozen=True)
class Push:
    """Something was pushed to a branch; `deleted`: the branch is gone."""

    branch: str
    deleted: bool


@dataclass(frozen=True)
class Run:
    """A CI run of the whole repository, as the JSON object of a build (`docs/api.md`, Builds)."""

    build: dict[str, Any]


Event = Push | Run | None


def read_github_event(name: str, payload: Mapping[str, Any]) -> Event:
    """Read an event of GitHub (https://docs.github.com/webhooks/webhook-events-and-payloads).

    Args:
        name: as `X-GitHub-Event` has it.
        payload: the body.

    Raises:
        InvalidInput: the payload is none of such an event.
    """
    if name == "push":
        return _read_push(payload, deleted=payload.get("deleted") is True)
    if name != "workflow_run":
        return None
    run = _take(payload, "workflow_run", dict)
    status = "running" if run.get("status") == "in_progress" else "queued"
    if run.get("status") == "completed":
        status = _GITHUB_CONCLUSIONS.get(str(run.get("conclusion")), "cancelled")
    finished = status not in ("queued", "running")
    number, attempt = _take(run, "id", int), run.get("run_attempt")
    # A run that is started again keeps its number, and is another build.
    again = f"/{attempt}" if isinstance(attempt, int) and attempt > 1 else ""
    return Run(
        {
            "runId": f"github:{number}{again}",
            "status": status,
            "commit": _take(run, "head_sha", str),
            "branch": _github_branch(run),
            "startedAt": run.get("run_started_at") or run.get("created_at"),
            "finishedAt": run.get("updated_at") if finished else None,
            "url": run.get("html_url"),
        }
    )


def _github_branch(run: Mapping[str, Any]) -> str:
    """Name the run's branch; that of a fork with its owner before it, as GitHub writes it.

    Else a pull request from a fork's `main` would pass for the default branch.
    """
    branch = run.get("head_branch")
    head, own = _object(run, "head_repository"), _object(run, "repository")
    if isinstance(branch, str) and branch and head.get("id") == own.get("id"):
        return branch
    return f"{_object(head, 'owner').get('login') or 'fork'}:{branch}"


def read_gitlab_event(name: str, payload: Mapping[str, Any]) -> Event:
    """Read an event of GitLab (https://docs.gitlab.com/user/project/integrations/webhook_events).

    Args:
        name: as `X-Gitlab-Event` has it.
        payload: the body.

    Raises:
        InvalidInput: the payload is none of such an event.
    """
    if name == "Push Hook":
        return _read_push(payload, deleted=payload.get("after") == _NO_COMMIT)
    if name != "Pipeline Hook":
        return None
    pipeline = _take(payload, "object_attributes", dict)
    status = _GITLAB_STATUSES.get(str(pipeline.get("status")), "queued")
    finished = status not in ("queued", "running")
    number = _take(pipeline, "id", int)
    return Run(
        {
            "runId": f"gitlab:{number}",
            "status": status,
            "commit": _take(pipeline, "sha", str),
            "branch": _gitlab_branch(pipeline, payload),
            "startedAt": _gitlab_time(pipeline.get("created_at")),
            "finishedAt": _gitlab_time(pipeline.get("finished_at")) if finished else None,
            "url": pipeline.get("url"),
        }
    )


def _gitlab_branch(pipeline: Mapping[str, Any], payload: Mapping[str, Any]) -> str:
    """Name the pipeline's branch; that of a tag or of a fork must not pass for one of ours."""
    branch = _take(pipeline, "ref", str)
    if pipeline.get("tag") is True:
        return f"refs/tags/{branch}"
    request = _object(payload, "merge_request")
    ours = request.get("source_project_id") == request.get("target_project_id")
    return branch if ours else f"fork:{branch}"


def _gitlab_time(value: Any) -> Any:
    """Write GitLab's `2016-08-12 15:23:28 UTC` as ISO 8601 does."""
    return value.replace(" UTC", "+00:00") if isinstance(value, str) else value


def _read_push(payload: Mapping[str, Any], *, deleted: bool) -> Event:
    reference: str = _take(payload, "ref", str)
    branch = reference.removeprefix("refs/heads/")
    return None if branch == reference else Push(branch, deleted)


def _object(payload: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = payload.get(key)
    return value if isinstance(value, dict) else {}


def _take(payload: Mapping[str, Any], key: str, kind: type) -> Any:
    value = payload.get(key)
    if not isinstance(value, kind) or isinstance(value, bool):
        message = f"is missing, or no {'object' if kind is dict else 'value of its kind'}"
        raise InvalidInput(
            "The payload is none of such an event.", errors=[FieldError(key, message)]
        )
    return value
