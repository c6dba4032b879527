"""Operations run before Flask is asked: as Flask would have them answered, and no others."""

import logging
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.exc import OperationalError
from werkzeug.test import TestResponse

from app import create_app
from graphql_schema.ready_operations import ReadyOperations
from registry.database import make_engine
from registry.settings import Settings
from registry.web.database import db, single_reads
from registry.web.ready_answers import ReadyAnswers
from tests.databases import Databases, fresh_database
from tests.graphql_schema.conftest import FLAGSHIP
from tests.graphql_schema.generated import Size, fill

# Has Flask asked, whatever is ready: what pages of other origins are told depends on theirs.
PAST = {"Origin": "https://elsewhere.example"}
BY_NAME = "query ($name: String!) { package(name: $name) { name version } }"
PAGED = """query ($first: Int, $after: String) {
  packages(first: $first, after: $after) { nodes { name } }
}"""
ACCEPTS = ["", "*/*", "application/json", "application/graphql-response+json"]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def settings(
    request: pytest.FixtureRequest, databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Settings]:
    """Give the settings of a generated catalogue that only is read."""
    with fresh_database(databases, request.param) as url:
        engine = make_engine(url)
        fill(engine, Size(packages=30))
        engine.dispose()
        yield Settings(database_url=url, instance_path=tmp_path_factory.mktemp("instance"))


MakeApp = Callable[..., Flask]


@pytest.fixture(scope="module")
def make_app(settings: Settings) -> Iterator[MakeApp]:
    """Make applications on the catalogue, with the settings that a test names."""
    made: list[Flask] = []

    def make(**changes: Any) -> Flask:
        app = create_app(settings.model_copy(update=changes))
        made.append(app)
        return app

    yield make
    for app in made:
        with app.app_context():
            db.engine.dispose()


@pytest.fixture(scope="module")
def app(request: pytest.FixtureRequest, make_app: MakeApp, settings: Settings) -> Flask:
    """Make an application that keeps its answers, or does not."""
    keeps = getattr(request, "param", False)
    return make_app(graphql_cache_bytes=settings.graphql_cache_bytes if keeps else 0)


either_way = pytest.mark.parametrize("app", [True, False], ids=["kept", "made anew"], indirect=True)


def ready_of(app: Flask) -> ReadyOperations:
    outer = app.wsgi_app
    assert isinstance(outer, ReadyAnswers)
    # What comes after one shows in nothing that is sent.
    inner = outer._ask
    assert isinstance(inner, ReadyOperations)
    return inner


