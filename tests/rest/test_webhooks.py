"""Forges' webhooks: who is believed, what it leads to, and that telling it twice does no harm."""

import hashlib
import hmac
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pydantic import SecretStr
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker
from werkzeug.test import TestResponse

from registry.database import writing
from registry.models import Job, Workspace
from registry.settings import Settings

Sessions = sessionmaker[Session]
SECRET = "It's a secret to everybody"
HASH = "0123456789abcdef0123456789abcdef01234567"
PUSH = {"ref": "refs/heads/main", "deleted": False, "after": HASH}
WORKFLOW_RUN = {
    "action": "completed",
    "workflow_run": {
        "id": 4711,
        "run_attempt": 1,
        "name": "CI",
        "head_branch": "main",
        "head_sha": HASH,
        "status": "completed",
        "conclusion": "success",
        "html_url": "https://github.com/acme/monorepo/actions/runs/4711",
        "run_started_at": "2026-01-05T10:43:14Z",
        "created_at": "2026-01-05T10:43:00Z",
        "updated_at": "2026-01-05T10:45:14Z",
        "repository": {"id": 7},
        "head_repository": {"id": 7, "owner": {"login": "acme"}},
    },
}
PIPELINE = {
    "object_kind": "pipeline",
    "object_attributes": {
        "id": 31,
        "ref": "main",
        "tag": False,
        "sha": HASH,
        "status": "failed",
        "created_at": "2026-01-05 10:43:14 UTC",
        "finished_at": "2026-01-05 10:45:14 UTC",
        "url": "https://gitlab.example.com/acme/monorepo/-/pipelines/31",
    },
}


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    return Settings(
        database_url=database_url,
        instance_path=tmp_path / "instance",
        github_webhook_secret=SecretStr(SECRET),
        gitlab_webhook_token=SecretStr(SECRET),
        max_body_bytes=10_000,
    )


@pytest.fixture(autouse=True)
def workspace(sessions: Sessions) -> None:
    with writing(sessions) as session:
        session.add(Workspace(path="/srv/monorepo", branch="main"))


def sign(payload: bytes, secret: str = SECRET) -> str:
    return "sha256=" + hmac.new(secret.encode(), payload, hashlib.sha256).hexdigest()


def github(client: FlaskClient, event: str, payload: Any, **headers: str) -> TestResponse:
    raw = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    sent = {"X-GitHub-Event": event, "X-Hub-Signature-256": sign(raw), **headers}
    return client.post(
        "/api/webhooks/github", data=raw, headers=sent, content_type="application/json"
    )


def gitlab(client: FlaskClient, event: str, payload: Any, token: str = SECRET) -> TestResponse:
    headers = {"X-Gitlab-Event": event, "X-Gitlab-Token": token}
    return client.post("/api/webhooks/gitlab", json=payload, headers=headers)


def jobs(sessions: Sessions) -> list[Job]:
    with sessions() as session:
        return list(session.scalars(select(Job).order_by(Job.created_at)))


def body(response: TestResponse) -> Any:
    assert response.json is not None
    return response.json


def test_a_push_to_the_catalogued_branch_leads_to_one_refresh(
    client: FlaskClient, sessions: Sessions
) -> None:
    answers = [github(client, "push", PUSH), github(client, "push", PUSH)]
    answers.append(gitlab(client, "Push Hook", PUSH))

    (job,) = jobs(sessions)
    assert (job.kind, job.key) == ("refresh", "refresh")
    for answer in answers:
        assert answer.status_code == 202
        assert answer.headers["Location"].endswith(f"/api/jobs/{job.id}")
        assert body(answer)["handled"] is True
        assert client.get(body(answer)["job"]).status_code == 200


