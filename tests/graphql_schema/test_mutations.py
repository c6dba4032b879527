"""What GraphQL changes, on a real repository, by the same rules and rights as REST."""

import json
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event
from sqlalchemy.orm import Session, sessionmaker

from app import create_app
from registry.accounts.authors import create_author
from registry.accounts.tokens import issue_token
from registry.database import writing
from registry.rules.permissions import Permission
from registry.settings import Settings
from registry.web.database import db
from tests.repositories import WorkTree, small_monorepo

REFRESH = """mutation {
  refreshPackages {
    success
    errors { code message field }
    scan { head branch changed shared packages packagesChanged commitsAdded versionsAdded issues }
    packages(first: 10) { totalCount nodes { name version } }
  }
}"""
UPDATE = """mutation Update($name: String!, $config: PackageConfig!, $path: String) {
  updatePackageConfig(packageName: $name, config: $config, packagePath: $path) {
    success message preservedFields
    errors { code message field }
    package { name version description manifest { scripts } commits { totalCount } }
  }
}"""


@pytest.fixture
def tree(tmp_path: Path) -> WorkTree:
    return small_monorepo(tmp_path / "monorepo")


@pytest.fixture
def settings(database_url: str, tmp_path: Path, tree: WorkTree) -> Settings:
    return Settings(
        database_url=database_url, instance_path=tmp_path / "instance", workspace=tree.path
    )


@pytest.fixture
def token(sessions: sessionmaker[Session]) -> str:
    with writing(sessions) as session:
        author = create_author(session, "Keeper")
        issued = issue_token(session, author, Permission.ManageWorkspace, None)
    return issued.secret


def ask(client: FlaskClient, query: str, token: str | None, **more: Any) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    headers |= more.pop("headers", {})
    body = {"query": query, "variables": more}
    answer: dict[str, Any] = client.post("/graphql", json=body, headers=headers).get_json()
    return answer


def test_refresh_tells_what_it_found(client: FlaskClient, tree: WorkTree, token: str) -> None:
    payload = ask(client, REFRESH, token)["data"]["refreshPackages"]

    assert payload["success"] is True
    assert payload["errors"] == []
    assert payload["scan"]["head"] == tree.git("rev-parse", "HEAD")
    assert payload["scan"]["branch"] == "main"
    assert payload["scan"]["packages"] == payload["packages"]["totalCount"] == 2
    rest = client.get("/api/packages").get_json()["packages"]
    assert [each["name"] for each in payload["packages"]["nodes"]] == [
        each["name"] for each in rest
    ]
    again = ask(client, REFRESH, token)["data"]["refreshPackages"]
    assert (again["scan"]["changed"], again["scan"]["commitsAdded"]) == (False, 0)


def test_a_refresh_that_fails_says_why_and_changes_nothing(
    client: FlaskClient, tree: WorkTree, token: str
) -> None:
    ask(client, REFRESH, token)
    tree.path.rename(tree.path.with_name("gone"))

    payload = ask(client, REFRESH, token)["data"]["refreshPackages"]

    assert payload["success"] is False
    assert payload["scan"] is None
    assert [each["code"] for each in payload["errors"]] == ["workspace_unavailable"]
    assert payload["packages"]["totalCount"] == 2


def test_update_changes_the_file_and_the_catalogue(
    client: FlaskClient, tree: WorkTree, token: str
) -> None:
    ask(client, REFRESH, token)
    config = {"version": "1.1.0", "scripts": {"build": "tsc -b"}}

    payload = ask(client, UPDATE, token, name="@acme/one", config=config)["data"][
        "updatePackageConfig"
    ]

    assert payload["success"] is True
    assert payload["errors"] == []
    assert payload["package"]["version"] == "1.1.0"
    assert payload["package"]["manifest"]["scripts"] == {"build": "tsc -b"}
    assert payload["package"]["description"] == "The first"
    manifest = json.loads((tree.path / "packages/one/package.json").read_text())
    assert manifest == {"name": "@acme/one", "description": "The first", **config}
    shown = client.get("/api/packages/@acme/one").get_json()["packages"][0]
    assert shown["version"] == "1.1.0"


