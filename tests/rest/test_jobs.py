"""`GET /api/jobs/ID`."""

from flask.testing import FlaskClient
from sqlalchemy.orm import Session, sessionmaker

from registry.errors import Unavailable
from registry.jobs import submit_job
from registry.jobs.claims import claim_job, fail_job, finish_job, record_heartbeats
from registry.jobs.work import Progress

Sessions = sessionmaker[Session]


def test_a_job_that_waits(client: FlaskClient, sessions: Sessions) -> None:
    job_id = submit_job(sessions, "refresh", {"secret": "s3cret"}, key="refresh:main")

    response = client.get(f"/api/jobs/{job_id}")

    assert response.status_code == 200
    assert response.json is not None
    assert response.json["createdAt"].endswith("Z")
    assert {**response.json, "createdAt": ""} == {
        "id": job_id,
        "kind": "refresh",
        "status": "queued",
        "progress": {"done": 0, "total": None, "what": ""},
        "attempts": 0,
        "error": {"code": "", "message": ""},
        "createdAt": "",
        "startedAt": "",
        "heartbeatAt": "",
        "finishedAt": "",
    }
    assert b"s3cret" not in response.data
    assert b"refresh:main" not in response.data


def test_how_far_it_is_and_how_it_ended(client: FlaskClient, sessions: Sessions) -> None:
    job_id = submit_job(sessions, "refresh")
    job = claim_job(sessions, "0a", ["refresh"])
    assert job is not None
    record_heartbeats(sessions, [(job, Progress(1, 4, "history"))])
    running = client.get(f"/api/jobs/{job_id}")
    assert running.json is not None
    assert running.json["status"] == "running"
    assert running.json["progress"] == {"done": 1, "total": 4, "what": "history"}
    assert running.json["startedAt"]
    tag = running.headers["ETag"]
    assert client.get(f"/api/jobs/{job_id}", headers={"If-None-Match": tag}).status_code == 304

    finish_job(sessions, job, Progress(1, 4, "history"))

    done = client.get(f"/api/jobs/{job_id}", headers={"If-None-Match": tag})
    assert done.json is not None
    assert (done.json["status"], done.json["progress"]["done"]) == ("done", 4)
    assert done.json["finishedAt"]


def test_why_it_failed(client: FlaskClient, sessions: Sessions) -> None:
    job_id = submit_job(sessions, "refresh")
    job = claim_job(sessions, "0a", ["refresh"])
    assert job is not None
    fail_job(sessions, job, Unavailable("The workspace is away.", code="workspace_unavailable"))

    shown = client.get(f"/api/jobs/{job_id}").json

    assert shown is not None
    assert (shown["status"], shown["attempts"]) == ("queued", 1)
    assert shown["error"] == {"code": "workspace_unavailable", "message": "The workspace is away."}


def test_an_unknown_job(client: FlaskClient) -> None:
    response = client.get("/api/jobs/none")

    assert response.status_code == 404
    assert response.json is not None
    assert response.json["code"] == "job_not_found"