@pytest.mark.parametrize(
    ("event", "payload"),
    [
        ("ping", {"zen": "Keep it logically awesome."}),
        ("star", {"action": "created"}),
        ("", {}),
        ("push", {"ref": "refs/heads/next"}),
        ("push", {"ref": "refs/tags/v1.0.0"}),
        ("push", {"ref": "refs/heads/main", "deleted": True}),
    ],
)
def test_what_changes_nothing_here_is_said_to_be_so(
    client: FlaskClient, sessions: Sessions, event: str, payload: dict[str, Any]
) -> None:
    answer = github(client, event, payload)

    assert answer.status_code == 202
    assert (body(answer)["event"], body(answer)["handled"], body(answer)["job"]) == (
        event,
        False,
        "",
    )
    assert jobs(sessions) == []


def test_any_push_counts_where_no_branch_is_known(client: FlaskClient, sessions: Sessions) -> None:
    with writing(sessions) as session:
        session.query(Workspace).one().branch = ""

    assert body(github(client, "push", {"ref": "refs/heads/next"}))["handled"] is True


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, {}),
        ({"run_attempt": 2}, {"runId": "github:4711/2"}),
        ({"status": "queued"}, {"status": "queued", "finishedAt": None}),
        ({"status": "in_progress"}, {"status": "running", "finishedAt": None}),
        ({"conclusion": "failure"}, {"status": "failed"}),
        ({"conclusion": "timed_out"}, {"status": "failed"}),
        ({"conclusion": "cancelled"}, {"status": "cancelled"}),
        ({"conclusion": None}, {"status": "cancelled"}),
        ({"run_started_at": None}, {"startedAt": "2026-01-05T10:43:00Z"}),
        # A pull request from a fork's `main` is not our `main`.
        (
            {"head_repository": {"id": 8, "owner": {"login": "mallory"}}},
            {"branch": "mallory:main"},
        ),
        ({"head_repository": None}, {"branch": "fork:main"}),
        ({"head_branch": None}, {"branch": "acme:None"}),
    ],
)
def test_a_workflow_run_is_recorded_by_a_job(
    client: FlaskClient, sessions: Sessions, change: dict[str, Any], expected: dict[str, Any]
) -> None:
    payload = {**WORKFLOW_RUN, "workflow_run": {**WORKFLOW_RUN["workflow_run"], **change}}  # type: ignore[dict-item]  # the sample is a map of maps

    answers = [github(client, "workflow_run", payload) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [202, 202]
    (job,) = jobs(sessions)
    assert job.kind == "record-run"
    assert job.payload == {
        "runId": "github:4711",
        "status": "success",
        "commit": HASH,
        "branch": "main",
        "startedAt": "2026-01-05T10:43:14Z",
        "finishedAt": "2026-01-05T10:45:14Z",
        "url": "https://github.com/acme/monorepo/actions/runs/4711",
        **expected,
    }


@pytest.mark.parametrize(
    ("change", "more", "expected"),
    [
        ({}, {}, {}),
        ({"status": "running"}, {}, {"status": "running", "finishedAt": None}),
        ({"status": "pending"}, {}, {"status": "queued", "finishedAt": None}),
        ({"status": "success"}, {}, {"status": "success"}),
        ({"status": "skipped"}, {}, {"status": "cancelled"}),
        ({"tag": True, "ref": "main"}, {}, {"branch": "refs/tags/main"}),
        (
            {"created_at": "2026-01-05T10:43:14Z"},
            {},
            {"startedAt": "2026-01-05T10:43:14Z"},
        ),
        (
            {},
            {"merge_request": {"source_project_id": 2, "target_project_id": 1}},
            {"branch": "fork:main"},
        ),
    ],
)
def test_a_pipeline_is_recorded_by_a_job(
    client: FlaskClient,
    sessions: Sessions,
    change: dict[str, Any],
    more: dict[str, Any],
    expected: dict[str, Any],
) -> None:
    attributes = {**PIPELINE["object_attributes"], **change}  # type: ignore[dict-item]  # as above

    answer = gitlab(client, "Pipeline Hook", {**PIPELINE, "object_attributes": attributes, **more})

    assert answer.status_code == 202
    (job,) = jobs(sessions)
    assert job.payload == {
        "runId": "gitlab:31",
        "status": "failed",
        "commit": HASH,
        "branch": "main",
        "startedAt": "2026-01-05 10:43:14+00:00",
        "finishedAt": "2026-01-05 10:45:14+00:00",
        "url": "https://gitlab.example.com/acme/monorepo/-/pipelines/31",
        **expected,
    }


@pytest.mark.parametrize(
    "signature",
    ["", "sha256=", sign(b"{}", "another secret"), sign(b"another body"), sign(b"{}")[7:], "é"],
)
def test_who_does_not_know_the_secret_is_not_heard(
    client: FlaskClient, sessions: Sessions, signature: str
) -> None:
    answer = github(client, "push", PUSH, **{"X-Hub-Signature-256": signature})

    assert (answer.status_code, body(answer)["code"]) == (403, "invalid_signature")
    assert gitlab(client, "Push Hook", PUSH, signature).status_code == 403
    assert jobs(sessions) == []


def test_an_older_signature_is_no_proof(client: FlaskClient) -> None:
    raw = json.dumps(PUSH).encode()
    old = "sha1=" + hmac.new(SECRET.encode(), raw, hashlib.sha1).hexdigest()

    answer = client.post(
        "/api/webhooks/github",
        data=raw,
        headers={"X-GitHub-Event": "push", "X-Hub-Signature": old},
        content_type="application/json",
    )

    assert answer.status_code == 403


@pytest.mark.parametrize("forge", ["github", "gitlab"])
def test_a_webhook_without_a_secret_is_closed(
    settings: Settings, new_app: Callable[[Settings], Flask], forge: str
) -> None:
    secrets = {"github_webhook_secret": None, "gitlab_webhook_token": None}
    client = new_app(settings.model_copy(update=secrets)).test_client()

    answer = client.post(f"/api/webhooks/{forge}", json=PUSH)

    assert (answer.status_code, body(answer)["code"]) == (404, "webhook_not_configured")


def test_an_empty_secret_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REGISTRY_GITHUB_WEBHOOK_SECRET", "")

    assert Settings().github_webhook_secret is None


@pytest.mark.parametrize(
    ("payload", "status", "code"),
    [
        (b"payload=%7B%7D", 400, "invalid_json"),
        (b"[]", 400, "not_an_object"),
        (b"{", 400, "invalid_json"),
        (b"[" * 5_000, 400, "invalid_json"),
        (b" " * 10_001, 413, "body_too_large"),
        ({"ref": 7}, 400, "invalid_input"),
        ({}, 400, "invalid_input"),
    ],
)
def test_bodies_that_are_none(
    client: FlaskClient, sessions: Sessions, payload: Any, status: int, code: str
) -> None:
    answer = github(client, "push", payload)

    assert (answer.status_code, body(answer)["code"]) == (status, code)
    assert jobs(sessions) == []


@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"workflow_run": []},
        {"workflow_run": {"id": "4711"}},
        {"workflow_run": {"id": 1, "head_sha": "HEAD", "run_started_at": "2026-01-05T10:43:14Z"}},
        {"workflow_run": {"id": 1, "head_sha": HASH, "run_started_at": "yesterday"}},
        {"workflow_run": {**WORKFLOW_RUN["workflow_run"], "html_url": "javascript:1"}},  # type: ignore[dict-item]  # as above
    ],
)
def test_a_run_that_is_none(
    client: FlaskClient, sessions: Sessions, payload: dict[str, Any]
) -> None:
    assert github(client, "workflow_run", payload).status_code == 400
    assert jobs(sessions) == []


def test_a_form_is_refused(client: FlaskClient) -> None:
    raw = b"payload=%7B%7D"

    answer = client.post(
        "/api/webhooks/github",
        data=raw,
        headers={"X-GitHub-Event": "push", "X-Hub-Signature-256": sign(raw)},
        content_type="application/x-www-form-urlencoded",
    )

    assert answer.status_code == 415
