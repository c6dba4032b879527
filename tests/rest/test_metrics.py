"""`GET /metrics`: who may read it, what is counted, and what never gets into it."""

import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine
from sqlalchemy.orm import Session, sessionmaker

from registry.database import writing
from registry.models import Job, Scan, Workspace
from registry.models.base import utc_now
from registry.settings import Settings
from tests.accounts.samples import add_author

NewApp = Callable[[Settings], Flask]


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    """Give the settings of an application that counts."""
    return Settings(
        database_url=database_url, instance_path=tmp_path / "instance", metrics="loopback"
    )


def figures(client: FlaskClient) -> dict[str, float]:
    """Read all figures, by their names and labels."""
    response = client.get("/metrics")
    assert response.status_code == 200
    assert response.content_type == "text/plain; version=0.0.4; charset=utf-8"
    assert response.headers["Cache-Control"] == "no-store"
    lines = [line for line in response.text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


@pytest.mark.parametrize(
    ("setting", "address", "headers", "status"),
    [
        ("off", "127.0.0.1", {}, 404),
        ("loopback", "127.0.0.1", {}, 200),
        ("loopback", "127.8.9.1", {}, 200),
        ("loopback", "::1", {}, 200),
        ("loopback", "192.0.2.7", {}, 404),
        ("loopback", "", {}, 404),
        ("loopback", "127.0.0.1", {"X-Forwarded-For": "127.0.0.1"}, 404),
        ("loopback", "127.0.0.1", {"Forwarded": "for=192.0.2.7"}, 404),
        ("loopback", "127.0.0.1", {"X-Real-IP": "192.0.2.7"}, 404),
        ("loopback", "127.0.0.1", {"Via": "1.1 proxy"}, 404),
        ("on", "192.0.2.7", {}, 200),
    ],
)
def test_who_may_read_them(
    tmp_path: Path,
    new_app: NewApp,
    *,
    setting: str,
    address: str,
    headers: dict[str, str],
    status: int,
) -> None:
    url = f"sqlite:///{tmp_path / 'none.db'}"
    app = new_app(Settings(database_url=url, instance_path=tmp_path, metrics=setting))

    response = app.test_client().get(
        "/metrics", headers=headers, environ_overrides={"REMOTE_ADDR": address}
    )

    assert response.status_code == status


def test_requests_are_counted_by_route_and_never_by_address(client: FlaskClient) -> None:
    client.get("/api/packages/@secret/name?token=reg_hidden")
    client.get("/account/packages", headers={"Authorization": "Bearer reg_hidden"})
    client.get("/made/up")
    client.open("/healthz", method="BREW")

    found = figures(client)

    def count(route: str, status: int, method: str = "GET") -> float:
        labels = f'method="{method}",route="{route}",status="{status}"'
        return found[f"registry_http_requests_total{{{labels}}}"]

    assert count("/api/packages/<path:name>", 404) == 1
    assert count("/account/packages", 401) == 1
    assert count("none", 404) == 1
    assert count("none", 405, "OTHER") == 1
    seconds = "registry_http_request_duration_seconds"
    assert found[f'{seconds}_count{{method="GET",route="/api/packages/<path:name>"}}'] == 1
    everything = client.get("/metrics").text
    assert [word for word in ("secret", "hidden", "made", "BREW") if word in everything] == []


def test_statements_are_counted(client: FlaskClient) -> None:
    name = 'registry_sql_statement_duration_seconds_count{operation="select"}'
    client.get("/healthz")
    before = figures(client)[name]
    # The figures themselves are read by some.
    read = figures(client)[name] - before

    client.get("/api/stats")

    assert figures(client)[name] - before > 2 * read


def test_refusals_are_counted_by_limit(new_app: NewApp, settings: Settings, engine: Engine) -> None:
    limits = {"ratelimit_account": "1 per hour", "ratelimit_graphql": "1 per hour"}
    client = new_app(settings.model_copy(update=limits)).test_client()
    with writing(sessionmaker(engine)) as session:
        headers = {"Authorization": f"Bearer {add_author(session)[1]}"}
    for _ in range(3):
        client.get("/account/packages", headers=headers)
    for _ in range(2):
        client.post("/graphql", json={"query": "{ packages(first: 1) { nodes { name } } }"})

    found = figures(client)

    assert found['registry_limit_refusals_total{limit="account"}'] == 2
    assert found['registry_limit_refusals_total{limit="graphql"}'] == 1


def test_refreshes_and_jobs_are_read_from_the_database(
    client: FlaskClient, sessions: sessionmaker[Session]
) -> None:
    before = figures(client)
    assert before["registry_refreshes_total"] == 0
    assert before["registry_job_oldest_due_seconds"] == 0
    now = utc_now()
    with writing(sessions) as session:
        workspace = Workspace(path="/srv/secret")
        session.add(workspace)
        session.flush()
        session.add(
            Scan(
                workspace_id=workspace.id,
                started_at=now,
                finished_at=now,
                durations={"history": 250.0, "packages": 10},
            )
        )
        for number, status in enumerate(("queued", "queued", "failed")):
            due = now - timedelta(seconds=90 * number)
            session.add(Job(id=str(number), kind="refresh", status=status, run_after=due))

    found = figures(client)

    assert found["registry_database_up"] == 1
    assert found["registry_revision"] == before["registry_revision"] + 1
    assert found["registry_refreshes_total"] == 1
    assert found["registry_refresh_finished_timestamp_seconds"] == now.timestamp()
    assert found['registry_refresh_phase_duration_seconds{phase="history"}'] == 0.25
    assert found['registry_jobs{kind="refresh",status="queued"}'] == 2
    assert found['registry_jobs{kind="refresh",status="failed"}'] == 1
    assert 90 <= found["registry_job_oldest_due_seconds"] < 150


def test_without_a_database_that_is_told(tmp_path: Path, new_app: NewApp) -> None:
    url = f"sqlite:///{tmp_path / 'not' / 'there.db'}"
    app = new_app(Settings(database_url=url, instance_path=tmp_path, metrics="loopback"))

    found = figures(app.test_client())

    assert found["registry_database_up"] == 0
    assert "registry_revision" not in found


# In a process of its own: the library looks at the environment when it is loaded.
_PROCESSES = """
import os, sys
from app import create_app
from registry.settings import Settings
from registry.web.metrics import Metrics
create_app(Settings(instance_path=sys.argv[1]))
print("prometheus_client" in sys.modules)
for times in (2, 3):
    child = os.fork()
    if not child:
        metrics = Metrics()
        for _ in range(times):
            metrics.count_request("GET", "/healthz", 200, 0.1)
        os._exit(0)
    os.waitpid(child, 0)
from prometheus_client import CollectorRegistry
print(Metrics().write(CollectorRegistry()).decode())
"""


def test_processes_of_one_server_put_their_figures_together(tmp_path: Path) -> None:
    loaded, _, written = subprocess.run(
        [sys.executable, "-c", _PROCESSES, str(tmp_path)],
        env={"PROMETHEUS_MULTIPROC_DIR": str(tmp_path)},
        capture_output=True,
        check=True,
        text=True,
    ).stdout.partition("\n")

    assert loaded == "False", "metrics are off: nobody needs the library"
    line = 'registry_http_requests_total{method="GET",route="/healthz",status="200"} 5.0'
    assert line in written.splitlines()
