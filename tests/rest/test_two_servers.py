"""Two servers on one database: what one writes, the other tells at once."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from registry.settings import Settings
from tests.repositories import WorkTree, small_monorepo

QUERY = {"query": '{ package(name: "two") { description health { buildStatus } } }'}


@pytest.fixture
def tree(tmp_path: Path) -> WorkTree:
    """Make the workspace of both."""
    return small_monorepo(tmp_path / "acme")


@pytest.fixture
def servers(
    settings: Settings, new_app: Callable[[Settings], Flask], tree: WorkTree
) -> tuple[FlaskClient, FlaskClient]:
    """Make two servers that know nothing of each other."""
    changed = {"workspace": tree.path, "open_writes": True}
    one, other = (new_app(settings.model_copy(update=changed)).test_client() for _ in range(2))
    assert one.post("/api/packages/refresh").status_code == 200
    return one, other


def asked(client: FlaskClient) -> tuple[Any, ...]:
    """Ask everything twice, so that the second answer is one that was kept."""
    for _ in range(2):
        listed = client.get("/api/packages")
        shown = client.get("/api/packages/two")
        queried = client.post("/graphql", json=QUERY)
        linked = client.get("/graphql", query_string=QUERY)
    assert linked.json is not None
    assert queried.json is not None
    assert linked.json["data"] == queried.json["data"]
    return listed.headers["ETag"], listed.json, shown.json, queried.json["data"]


def test_what_one_writes_the_other_tells_at_once(
    servers: tuple[FlaskClient, FlaskClient], tree: WorkTree
) -> None:
    one, other = servers
    assert asked(one) == asked(other)
    build = {"runId": "1", "status": "failed", "startedAt": "2026-11-20T10:00:00Z"}

    for number, (writer, reader) in enumerate(((one, other), (other, one))):
        before = asked(reader)
        config = {"description": f"Written {number}"}
        body = {"packageName": "two", "config": config}
        assert writer.put("/api/packages/update-config", json=body).status_code == 200
        tag, *_, told = asked(reader)
        assert told["package"]["description"] == f"Written {number}"
        assert tag != before[0]
        # A client of the one that has its tag from the other.
        assert writer.get("/api/packages", headers={"If-None-Match": tag}).status_code == 304
        assert asked(writer) == asked(reader)

        sent = {**build, "runId": str(number), "startedAt": f"2026-11-20T1{number}:00:00Z"}
        assert writer.post("/api/packages/two/builds", json=sent).status_code == 201
        assert asked(reader)[-1]["package"]["health"]["buildStatus"] == "failed"
        assert asked(writer) == asked(reader)

        tree.package(f"packages/new{number}", name=f"new{number}", version="1.0.0")
        tree.commit(f"feat: {number}")
        assert writer.post("/api/packages/refresh").status_code == 200
        assert reader.get(f"/api/packages/new{number}").status_code == 200
        assert asked(writer) == asked(reader)
