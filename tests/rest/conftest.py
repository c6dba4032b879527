"""A workspace behind the routes, with its settings and a client; a Redis; time as tests set it."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from registry.settings import Settings
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
    with running_redis() as server:
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
