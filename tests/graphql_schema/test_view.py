"""GraphQL over HTTP: methods, media types, statuses, callers, and requests that hold no query."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session, sessionmaker
from werkzeug.test import TestResponse

from app import create_app
from registry.accounts.tokens import issue_token, revoke_token
from registry.database import make_engine, writing
from registry.models import Author
from registry.rules.permissions import Permission
from registry.settings import Settings
from registry.web.database import db
from tests.databases import Databases, fresh_database
from tests.graphql_schema.conftest import FLAGSHIP
from tests.graphql_schema.generated import Size, fill

JSON = "application/json"
GRAPHQL_JSON = "application/graphql-response+json"


def nested(levels: int) -> str:
    return '{"a":' * levels + "1" + "}" * levels


@dataclass
class Served:
    """The application with a catalogue, and tokens of author 1."""

    app: Flask
    client: FlaskClient
    tokens: dict[str, str]

    def post(self, query: Any, *, by: str | None = None, **more: Any) -> TestResponse:
        """Send a query, or another body."""
        headers = dict(more.pop("headers", {}))
        if by is not None:
            headers["Authorization"] = f"Bearer {self.tokens[by]}"
        body = {"query": query} if isinstance(query, str) else query
        return self.client.post("/graphql", json=body, headers=headers, **more)

    def get(self, query: str, *, by: str | None = None, **headers: str) -> TestResponse:
        """Ask by an address."""
        if by is not None:
            headers["Authorization"] = f"Bearer {self.tokens[by]}"
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.get(f"/graphql?query={quote(query)}", headers=given)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def served(
    request: pytest.FixtureRequest, databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    with fresh_database(databases, request.param) as url:
        engine = make_engine(url)
        fill(engine, Size(packages=6))
        tokens = _issue_tokens(sessionmaker(engine))
        engine.dispose()
        app = create_app(
            Settings(database_url=url, instance_path=tmp_path_factory.mktemp("instance"))
        )
        app.testing = True
        yield Served(app, app.test_client(), tokens)
        with app.app_context():
            db.engine.dispose()


def _issue_tokens(sessions: sessionmaker[Session]) -> dict[str, str]:
    with writing(sessions) as session:
        author = session.get_one(Author, 1)
        issued = {
            name: issue_token(session, author, permission, None)
            for name, permission in (
                ("view", Permission.ViewPackages),
                ("other", Permission.ReadAuthorData),
                ("revoked", Permission.ViewPackages),
            )
        }
        revoke_token(session, issued["revoked"].secret)
        return {name: each.secret for name, each in issued.items()}


def codes(response: TestResponse) -> list[str]:
    return [error["extensions"]["code"] for error in response.get_json()["errors"]]


def test_post_runs_an_operation(served: Served) -> None:
    response = served.post(FLAGSHIP)

    assert response.status_code == 200
    assert response.content_type == "application/json; charset=utf-8"
    assert list(response.get_json()) == ["data", "extensions"]
    assert response.get_json()["data"]["packages"]["totalCount"] == 6


def test_variables_and_the_operations_name_are_heard(served: Served) -> None:
    response = served.post(
        {
            "query": "query A($n: Int) { packages(first: $n) { nodes { name } } }"
            " query B { __typename }",
            "variables": {"n": 2},
            "operationName": "A",
        }
    )
    assert len(response.get_json()["data"]["packages"]["nodes"]) == 2

    address = "/graphql?query=query($n:Int){packages(first:$n){nodes{name}}}&variables={%22n%22:1}"
    assert len(served.client.get(address).get_json()["data"]["packages"]["nodes"]) == 1


@pytest.mark.parametrize(
    ("accepted", "given", "status"),
    [
        (None, JSON, 200),
        ("*/*", JSON, 200),
        (JSON, JSON, 200),
        (GRAPHQL_JSON, GRAPHQL_JSON, 400),
        (f"{GRAPHQL_JSON}, {JSON};q=0.9", GRAPHQL_JSON, 400),
        (f"{JSON}, {GRAPHQL_JSON};q=0.9", JSON, 200),
        ("text/csv", JSON, 200),
    ],
)
def test_a_refused_request_is_a_400_only_in_the_media_type_that_says_so(
    served: Served, accepted: str | None, given: str, status: int
) -> None:
    headers = {"Accept": accepted} if accepted else {}

    for query, code in (
        ("{", "graphql_syntax_error"),
        ("{ nothing }", "graphql_validation_failed"),
        ("query ($n: Int!) { packages(first: $n) { totalCount } }", "invalid_variables"),
    ):
        refused = served.post(query, headers=headers)
        assert (refused.status_code, refused.mimetype) == (status, given)
        assert codes(refused) == [code]
        assert "data" not in refused.get_json()

    # An error of a field is part of an answer.
    answered = served.post('{ node(id: "none") { id } }', headers=headers)
    assert (answered.status_code, answered.mimetype) == (200, given)
    assert codes(answered) == ["invalid_id"]
    assert answered.get_json()["data"] == {"node": None}


@pytest.mark.parametrize(
    ("body", "content_type", "status", "code"),
    [
        ("{", JSON, 400, "invalid_json"),
        ("7", JSON, 400, "not_an_object"),
        ("{}", JSON, 400, "invalid_input"),
        ('{"query": ""}', JSON, 400, "invalid_input"),
        ('{"query": 7}', JSON, 400, "invalid_input"),
        ('{"query": "{ __typename }", "variables": null}', JSON, 200, None),
        ('{"query": "{ __typename }", "variables": []}', JSON, 400, "invalid_input"),
        ('{"query": "{ __typename }", "variables": 0}', JSON, 400, "invalid_input"),
        ('{"query": "{ __typename }", "extensions": false}', JSON, 400, "invalid_input"),
        ('{"query": "{ __typename }", "operationName": ""}', JSON, 200, None),
        ('{"query": "{ __typename }", "variables": [1]}', JSON, 400, "invalid_input"),
        ('{"query": "{ __typename }", "variables": "x"}', JSON, 400, "invalid_input"),
        ('{"query": "{ __typename }", "operationName": 1}', JSON, 400, "invalid_input"),
        ('{"query": "{ __typename }", "operationName": "B"}', JSON, 200, "operation_not_found"),
        ('{"query": "{ __typename }"}', "text/plain", 415, "unsupported_media_type"),
        ('{"query": "{ __typename }"}', "", 415, "unsupported_media_type"),
        ('{"query": "\\ud800"}', JSON, 400, "invalid_json"),
        ('{"query": "a\\u0000"}', JSON, 400, "invalid_json"),
        # Python's stack ends before the reader of JSON does.
        (f'{{"query": "{{ x }}", "variables": {nested(1_000)}}}', JSON, 400, "invalid_json"),
        ('{"query": "' + "x" * 1_048_577 + '"}', JSON, 413, "body_too_large"),
    ],
    ids=lambda value: value[:40] if isinstance(value, str) else None,
)
def test_requests_that_hold_no_operation(
    served: Served, body: str, content_type: str, status: int, code: str | None
) -> None:
    response = served.client.post("/graphql", data=body, content_type=content_type)

    assert response.status_code == status
    assert response.mimetype == JSON
    if code is not None:
        assert codes(response) == [code]
        assert list(response.get_json()) == ["errors"]


def test_get_answers_if_none_match(served: Served) -> None:
    first = served.get("{ packages { totalCount } }")
    assert first.status_code == 200
    tag = first.headers["ETag"]

    again = served.get("{ packages { totalCount } }", If_None_Match=tag)
    other = served.get("{ commits { totalCount } }", If_None_Match=tag)
    by_author = served.get("{ packages { totalCount } }", by="view", If_None_Match=tag)

    assert (again.status_code, again.data) == (304, b"")
    assert other.status_code == by_author.status_code == 200
    assert "Authorization" in first.headers["Vary"]


def test_get_without_a_query_and_with_variables_that_are_none(served: Served) -> None:
    assert codes(served.client.get("/graphql")) == ["invalid_input"]
    assert served.client.get("/graphql").status_code == 400
    wrong = served.client.get("/graphql?query={__typename}&variables={")
    assert (wrong.status_code, codes(wrong)) == (400, ["invalid_input"])
    deep = served.client.get(f"/graphql?query={{__typename}}&variables={nested(1_000)}")
    assert (deep.status_code, codes(deep)) == (400, ["invalid_input"])


def test_callers(served: Served) -> None:
    query = "{ viewer { name packages { packageId } } }"

    assert served.post(query).get_json()["data"] == {"viewer": None}
    assert served.post(query, by="view").get_json()["data"]["viewer"]["name"] == "Author 1"
    refused = served.post(query, by="other")
    assert (refused.status_code, codes(refused)) == (200, ["insufficient_scope"])
    for response in (served.post(query, by="revoked"), served.get(query, by="revoked")):
        assert (response.status_code, codes(response)) == (401, ["invalid_token"])
        assert response.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'


def test_viewer_says_what_the_account_api_says(served: Served) -> None:
    headers = {"Authorization": f"Bearer {served.tokens['view']}"}
    rest = served.client.get("/account/packages", headers=headers).get_json()["packages"]
    data = served.post(
        """{ viewer { packages {
          packageId packageName description packageType
          versions { version publication {
            isPublic isStored installs status dependencies incompatibilities size installedSize
            xpSelection uploadDate hash loc commitHash
          } }
        } } }""",
        by="view",
    ).get_json()["data"]

    def flat(version: dict[str, Any]) -> dict[str, Any]:
        known = {"version": version["version"], **version["publication"]}
        # REST leaves them out, GraphQL cannot.
        absent = {name for name in ("hash", "loc") if known[name] is None}
        known["commit"] = known.pop("commitHash")
        return {name: value for name, value in known.items() if name not in absent}

    assert rest
    assert rest == [
        {**package, "versions": [flat(each) for each in package["versions"]]}
        for package in data["viewer"]["packages"]
    ]


def test_packages_say_what_rest_says(served: Served) -> None:
    rest = served.client.get("/api/packages").get_json()["packages"]
    query = """{ packages(first: 1000) { nodes {
      name version type createdAt lastUpdated manifest { dependencies scripts devDependencies
      peerDependencies } maintainers path description license repository { type url directory }
    } } }"""

    nodes = served.post(query).get_json()["data"]["packages"]["nodes"]

    for node in nodes:
        node.update(node.pop("manifest"))
        repository = {key: value for key, value in node["repository"].items() if value}
        node["repository"] = repository
    assert nodes == rest
    summary = served.post("{ healthSummary { total healthy unhealthy averageScore } }").get_json()
    assert (
        summary["data"]["healthSummary"]
        == served.client.get("/api/health/packages").get_json()["summary"]
    )
    for q, more in (("a", ""), ("SMALL", ""), ("r", ", status: error"), ("r", ", type: lib")):
        found = served.post(f'{{ search(query: "{q}"{more}) {{ nodes {{ name }} }} }}').get_json()
        address = f"/api/search?q={q}{more.replace(', ', '&').replace(': ', '=')}"
        assert [each["name"] for each in found["data"]["search"]["nodes"]] == [
            each["name"] for each in served.client.get(address).get_json()["packages"]
        ]


def test_the_schema_is_shown(served: Served) -> None:
    response = served.client.get("/graphql/schema")

    assert response.mimetype == "text/plain"
    assert "type Package implements Node {" in response.get_data(as_text=True)
    tag = response.headers["ETag"]
    assert served.client.get("/graphql/schema", headers={"If-None-Match": tag}).status_code == 304


def test_without_introspection_the_schema_is_not_shown(served: Served) -> None:
    with opened(served, graphql_introspection=False) as client:
        assert client.get("/graphql/schema").status_code == 404


def test_other_methods_are_refused(served: Served) -> None:
    assert served.client.put("/graphql").status_code == 405
    assert served.client.delete("/graphql").status_code == 405


def test_a_database_out_of_reach_is_told_in_graphqls_shape(
    served: Served, tmp_path_factory: pytest.TempPathFactory
) -> None:
    directory = tmp_path_factory.mktemp("nothing")
    app = create_app(Settings(database_url=f"sqlite:///{directory}", instance_path=directory))

    response = app.test_client().post("/graphql", json={"query": "{ packages { totalCount } }"})

    assert codes(response) == ["database_unavailable"]
    assert str(directory) not in response.get_data(as_text=True)


@contextmanager
def opened(served: Served, **settings: Any) -> Iterator[FlaskClient]:
    """Serve the same database with other settings."""
    known: Settings = served.app.extensions["registry.settings"]
    app = create_app(known.model_copy(update=settings))
    app.testing = True
    yield app.test_client()
    with app.app_context():
        db.engine.dispose()


def test_rows_are_limited_by_caller_over_all_operations(served: Served) -> None:
    def ask(client: FlaskClient, first: int, **more: Any) -> TestResponse:
        query = f"{{ packages(first: {first}) {{ nodes {{ name }} }} }}"
        return client.post("/graphql", json={"query": query}, **more)

    with opened(served, ratelimit_graphql="10 per hour") as client:
        assert ask(client, 6).status_code == 200
        assert ask(client, 4).status_code == 200
        refused = ask(client, 1)
        assert (refused.status_code, codes(refused)) == (429, ["rate_limited"])
        assert 0 < int(refused.headers["Retry-After"]) <= 3600
        assert client.post("/graphql", json={"query": "{"}).status_code == 200

        token = {"Authorization": f"Bearer {served.tokens['view']}"}
        assert ask(client, 10, headers=token).status_code == 200
        assert ask(client, 1, headers=token).status_code == 429
        elsewhere = {"REMOTE_ADDR": "192.0.2.1"}
        assert ask(client, 10, environ_overrides=elsewhere).status_code == 200
        nowhere = ask(client, 1, environ_overrides={"REMOTE_ADDR": ""})
        assert (nowhere.status_code, codes(nowhere)) == (409, ["nobody_to_count"])


def test_a_limit_out_of_reach_is_counted_by_the_process_alone(served: Served) -> None:
    query = {"query": "{ packages(first: 6) { nodes { name } } }"}
    # Nothing listens on the port of discarding.
    uri = "redis://127.0.0.1:9"

    with opened(served, ratelimit_graphql="10 per hour", ratelimit_storage_uri=uri) as client:
        assert client.post("/graphql", json=query).status_code == 200
        assert client.post("/graphql", json=query).status_code == 429


def test_what_is_no_limit_stops_the_start(served: Served) -> None:
    with (
        pytest.raises(ValueError, match="REGISTRY_RATELIMIT_GRAPHQL"),
        opened(served, ratelimit_graphql="much"),
    ):
        pass


def test_only_trusted_documents_run_where_there_is_a_list(served: Served, tmp_path: Path) -> None:
    known = "query Known { packages { totalCount } }"
    file = tmp_path / "documents.json"
    file.write_text(json.dumps({"sha256:1": known}))

    with opened(served, graphql_trusted_documents=file) as client:
        trusted: list[dict[str, Any]] = [
            {"documentId": "sha256:1"},
            {"query": known},
            {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": "sha256:1"}}},
        ]
        for body in trusted:
            response = client.post("/graphql", json=body)
            assert response.get_json()["data"] == {"packages": {"totalCount": 6}}
        unknown: list[dict[str, Any]] = [
            {"query": "{ packages { totalCount } }"},
            {"documentId": "sha256:2"},
            {"documentId": "sha256:2", "query": known},
            {"documentId": ["sha256:1"]},
            {},
        ]
        for body in unknown:
            response = client.post("/graphql", json=body)
            assert (response.status_code, codes(response)) == (400, ["document_not_trusted"])
        assert client.get("/graphql?documentId=sha256:1").status_code == 200


@pytest.mark.parametrize("text", ["[]", "{", '{"a": 1}', "null"])
def test_a_list_of_documents_that_is_none_stops_the_start(
    served: Served, tmp_path: Path, text: str
) -> None:
    file = tmp_path / "documents.json"
    file.write_text(text)

    with (
        pytest.raises(ValueError, match="documents by id"),
        opened(served, graphql_trusted_documents=file),
    ):
        pass


def test_an_answer_that_takes_too_long_is_stopped_and_the_next_one_comes(
    settings: Settings, new_app: Callable[[Settings], Flask]
) -> None:
    engine = make_engine(settings.database_address())
    fill(engine, Size(packages=60, dependencies=20))
    engine.dispose()
    hasty = settings.model_copy(update={"read_timeout_ms": 100, "graphql_max_cost": 10**9})
    # 60 packages, each with some ten dependents, four times over.
    slow = "name"
    for _ in range(4):
        slow = f"dependents(first: 20) {{ nodes {{ {slow} }} }}"
    slow = f"packages {{ nodes {{ {slow} }} }}"
    client = new_app(hasty).test_client()

    for query in (f"{{ {slow} }}", f"{{ {slow} healthSummary {{ total }} }}"):
        answer = client.post("/graphql", json={"query": query})
        assert codes(answer) == ["query_too_slow"]
        assert answer.get_json()["data"] is None
    # A machine that has much else to do may take longer for this, too; not each time.
    short = {"query": "{ commits(first: 1) { nodes { hash } } }"}
    answers = (client.post("/graphql", json=short).get_json() for _ in range(100))
    assert any("errors" not in answer for answer in answers)


def test_a_batch_is_answered_in_its_order(served: Served) -> None:
    response = served.post(
        [
            {"query": "{ packages(first: 1) { nodes { name } } }"},
            {"query": "{ nothing }"},
            {
                "query": "query ($n: Int) { packages(first: $n) { totalCount } }",
                "variables": {"n": 1},
            },
        ]
    )

    assert response.status_code == 200
    first, second, third = response.get_json()
    assert len(first["data"]["packages"]["nodes"]) == 1
    assert second["errors"][0]["extensions"]["code"] == "graphql_validation_failed"
    assert third["data"] == {"packages": {"totalCount": 6}}


@pytest.mark.parametrize(
    ("batch", "code"),
    [
        ([], "batch_size"),
        ([{"query": "{ __typename }"}] * 11, "batch_size"),
        ([{"query": "{ __typename }"}, "{ __typename }"], "not_an_object"),
        ([{"query": "{ __typename }"}, {}], "invalid_input"),
        ("{ __typename }", "not_an_object"),
    ],
)
def test_a_batch_that_is_none_is_refused_whole(served: Served, batch: Any, code: str) -> None:
    response = served.client.post("/graphql", json=batch)

    assert response.status_code == 400
    assert codes(response) == [code]


def test_a_batch_costs_what_its_operations_cost(served: Served) -> None:
    query = "{ packages(first: 4) { nodes { name } } }"

    with opened(served, ratelimit_graphql="10 per hour") as client:
        refused = client.post("/graphql", json=[{"query": query}] * 3)

    assert codes(refused) == ["rate_limited"]
