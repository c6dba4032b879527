"""A workspace behind the routes, with its settings and a client; a Redis; time as tests set it."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from app import create_app
from registry.settings import Settings
from registry.web.database import db
from tests.databases import Databases, fresh_database
from tests.documented_answers import DocumentedClient
from tests.repositories import WorkTree, small_monorepo
from tests.rest.redis_server import RedisServer, running_redis


class Clock:
    """The time, as tests set it."""

    def __init__(self) -> None:
        self.now = 1_700_000_000.25

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Let the time stand still until the test moves it."""
    clock = Clock()
    monkeypatch.setattr(time, "time", clock)
    return clock


@pytest.fixture(scope="module")
def redis_server() -> Iterator[RedisServer]:
    """Lend a Redis; a test that needs it empty clears it."""
    with running_redis() as server, pytest.MonkeyPatch.context() as patched:
        # A machine that has much else to do may need longer for an answer than a server waits.
        patched.setattr("registry.rest.counting._STORAGE_TIMEOUT", 60)
        yield server


@pytest.fixture
def tree(tmp_path: Path) -> WorkTree:
    return small_monorepo(tmp_path / "acme")


@pytest.fixture
def workspace_settings(database_url: str, tmp_path: Path, tree: WorkTree) -> Settings:
    """Name the workspace, and let anyone write; what tests it returns it as its `settings`."""
    return Settings(
        database_url=database_url,
        instance_path=tmp_path / "instance",
        workspace=tree.path,
        open_writes=True,
    )


@pytest.fixture
def catalogued(client: FlaskClient) -> FlaskClient:
    """Give a client of a service that has catalogued the workspace."""
    assert client.post("/api/packages/refresh").status_code == 200
    return client


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def shared(
    request: pytest.FixtureRequest, databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[FlaskClient]:
    """Give a client that all tests of a module share which only read what was catalogued."""
    directory = tmp_path_factory.mktemp("shared")
    workspace = small_monorepo(directory / "acme").path
    with fresh_database(databases, request.param) as url:
        app = create_app(
            Settings(
                database_url=url,
                instance_path=directory / "instance",
                workspace=workspace,
                open_writes=True,
            )
        )
        app.testing = True
        app.test_client_class = DocumentedClient
        client = app.test_client()
        assert client.post("/api/packages/refresh").status_code == 200
        yield client
        with app.app_context():
            db.engine.dispose()