@pytest.mark.parametrize(
    ("name", "config", "path", "code", "field"),
    [
        ("@acme/one", {"version": "one"}, None, "invalid_input", "config.version"),
        ("@acme/one", {"version": None}, None, "invalid_input", "config.version"),
        ("@acme/one", {"scripts": ["x"]}, None, "invalid_input", "config.scripts"),
        ("@acme/one", {"dependencies": {"x": 1}}, None, "invalid_input", "config.dependencies.x"),
        ("@acme/one", {"version": "2.0.0"}, "packages/two", "invalid_input", "packagePath"),
        ("@acme/none", {"version": "2.0.0"}, None, "package_not_found", None),
    ],
)
def test_update_refuses_what_rest_refuses(
    *,
    client: FlaskClient,
    tree: WorkTree,
    token: str,
    name: str,
    config: dict[str, Any],
    path: str | None,
    code: str,
    field: str | None,
) -> None:
    ask(client, REFRESH, token)
    before = (tree.path / "packages/one/package.json").read_bytes()
    body = {"packageName": name, "config": config, **({"packagePath": path} if path else {})}

    payload = ask(client, UPDATE, token, name=name, config=config, path=path)["data"][
        "updatePackageConfig"
    ]
    rest = client.put(
        "/api/packages/update-config", json=body, headers={"Authorization": token}
    ).get_json()

    assert (payload["success"], payload["package"]) == (False, None)
    assert payload["message"] == rest["detail"]
    assert {each["code"] for each in payload["errors"]} == {code} == {rest["code"]}
    told = [each["field"] for each in payload["errors"]]
    assert told == [each["field"] for each in rest.get("errors", [])] or told == [None]
    if field is not None:
        assert field in told
    assert (tree.path / "packages/one/package.json").read_bytes() == before


def test_update_honours_if_match(client: FlaskClient, token: str) -> None:
    ask(client, REFRESH, token)
    config = {"version": "1.2.0"}

    payload = ask(client, UPDATE, token, name="two", config=config, headers={"If-Match": '"old"'})[
        "data"
    ]["updatePackageConfig"]

    assert [each["code"] for each in payload["errors"]] == ["precondition_failed"]


@pytest.mark.parametrize("query", [REFRESH, UPDATE], ids=["refresh", "update"])
def test_writes_are_closed_by_default(
    client: FlaskClient, sessions: sessionmaker[Session], query: str
) -> None:
    with writing(sessions) as session:
        author = create_author(session, "Reader")
        reader = issue_token(session, author, Permission.ViewPackages, None).secret
    given = {"name": "two", "config": {}} if query is UPDATE else {}

    for token, code in ((None, "unauthenticated"), (reader, "insufficient_scope")):
        answer = ask(client, query, token, **given)
        assert answer["data"] is None
        assert [each["extensions"]["code"] for each in answer["errors"]] == [code]


def test_open_writes_are_open_to_programs_but_not_to_other_sites(
    settings: Settings,
) -> None:
    app = create_app(settings.model_copy(update={"open_writes": True}))
    client = app.test_client()

    assert ask(client, REFRESH, None)["data"]["refreshPackages"]["success"] is True
    answer = ask(client, REFRESH, None, headers={"Origin": "https://elsewhere.example"})
    assert [each["extensions"]["code"] for each in answer["errors"]] == ["cross_site_write"]
    with app.app_context():
        db.engine.dispose()


def test_get_changes_nothing(client: FlaskClient, token: str) -> None:
    response = client.get(
        "/graphql",
        query_string={"query": REFRESH},
        headers={"Authorization": f"Bearer {token}"},
    )

    assert response.status_code == 405
    assert response.headers["Allow"] == "POST"
    assert response.get_json()["errors"][0]["extensions"]["code"] == "method_not_allowed"


def test_changes_run_one_after_the_other_and_each_sees_the_one_before(
    client: FlaskClient, token: str
) -> None:
    ask(client, REFRESH, token)
    answer = ask(
        client,
        """mutation {
          a: updatePackageConfig(packageName: "two", config: {version: "0.2.0"}) { ...P }
          b: updatePackageConfig(packageName: "two", config: {description: "More"}) { ...P }
          c: refreshPackages { packages(filter: {name: ["two"]}) { nodes { version description } } }
        }
        fragment P on UpdatePackageConfigPayload { package { version description } }""",
        token,
    )["data"]

    assert answer["a"]["package"] == {"version": "0.2.0", "description": ""}
    assert answer["b"]["package"] == {"version": "0.2.0", "description": "More"}
    assert answer["c"]["packages"]["nodes"] == [answer["b"]["package"]]


def test_a_payload_is_compiled_and_its_cost_known_before_anything_changes(
    app: Flask, client: FlaskClient, token: str
) -> None:
    ask(client, REFRESH, token)
    seen: list[str] = []
    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", lambda _c, _k, text, *_: seen.append(text))
    first = ask(client, REFRESH, token)
    compiled = [text for text in seen if text.startswith('SELECT \'{"totalCount"')]
    assert len(compiled) == 1
    assert first["extensions"]["cost"] == 1 + 1 + 10

    dear = "packages(first: 1000) { nodes { commits(first: 1000) { totalCount nodes { hash } } } }"
    answer = ask(client, f"mutation {{ refreshPackages {{ {dear} }} }}", token)
    assert [each["extensions"]["code"] for each in answer["errors"]] == ["cost_exceeded"]
