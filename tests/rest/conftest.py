"""A workspace behind the routes: its files, the settings that name it, a client that has it."""

from pathlib import Path

import pytest
from flask.testing import FlaskClient

from registry.settings import Settings
from tests.repositories import WorkTree, small_monorepo


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
