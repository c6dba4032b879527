"""What is wrong, over REST and GraphQL: found by a refresh, kept with few writes, listed."""

import os
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, event, select
from sqlalchemy.orm import Session

from registry.models import Issue
from registry.settings import Settings
from registry.web.database import db
from tests.repositories import WorkTree

Found = set[tuple[str, str]]


@pytest.fixture
def tree(tmp_path: Path) -> WorkTree:
    tree = WorkTree(tmp_path / "acme")
    tree.write("package.json", {"name": "root", "private": True, "workspaces": ["packages/*"]})
    whole = {"version": "1.0.0", "license": "MIT", "repository": "github:acme/acme"}
    tree.package("packages/a", name="a", dependencies={"b": "^1.0.0", "vue": "^2.0.0"}, **whole)
    tree.package("packages/b", name="b", dependencies={"a": "^1.0.0", "vue": "^3.0.0"}, **whole)
    tree.package("packages/c", name="c", version="1.0.0", dependencies={"a": "^2.0.0"})
    tree.package("packages/d", name="d", private=True, dependencies={"gone": "workspace:*"})
    tree.commit("feat: begin")
    return tree


@pytest.fixture
def settings(workspace_settings: Settings) -> Settings:
    return workspace_settings


@pytest.fixture
def catalogued(client: FlaskClient) -> FlaskClient:
    refresh(client)
    return client


def refresh(client: FlaskClient) -> None:
    assert client.post("/api/packages/refresh").status_code == 200


def issues(client: FlaskClient, query: str = "") -> list[dict[str, Any]]:
    response = client.get(f"/api/issues{query}")
    assert response.status_code == 200, response.get_json()
    found: list[dict[str, Any]] = response.get_json()["issues"]
    return found


def named(found: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(each["packageName"], each["code"]) for each in found]


ALL = [
    ("", "dependency_ranges_differ"),
    ("a", "dependency_cycle"),
    ("b", "dependency_cycle"),
    ("c", "license_missing"),
    ("c", "repository_missing"),
    ("c", "workspace_range_unmet"),
    ("d", "version_missing"),
    ("d", "workspace_dependency_missing"),
]


def test_all_issues(catalogued: FlaskClient) -> None:
    found = issues(catalogued)

    assert sorted(named(found)) == ALL
    assert [each["packageName"] for each in found] == sorted(each for each, _ in ALL)
    (cycle,) = [each for each in found if each["packageName"] == "a"]
    assert list(cycle) == ["code", "severity", "message", "evidence", "packageName", "path"]
    assert cycle["evidence"] == {"cycle": ["a", "b"]}
    assert cycle["path"] == "packages/a"


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("?severity=error", {("d", "workspace_dependency_missing")}),
        (
            "?severity=error,warning&package=c",
            {("c", "license_missing"), ("c", "workspace_range_unmet")},
        ),
        ("?code=dependency_cycle,version_missing", {*ALL[1:3], ("d", "version_missing")}),
        ("?code=not_json", set()),
    ],
)
def test_some_issues(catalogued: FlaskClient, query: str, found: Found) -> None:
    assert set(named(issues(catalogued, query))) == found


@pytest.mark.parametrize(
    "query",
    ["?severity=bad", "?code=bad", "?limit=0", "?cursor=!", "?cursor=eA", "?severity=a&severity=b"],
)
def test_what_is_refused(catalogued: FlaskClient, query: str) -> None:
    response = catalogued.get(f"/api/issues{query}")

    assert (response.status_code, response.get_json()["code"]) == (400, "invalid_input")


def test_issues_of_a_package_that_is_not_there(catalogued: FlaskClient) -> None:
    response = catalogued.get("/api/issues?package=none")

    assert (response.status_code, response.get_json()["code"]) == (404, "package_not_found")


def test_page_by_page(catalogued: FlaskClient) -> None:
    address, pages = "/api/issues?limit=3", []
    while address:
        response = catalogued.get(address)
        pages.append(response.get_json()["issues"])
        address = response.headers.get("Link", "").partition(">")[0].removeprefix("<")

    assert [len(page) for page in pages] == [3, 3, 2]
    assert [each for page in pages for each in page] == issues(catalogued)


def test_the_detail_tells_its_issues(catalogued: FlaskClient) -> None:
    (detail,) = catalogued.get("/api/packages/d").get_json()["packages"]

    told = {each["code"]: each for each in detail["issues"]}
    assert set(told) == {"version_missing", "workspace_dependency_missing"}
    missing = told["workspace_dependency_missing"]
    assert list(missing) == ["code", "severity", "message", "evidence"]
    assert missing["evidence"] == {
        "dependency": "gone",
        "type": "dependency",
        "range": "workspace:*",
    }
    assert told["version_missing"]["evidence"] == {}


def test_graphql_tells_the_same(catalogued: FlaskClient) -> None:
    query = """{
      issues { totalCount nodes { code severity message evidence path package { name } } }
      some: issues(filter: {severity: [warning], package: ["c"]}) { nodes { code } }
    }"""
    data = catalogued.post("/graphql", json={"query": query}).get_json()["data"]

    assert data["issues"]["totalCount"] == len(ALL)
    told = [
        {key: value for key, value in each.items() if key != "package"}
        | {"packageName": (each["package"] or {"name": ""})["name"]}
        for each in data["issues"]["nodes"]
    ]
    expected = issues(catalogued)
    assert sorted(told, key=_key) == sorted(expected, key=_key)
    assert {each["code"] for each in data["some"]["nodes"]} == {
        "license_missing",
        "workspace_range_unmet",
    }


def _key(issue: dict[str, Any]) -> tuple[str, str]:
    return issue["packageName"], issue["code"]


def test_only_what_changed_is_written(
    catalogued: FlaskClient, tree: WorkTree, engine: Engine
) -> None:
    def ids() -> dict[int, str]:
        with Session(engine) as session:
            return {row.id: row.code for row in session.execute(select(Issue.id, Issue.code))}

    before = ids()
    tree.package(
        "packages/d", name="d", version="1.0.0", private=True, dependencies={"gone": "workspace:*"}
    )
    refresh(catalogued)

    after = ids()
    assert sorted(before[id_] for id_ in before.keys() - after.keys()) == ["version_missing"]
    assert after.keys() <= before.keys()


def test_an_unchanged_refresh_looks_at_no_dependency(
    catalogued: FlaskClient, tree: WorkTree, app: Flask
) -> None:
    # So old that it cannot be written again unseen.
    for manifest in tree.path.glob("packages/*/package.json"):
        os.utime(manifest, (1_600_000_000, 1_600_000_000))
    refresh(catalogued)
    statements: list[str] = []
    with app.app_context():
        event.listen(
            db.engine, "before_cursor_execute", lambda *arguments: statements.append(arguments[2])
        )
        refresh(catalogued)

    assert not [each for each in statements if "dependency" in each or "INSERT INTO issue" in each]


def test_what_is_mended_is_gone(catalogued: FlaskClient, tree: WorkTree) -> None:
    tree.package("packages/c", name="c", version="1.0.0", private=True)
    tree.package("packages/d", name="d", version="1.0.0", private=True)
    tree.package("packages/b", name="b", version="1.0.0", private=True)
    refresh(catalogued)

    assert issues(catalogued) == []
