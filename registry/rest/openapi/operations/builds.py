"""Builds, jobs and webhooks: what CIs tell, and work that is done after the answer."""

from typing import Annotated, Any, Literal

from pydantic import Field

from registry.rest.openapi.operation import (
    JSON,
    Access,
    Answer,
    Body,
    Operation,
    Parameter,
    json_answer,
)
from registry.rest.openapi.operations.packages import CURSOR, NO_PACKAGE, PACKAGE_NAME, Limit
from registry.rest.openapi.shape import (
    Count,
    Moment,
    Request,
    Shape,
    Time,
    TimeOrEmpty,
    absent,
)
from registry.rules.enumerations import BuildStatus, JobStatus
from registry.rules.permissions import Permission

_Told = Literal["queued", "running", "success", "failed", "cancelled"]
_Text = Annotated[str, Field(max_length=255)]


class NewBuild(Request):
    """A CI run, as the CI tells of it."""

    run_id: Annotated[str, Field(min_length=1, max_length=255)] | int
    """The CI's own id of the run; with the package it tells one build from another."""
    status: _Told
    commit: Annotated[str, Field(pattern="^([0-9a-fA-F]{7,64})?$")] | None = absent
    branch: _Text | None = absent
    started_at: Moment
    finished_at: Moment | None = absent
    url: Annotated[str, Field(max_length=2_048)] | None = absent
    """An address of http or https; shown, never fetched."""


class NewBuildOf(NewBuild):
    """A CI run of a package that is named."""

    package_name: Annotated[str, Field(min_length=1)]


class NewBuilds(Request):
    """CI runs of many packages."""

    builds: Annotated[list[NewBuildOf], Field(min_length=1, max_length=1_000)]


class Build(Shape):
    """A CI run of a package."""

    package_name: str
    run_id: str
    status: BuildStatus
    commit: str
    branch: str
    started_at: TimeOrEmpty
    finished_at: TimeOrEmpty
    duration: Count | None
    """From start to finish, in milliseconds."""
    url: str


class PackageBuilds(Shape):
    """Builds of one package."""

    package_name: str
    builds: list[Build]


class RecordedBuild(Shape):
    """A build as it is known now."""

    build: Build


class RecordedBuilds(Shape):
    """Builds as they are known now, in the order in which they were told."""

    builds: list[Build]


class Progress(Shape):
    """How far a job is."""

    done: Count
    total: Count | None
    """Null where it is not known."""
    what: str
    """What is counted."""


class JobError(Shape):
    """Why a job failed last; empty texts where it did not."""

    code: str
    message: str


class Job(Shape):
    """Work that is done after the answer."""

    id: str
    kind: str
    status: JobStatus
    progress: Progress
    attempts: Count
    error: JobError
    created_at: Time
    started_at: TimeOrEmpty
    heartbeat_at: TimeOrEmpty
    finished_at: TimeOrEmpty


class HeardEvent(Shape):
    """What came of a webhook's event."""

    event: str
    handled: bool
    detail: str
    job: str
    """The address of the job that it led to; empty: none."""


def _recorded(shape: type[Shape]) -> dict[int, Answer]:
    return {
        200: Answer("It was known.", {JSON: shape}),
        201: Answer("It is new, or one of them is.", {JSON: shape}),
    }


def _webhook(id_: str, forge: str, event: str, proof: str, proof_is: str) -> Operation:
    return Operation(
        id=id_,
        summary=f"Hear of a push or a CI run from {forge}",
        tag="Builds",
        parameters=[
            Parameter(event, "Which kind of event it is.", is_header=True),
            Parameter(proof, proof_is, is_header=True),
        ],
        body=Body({JSON: dict[str, Any]}, f"The event, as {forge} sends it."),
        answers=json_answer(
            "What came of it; where a job does the work, `Location` leads to it.",
            HeardEvent,
            status=202,
            headers=["Location"],
        ),
        problems={
            403: "The proof is missing, or made with another secret (`invalid_signature`).",
            404: "The webhook is not open (`webhook_not_configured`).",
        },
    )


OPERATIONS = {
    "GET /api/packages/<package_name:name>/builds": Operation(
        id="list_package_builds",
        summary="List a package's builds, those that began last first",
        tag="Builds",
        path=[PACKAGE_NAME],
        parameters=[
            Parameter("branch", "Only builds of this branch."),
            Parameter("limit", "At most so many.", Limit, default=50),
            CURSOR,
        ],
        answers=json_answer("The builds.", PackageBuilds, headers=["Link"]),
        problems={404: NO_PACKAGE},
        is_conditional=True,
    ),
    "POST /api/packages/<package_name:name>/builds": Operation(
        id="record_build",
        summary="Record one build of one package",
        description="May be repeated: the same is no change.",
        tag="Builds",
        path=[PACKAGE_NAME],
        body=Body({JSON: NewBuild}),
        answers=_recorded(RecordedBuild),
        problems={404: NO_PACKAGE},
        access=Access.REQUIRED,
        permissions=[Permission.ManageWorkspace],
    ),
    "POST /api/builds": Operation(
        id="record_builds",
        summary="Record builds of many packages, all or none",
        tag="Builds",
        body=Body({JSON: NewBuilds}),
        answers=_recorded(RecordedBuilds),
        access=Access.REQUIRED,
        permissions=[Permission.ManageWorkspace],
    ),
    "GET /api/jobs/<job_id>": Operation(
        id="get_job",
        summary="Tell how far a job is",
        tag="Builds",
        path=[Parameter("jobId", "The job's id, which nobody can guess.")],
        answers=json_answer("The job.", Job),
        problems={404: "There is no such job, or it ended a week ago (`job_not_found`)."},
        is_conditional=True,
    ),
    "POST /api/webhooks/github": _webhook(
        "hear_github",
        "GitHub",
        "X-GitHub-Event",
        "X-Hub-Signature-256",
        "`sha256=` and the body's HMAC with the webhook's secret.",
    ),
    "POST /api/webhooks/gitlab": _webhook(
        "hear_gitlab", "GitLab", "X-Gitlab-Event", "X-Gitlab-Token", "The webhook's secret token."
    ),
}
