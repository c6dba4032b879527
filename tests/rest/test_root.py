"""What is here, whether it works, and what problems mean."""

from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session, sessionmaker

from app import create_app
from registry import __version__, schema
from registry.database import make_engine, writing
from registry.models import Workspace
from registry.models.base import utc_now
from registry.settings import Settings
from registry.web.database import db
from registry.web.problems import problem_types


def test_the_root_tells_what_is_here(client: FlaskClient) -> None:
    response = client.get("/")

    assert response.status_code == 200
    assert response.json is not None
    assert list(response.json) == ["name", "version", "links"]
    assert response.json["name"] == "Registry"
    assert response.json["version"] == __version__
    assert response.json["links"]["accountPackages"] == "/account/packages"


def test_links_lead_somewhere(app: Flask, client: FlaskClient) -> None:
    root = client.get("/").json
    assert root is not None
    addresses = app.url_map.bind("localhost")

    for link in root["links"].values():
        path = link.split("{?")[0].replace("{packageName}", "x").replace("{packagePath}", "x")
        assert addresses.test(path), link


def test_the_root_is_kept_by_caches_until_it_changes(client: FlaskClient) -> None:
    tag = client.get("/").headers["ETag"]

    response = client.get("/", headers={"If-None-Match": f'"x", {tag}'})

    assert (response.status_code, response.data) == (304, b"")
    assert tag.startswith('"')
    assert client.head("/").headers["ETag"] == tag


def test_every_type_of_problem_can_be_looked_up(client: FlaskClient) -> None:
    for code, kind in problem_types().items():
        response = client.get(f"/problems/{code}")
        assert response.status_code == 200
        assert response.json is not None
        assert list(response.json) == ["code", "title", "status", "meaning"]
        assert response.json["title"] == kind.title
        assert response.json["meaning"].endswith(".")


def test_the_type_of_a_problem_leads_to_what_it_means(client: FlaskClient) -> None:
    problem = client.get("/account/packages").json
    assert problem is not None

    meaning = client.get(problem["type"]).json

    assert meaning is not None
    assert (meaning["title"], meaning["status"]) == (problem["title"], problem["status"])


def test_a_problem_that_there_is_not(client: FlaskClient) -> None:
    assert client.get("/problems/none").status_code == 404


def ready(app: Flask) -> tuple[int, str]:
    response = app.test_client().get("/readyz")
    assert response.headers["Cache-Control"] == "no-store"
    assert response.json is not None
    return response.status_code, response.json.get("code") or response.json["status"]


def test_alive(client: FlaskClient) -> None:
    response = client.get("/healthz")

    assert (response.status_code, response.json) == (200, {"status": "ok"})
    assert response.headers["Cache-Control"] == "no-store"


def test_ready_where_no_workspace_is_awaited(app: Flask) -> None:
    assert ready(app) == (200, "ready")


@pytest.mark.parametrize("named", [True, False])
def test_ready_once_the_workspace_is_catalogued(
    settings: Settings, sessions: sessionmaker[Session], tmp_path: Path, named: bool
) -> None:
    app = create_app(settings.model_copy(update={"workspace": tmp_path if named else None}))
    try:
        if named:
            assert ready(app) == (503, "workspace_not_catalogued")
        with writing(sessions) as session:
            session.add(Workspace(path=str(tmp_path)))
        assert ready(app) == (503, "workspace_not_catalogued")
        assert app.test_client().get("/healthz").status_code == 200
        with writing(sessions) as session:
            session.query(Workspace).one().scanned_at = utc_now()
        assert ready(app) == (200, "ready")
    finally:
        with app.app_context():
            db.engine.dispose()


def test_not_ready_before_the_database_is_migrated(app: Flask, database_url: str) -> None:
    engine = make_engine(database_url)
    schema.downgrade(engine, "base")
    engine.dispose()

    assert ready(app) == (503, "database_not_migrated")
    assert app.test_client().get("/readyz").headers["Retry-After"]
    assert app.test_client().get("/healthz").status_code == 200