@pytest.fixture
def asked(app: Flask, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Tell how often Flask was asked."""
    return note_asked(app, monkeypatch)


def note_asked(app: Flask, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    ready = ready_of(app)
    ask = ready._ask
    addresses: list[str] = []

    def note(environ: dict[str, Any], start_response: Any) -> Any:
        addresses.append(environ["PATH_INFO"])
        return ask(environ, start_response)

    monkeypatch.setattr(ready, "_ask", note)
    return addresses


def ask(client: FlaskClient, body: object, **headers: str) -> TestResponse:
    sent = {name.replace("_", "-"): value for name, value in headers.items() if value}
    text = body if isinstance(body, bytes) else orjson.dumps(body)
    return client.post("/graphql", data=text, content_type="application/json", headers=sent)


def told(response: TestResponse) -> tuple[int, bytes, dict[str, str]]:
    headers = {k: v for k, v in response.headers.items() if k != "X-Request-Id"}
    return response.status_code, response.data, headers


@pytest.fixture(scope="module")
def names(app: Flask) -> list[str]:
    answer = ask(app.test_client(), {"query": "{ packages { nodes { name } } }"}).get_json()
    return [node["name"] for node in answer["data"]["packages"]["nodes"]]


@either_way
@pytest.mark.parametrize("coding", ["", "gzip", "zstd", "br, gzip;q=0.5"])
@pytest.mark.parametrize("accept", ACCEPTS)
def test_as_flask_answers_it(app: Flask, asked: list[str], accept: str, coding: str) -> None:
    client = app.test_client()
    headers = {"Accept": accept, "Accept_Encoding": coding}
    ask(client, {"query": FLAGSHIP}, **headers)
    asked.clear()

    ready = ask(client, {"query": FLAGSHIP}, **headers)
    assert asked == []
    flask = ask(client, {"query": FLAGSHIP}, **headers, **PAST)

    assert asked == ["/graphql"]
    assert told(ready) == told(flask)
    assert ready.headers["X-Request-Id"] != flask.headers["X-Request-Id"]
    assert ready.headers.get("Content-Encoding", "") == coding.removeprefix("br, ").split(";")[0]


def test_a_compressed_answer_comes_first(make_app: MakeApp) -> None:
    client = make_app().test_client()
    ask(client, {"query": FLAGSHIP}, Accept_Encoding="gzip")

    ready = ask(client, {"query": FLAGSHIP})

    assert told(ready) == told(ask(client, {"query": FLAGSHIP}, **PAST))


@either_way
def test_each_with_its_own_values(app: Flask, asked: list[str], names: list[str]) -> None:
    client = app.test_client()
    ask(client, {"query": BY_NAME, "variables": {"name": names[0]}})
    asked.clear()

    for name in [*names, "no such package", "quoted ' and \\ and \" and ü"]:
        body = {"query": BY_NAME, "variables": {"name": name}}
        found = ask(client, body).get_json()["data"]["package"]
        assert (found and found["name"]) == (name if name in names else None)

    assert asked == []


def test_each_shape_of_variables_is_planned(app: Flask, asked: list[str]) -> None:
    client = app.test_client()
    for first in (1, 2, 3):
        answer = ask(client, {"query": PAGED, "variables": {"first": first}}).get_json()
        assert len(answer["data"]["packages"]["nodes"]) == first
    assert len(asked) == 3


# Two operations; neither is run unless it is named.
TWO = "query A { stats { packages } } query B { packages(first: 1) { nodes { name } } }"


@pytest.mark.parametrize(
    "body",
    [
        {"query": "{ __typename }"},
        {"query": "{ __schema { queryType { name } } }"},
        {"query": "mutation { refreshPackages { errors { message } } }"},
        {"query": BY_NAME},
        {"query": BY_NAME, "variables": {"name": 1}},
        {"query": BY_NAME, "variables": []},
        {"query": BY_NAME, "variables": {"name": "\0"}},
        {"query": PAGED, "variables": {"first": -1}},
        {"query": PAGED, "variables": {"first": 100_000}},
        {"query": PAGED, "variables": {"after": "no cursor"}},
        {"query": TWO},
        {"query": TWO, "operationName": "C"},
        {"query": TWO, "operationName": 1},
        {"query": "{ nothing }"},
        {"query": "{"},
        {"query": ""},
        {"query": None},
        {"query": BY_NAME, "variables": {"name": "a"}, "extensions": {}},
        {"query": BY_NAME, "variables": {"name": "a"}, "id": "b"},
        [{"query": BY_NAME, "variables": {"name": "a"}}],
        {},
        "text",
        b"{",
        b"",
    ],
    ids=repr,
)
def test_flask_is_asked_for_all_else(app: Flask, asked: list[str], body: object) -> None:
    client = app.test_client()
    ask(client, {"query": BY_NAME, "variables": {"name": "a"}})
    first = ask(client, body)
    asked.clear()

    again = ask(client, body)

    assert asked == ["/graphql"]
    assert told(again) == told(first) == told(ask(client, body, **PAST))


@pytest.mark.parametrize(
    "request_",
    [
        {"headers": PAST},
        {"headers": {"Authorization": "Bearer reg_nobody"}},
        {"headers": {"Content-Encoding": "gzip"}},
        {"content_type": "application/json; charset=latin-1"},
        {"content_type": "text/plain"},
        {"content_type": None},
        {"query_string": {"a": "b"}},
        {"base_url": "http://localhost/mounted"},
        {"headers": {"Accept": "application/another"}},
        {"data": b" " * 2_000_000},
    ],
    ids=repr,
)
def test_flask_is_asked_for_what_is_sent_otherwise(
    app: Flask, asked: list[str], request_: dict[str, Any]
) -> None:
    client = app.test_client()
    body = {"query": BY_NAME, "variables": {"name": "a"}}
    ask(client, body)
    ask(client, body)
    assert len(asked) <= 1
    asked.clear()

    plain = {"data": orjson.dumps(body), "content_type": "application/json", "method": "POST"}
    client.open("/graphql", **{**plain, **request_})

    assert asked == ["/graphql"]


@either_way
def test_what_failed_is_told_and_not_run_again(
    app: Flask, asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    client = app.test_client()
    body = {"query": "query Failing { packages(first: 7) { nodes { name path } } }"}
    monkeypatch.setattr(single_reads(app), "first", fail := Failing(single_reads(app).first))
    ask(client, body)
    asked.clear()
    fail.times = 0

    answer = ask(client, body)

    assert (asked, fail.times) == (["/graphql"], 1)
    (error,) = answer.get_json()["errors"]
    assert error["path"] == ["packages"]
    assert error["extensions"]["code"] == "database_unavailable"
    assert answer.status_code == 503


class Failing:
    """Stands for a database that gives up on one statement; all others it runs."""

    def __init__(self, run: Callable[..., Any]) -> None:
        self._run = run
        self.times = 0

    def __call__(self, statement: str, values: Any = ()) -> Any:
        if "path" in statement:
            self.times += 1
            raise OperationalError("", {}, ConnectionError(), connection_invalidated=True)
        return self._run(statement, values)


def test_a_line_and_an_id_for_each(
    app: Flask, asked: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    client = app.test_client()
    body = {"query": BY_NAME, "variables": {"name": "a"}}
    ask(client, body)
    asked.clear()
    with caplog.at_level(logging.INFO, "registry.access"):
        caplog.clear()
        one = ask(client, body, X_Request_Id="mine-1")
        two = ask(client, body, X_Request_Id="not sane")

    assert asked == []
    assert one.headers["X-Request-Id"] == "mine-1"
    assert re.fullmatch("[0-9a-f]{32}", two.headers["X-Request-Id"])
    lines = [(vars(record)["request_id"], record.getMessage()) for record in caplog.records]
    assert [name for name, _ in lines] == ["mine-1", two.headers["X-Request-Id"]]
    assert all(re.fullmatch(r"POST /graphql 200 \d+\.\d ms", line) for _, line in lines)


def test_each_is_counted(make_app: MakeApp) -> None:
    client = make_app(metrics="loopback").test_client()
    for _ in range(3):
        assert ask(client, {"query": FLAGSHIP}).status_code == 200

    text = client.get("/metrics").text
    assert 'registry_http_requests_total{method="POST",route="/graphql",status="200"} 3.0' in text


@pytest.mark.parametrize(
    "limits",
    [
        {"ratelimit_default": "2 per minute"},
        {"ratelimit_address": "2 per minute"},
        {"ratelimit_graphql": "4 per minute"},
    ],
    ids=repr,
)
def test_no_limit_is_passed_by(make_app: MakeApp, limits: dict[str, str]) -> None:
    client = make_app(**limits).test_client()
    body = {"query": "{ packages(first: 1) { nodes { name } } }"}

    statuses = [ask(client, body).status_code for _ in range(6)]

    assert statuses == sorted(statuses)
    assert set(statuses) == {200, 429}


def test_documents_that_are_not_trusted_stay_refused(make_app: MakeApp, tmp_path: Path) -> None:
    trusted = tmp_path / "trusted.json"
    trusted.write_text('{"one": "{ packages(first: 1) { nodes { name } } }"}')
    client = make_app(graphql_trusted_documents=trusted).test_client()
    refused = ask(client, {"query": FLAGSHIP})

    assert told(ask(client, {"query": FLAGSHIP})) == told(refused)
    assert "errors" in refused.get_json()
