"""The packages routes as the contract has them (section 2), on both databases."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from registry.models import Package
from registry.settings import Settings
from registry.web.database import db, single_reads
from tests.accounts.samples import Statements
from tests.repositories import WorkTree

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
PACKAGE_KEYS = [
    "name",
    "version",
    "type",
    "createdAt",
    "lastUpdated",
    "dependencies",
    "maintainers",
    "path",
    "description",
    "license",
    "repository",
    "scripts",
    "devDependencies",
    "peerDependencies",
]
DETAIL_KEYS = [
    *PACKAGE_KEYS,
    "dependenciesInfo",
    "commits",
    "packageHealth",
    "successRate",
    "averageDuration",
    "lastCommit",
    "lastCommitDate",
    "branch",
    "isHealthy",
    "issues",
]


@pytest.fixture
def settings(workspace_settings: Settings) -> Settings:
    return workspace_settings


def get(client: FlaskClient, address: str, **headers: str) -> Any:
    response = client.get(address, headers=headers)
    assert response.status_code == 200, response.get_json()
    return response.get_json()


def test_list(shared: FlaskClient) -> None:
    response = shared.get("/api/packages")

    packages = response.get_json()["packages"]
    assert [package["name"] for package in packages] == ["@acme/one", "two"]
    assert list(packages[0]) == PACKAGE_KEYS
    assert packages[0]["type"] == "lib"
    assert packages[0]["repository"] == {}
    assert packages[0]["maintainers"] == []
    assert packages[1]["dependencies"] == {"@acme/one": "^1.0.0", "left-pad": "^1.3.0"}
    assert TIME.fullmatch(packages[0]["createdAt"])
    assert response.content_type == "application/json"


def test_empty_catalogue(client: FlaskClient) -> None:
    assert get(client, "/api/packages") == {"packages": []}


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("q=ONE", ["@acme/one"]),
        ("q=the first", ["@acme/one"]),
        ("q=%25", []),
        ("q=_", []),
        ("type=lib", ["@acme/one", "two"]),
        ("type=app", []),
        ("q=two&type=lib", ["two"]),
    ],
)
def test_list_filtered(shared: FlaskClient, query: str, names: list[str]) -> None:
    packages = get(shared, f"/api/packages?{query}")["packages"]
    assert [package["name"] for package in packages] == names


def test_list_in_pages(shared: FlaskClient) -> None:
    response = shared.get("/api/packages?limit=1")
    assert [package["name"] for package in response.get_json()["packages"]] == ["@acme/one"]
    address = re.fullmatch(r'<(.+)>; rel="next"', response.headers["Link"])
    assert address is not None

    rest = shared.get(address[1])

    assert [package["name"] for package in rest.get_json()["packages"]] == ["two"]
    assert "Link" not in rest.headers


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("limit=x", "limit"),
        ("cursor=%21%21", "cursor"),
        ("cursor=_w", "cursor"),
        ("type=planet", "type"),
        ("q=%00", "q"),
    ],
)
def test_list_refuses(shared: FlaskClient, query: str, field: str) -> None:
    response = shared.get(f"/api/packages?{query}")
    assert response.status_code == 400
    assert response.content_type == "application/problem+json"
    assert [error["field"] for error in response.get_json()["errors"]] == [field]


@pytest.mark.parametrize("name", ["@acme/one", "@acme%2Fone", "%40acme%2fone"])
def test_detail(catalogued: FlaskClient, tree: WorkTree, name: str) -> None:
    (detail,) = get(catalogued, f"/api/packages/{name}")["packages"]

    assert list(detail) == DETAIL_KEYS
    head = tree.git("log", "-1", "--format=%H", "--", "packages/one")
    assert detail["commits"][0] == {
        "author": "Ada Lovelace",
        "date": "2020-09-13T12:29:40.000Z",
        "hash": head,
        "message": "chore(release): 1.1.0",
        "packageName": "@acme/one",
        "type": "chore",
    }
    assert [commit["type"] for commit in detail["commits"]] == ["chore", "fix", "feat"]
    assert detail["lastCommit"] == head[:7]
    assert detail["lastCommitDate"] == "2020-09-13T12:29:40.000Z"
    assert detail["branch"] == "main"
    assert (detail["successRate"], detail["averageDuration"]) == (None, None)
    assert detail["isHealthy"] is False
    assert [issue["code"] for issue in detail["issues"]] == [
        "license_missing",
        "repository_missing",
    ]
    assert list(detail["issues"][0]) == ["code", "severity", "message", "evidence"]
    assert list(detail["packageHealth"]) == [
        "id",
        "packageName",
        "packageOverallScore",
        "packageBuildStatus",
        "packageTestCoverage",
        "packageLintStatus",
        "packageSecurity",
        "packageDependencies",
        "createdAt",
        "updatedAt",
    ]
    assert detail["packageHealth"]["packageOverallScore"] == 30
    assert detail["packageHealth"]["packageTestCoverage"] is None


def test_detail_tells_of_dependencies(shared: FlaskClient) -> None:
    (detail,) = get(shared, "/api/packages/two")["packages"]
    assert detail["dependenciesInfo"] == [
        {
            "name": "@acme/one",
            "packageName": "two",
            "version": "^1.0.0",
            "type": "dependency",
            "status": "",
            "latest": "1.1.0",
            "outdated": False,
        },
        {
            "name": "left-pad",
            "packageName": "two",
            "version": "^1.3.0",
            "type": "dependency",
            "status": "",
            "latest": "",
            "outdated": False,
        },
    ]


def test_detail_with_fewer_commits(shared: FlaskClient) -> None:
    (detail,) = get(shared, "/api/packages/@acme/one?commits=1")["packages"]
    assert len(detail["commits"]) == 1
    assert shared.get("/api/packages/two?commits=1001").status_code == 400


@pytest.mark.parametrize("name", ["nothing", "@acme/nothing", "two/", "TWO", "refresh", "'--"])
def test_unknown_package(shared: FlaskClient, name: str) -> None:
    response = shared.get(f"/api/packages/{name}")
    assert response.status_code == 404
    assert response.content_type == "application/problem+json"
    assert response.get_json()["code"] == "package_not_found"


def test_head_and_conditional_reads(catalogued: FlaskClient) -> None:
    full = catalogued.get("/api/packages/two")
    tag = full.headers["ETag"]
    assert not tag.startswith("W/")

    head = catalogued.head("/api/packages/two")
    assert (head.status_code, head.data, head.headers["ETag"]) == (200, b"", tag)
    same = catalogued.get("/api/packages/two", headers={"If-None-Match": tag})
    assert (same.status_code, same.data) == (304, b"")

    body = {"packageName": "two", "config": {"description": "now described"}}
    assert catalogued.put("/api/packages/update-config", json=body).status_code == 200
    assert catalogued.get("/api/packages/two", headers={"If-None-Match": tag}).status_code == 200


@pytest.mark.parametrize(
    ("address", "asked"),
    [
        ("/api/packages", 1),
        ("/api/packages?q=o&type=lib", 1),
        # In a transaction, where the revision is asked for first.
        ("/api/packages?limit=1", 2),
        ("/api/packages/two", 1),
        ("/api/packages/two?follow=true", 1),
        ("/api/search?q=o&status=error", 1),
    ],
)
def test_a_read_is_one_statement(
    catalogued: FlaskClient, app: Flask, address: str, asked: int
) -> None:
    with app.app_context():
        statements = Statements(db.engine, single_reads())

    first = catalogued.get(address)
    assert (first.status_code, len(statements.data())) == (200, asked)
    again = catalogued.get(address)
    assert (again.data, len(statements.data())) == (first.data, asked + 1)
    assert "revision" in statements.data()[-1]


def test_a_write_is_seen_at_once(catalogued: FlaskClient, tree: WorkTree) -> None:
    for number in range(3):
        tree.package("packages/two", name="two", version=f"9.0.{number}")
        tree.commit("a new version")
        assert get(catalogued, "/api/packages/two")["packages"][0]["version"] != f"9.0.{number}"
        catalogued.post("/api/packages/refresh")
        assert get(catalogued, "/api/packages/two")["packages"][0]["version"] == f"9.0.{number}"
        assert get(catalogued, "/api/packages")["packages"][1]["version"] == f"9.0.{number}"


def test_refresh_lists_what_it_found(client: FlaskClient) -> None:
    response = client.post("/api/packages/refresh")
    assert response.get_json() == get(client, "/api/packages")


def test_refresh_of_a_missing_workspace_changes_nothing(
    catalogued: FlaskClient, tree: WorkTree, tmp_path: Path
) -> None:
    before = get(catalogued, "/api/packages")
    tree.path.rename(tmp_path / "elsewhere")

    response = catalogued.post("/api/packages/refresh")

    assert response.status_code == 503
    assert response.get_json()["code"] == "workspace_unavailable"
    assert str(tmp_path) not in response.get_data(as_text=True)
    assert get(catalogued, "/api/packages") == before


def test_update_config(catalogued: FlaskClient, tree: WorkTree) -> None:
    body = {
        "packageName": "@acme/one",
        "packagePath": "packages/one",
        "config": json.dumps({"version": "2.0.0", "scripts": {"build": "tsc"}}),
    }

    response = catalogued.put("/api/packages/update-config", json=body)

    assert response.status_code == 200
    answer = response.get_json()
    assert list(answer) == ["success", "message", "package", "preservedFields"]
    assert (answer["success"], answer["preservedFields"]) == (True, True)
    assert answer["message"] == "Package configuration updated successfully"
    assert answer["package"]["version"] == "2.0.0"
    assert answer["package"]["scripts"] == {"build": "tsc"}
    assert answer["package"] == get(catalogued, "/api/packages?q=one")["packages"][0]
    on_disk = (tree.path / "packages/one/package.json").read_text()
    assert json.loads(on_disk) == {
        "name": "@acme/one",
        "version": "2.0.0",
        "description": "The first",
        "scripts": {"build": "tsc"},
    }
    assert on_disk.startswith('{\n  "name": "@acme/one",\n  "version": "2.0.0"')


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"config": {}}, "packageName"),
        ({"packageName": "two"}, "config"),
        ({"packageName": "two", "config": "not json"}, "config"),
        ({"packageName": "two", "config": '{"a":' * 1_000 + "1" + "}" * 1_000}, "config"),
        ({"packageName": "two", "config": [1]}, "config"),
        ({"packageName": "two", "config": {"version": "one"}}, "config.version"),
        ({"packageName": "two", "config": {"name": "three"}}, "config.name"),
        ({"packageName": "two", "config": {"bin": "x"}}, "config.bin"),
        ({"packageName": "two", "config": {"scripts": {"a": 1}}}, "config.scripts.a"),
        ({"packageName": "two", "config": {}, "packagePath": "../two"}, "packagePath"),
        ({"packageName": "two", "config": {}, "packagePath": 7}, "packagePath"),
        ({"packageName": "two", "config": {}, "surprise": 1}, "surprise"),
    ],
)
def test_update_config_refuses(
    catalogued: FlaskClient, tree: WorkTree, body: dict[str, Any], field: str
) -> None:
    manifest = tree.path / "packages/two/package.json"
    before = manifest.read_bytes()

    response = catalogued.put("/api/packages/update-config", json=body)

    assert response.status_code == 400
    assert field in [error["field"] for error in response.get_json()["errors"]]
    assert manifest.read_bytes() == before


def test_update_config_of_an_unknown_package(catalogued: FlaskClient) -> None:
    body = {"packageName": "nothing", "config": {"description": "x"}}
    assert catalogued.put("/api/packages/update-config", json=body).status_code == 404


def test_update_config_on_a_manifest_that_changed(catalogued: FlaskClient, tree: WorkTree) -> None:
    changed = tree.package("packages/two", name="two", version="7.0.0").read_bytes()
    body = {"packageName": "two", "config": {"description": "x"}}

    response = catalogued.put("/api/packages/update-config", json=body)

    assert (response.status_code, response.get_json()["code"]) == (412, "manifest_changed")
    assert (tree.path / "packages/two/package.json").read_bytes() == changed


def test_update_config_with_if_match(catalogued: FlaskClient) -> None:
    tag = catalogued.get("/api/packages/two").headers["ETag"]
    body = {"packageName": "two", "config": {"description": "x"}}

    first = catalogued.put("/api/packages/update-config", json=body, headers={"If-Match": tag})
    second = catalogued.put("/api/packages/update-config", json=body, headers={"If-Match": tag})

    assert (first.status_code, second.status_code) == (200, 412)


def test_update_config_needs_files(
    catalogued: FlaskClient,
    tree: WorkTree,
    tmp_path: Path,
    database_url: str,
    new_app: Callable[[Settings], Flask],
) -> None:
    bare = tree.clone_bare(tmp_path / "acme.git")
    app = new_app(
        Settings(
            database_url=database_url,
            instance_path=tmp_path / "instance",
            workspace=bare,
            open_writes=True,
        )
    )
    client = app.test_client()
    assert client.post("/api/packages/refresh").status_code == 200

    body = {"packageName": "two", "config": {"description": "x"}}
    response = client.put("/api/packages/update-config", json=body)

    assert (response.status_code, response.get_json()["code"]) == (409, "workspace_is_bare")


def test_update_config_follows_no_link_out_of_the_workspace(
    catalogued: FlaskClient, tree: WorkTree, tmp_path: Path
) -> None:
    manifest = tree.path / "packages/two/package.json"
    outside = tmp_path / "outside.json"
    outside.write_bytes(manifest.read_bytes())
    manifest.unlink()
    manifest.symlink_to(outside)
    before = outside.read_bytes()

    body = {"packageName": "two", "config": {"description": "x"}}
    response = catalogued.put("/api/packages/update-config", json=body)

    assert response.status_code == 412
    assert outside.read_bytes() == before


@pytest.mark.parametrize(
    ("method", "address"),
    [
        ("POST", "/api/packages/refresh"),
        ("PUT", "/api/packages/update-config"),
        ("POST", "/api/health/refresh"),
    ],
)
def test_writes_are_closed_by_default(  # noqa: PLR0917 -- fixtures and parameters
    database_url: str,
    tmp_path: Path,
    tree: WorkTree,
    new_app: Callable[[Settings], Flask],
    method: str,
    address: str,
) -> None:
    app = new_app(
        Settings(
            database_url=database_url, instance_path=tmp_path / "instance", workspace=tree.path
        )
    )
    response = app.test_client().open(address, method=method, json={})
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"].startswith("Bearer")


def test_update_config_is_undone_when_the_catalogue_cannot_follow(
    catalogued: FlaskClient, tree: WorkTree, sessions: sessionmaker[Session]
) -> None:
    manifest = tree.path / "packages/two/package.json"
    before = manifest.read_bytes()
    head = tree.path / ".git/HEAD"
    head.write_text("ref: not a reference\n")

    body = {"packageName": "two", "config": {"description": "x"}}
    response = catalogued.put("/api/packages/update-config", json=body)

    assert response.status_code == 503
    assert manifest.read_bytes() == before
    assert [file.name for file in manifest.parent.iterdir()] == ["package.json"]
    with sessions() as session:
        assert session.scalar(select(Package.description).where(Package.name == "two")) == ""


def test_update_config_keeps_the_mode_of_the_file(catalogued: FlaskClient, tree: WorkTree) -> None:
    manifest = tree.path / "packages/two/package.json"
    manifest.chmod(0o640)

    body = {"packageName": "two", "config": {"description": "x"}}
    assert catalogued.put("/api/packages/update-config", json=body).status_code == 200

    assert manifest.stat().st_mode & 0o777 == 0o640
