"""Kept answers given before Flask is asked: as Flask would give them."""

import logging
import re
from collections.abc import Callable

import pytest
from flask import Flask, Response
from flask.testing import FlaskClient
from sqlalchemy.orm import Session, sessionmaker
from werkzeug.test import TestResponse

from registry.database import writing
from registry.web.conditional import conditional_read
from registry.web.json import json_response
from registry.web.ready_answers import ReadyAnswers
from tests.web.conftest import MakeApp

# Asks Flask, whatever is kept: what pages of other origins are told depends on theirs.
PAST = {"Origin": "https://elsewhere.example"}


@pytest.fixture(scope="module")
def client(shared_app: Flask) -> FlaskClient:
    @shared_app.get("/ready/<name>")
    @conditional_read(kept=True)
    def show(name: str) -> Response:
        response = json_response({"name": name, "filling": "x" * 2_000})
        response.headers["Link"] = '</next>; rel="next"'
        return response

    @shared_app.get("/chosen")
    @conditional_read(kept=True, negotiates=lambda: "one")
    def show_chosen() -> Response:
        return json_response("chosen")

    return shared_app.test_client()


@pytest.fixture
def asked(shared_app: Flask, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Tell which addresses Flask was asked for."""
    addresses: list[str] = []
    ready = shared_app.wsgi_app
    assert isinstance(ready, ReadyAnswers)
    # What comes after it shows in nothing that is sent.
    ask = ready._ask

    def note(environ: dict[str, str], start_response: object) -> object:
        addresses.append(environ["PATH_INFO"])
        return ask(environ, start_response)  # type: ignore[arg-type]  # as it was given

    monkeypatch.setattr(ready, "_ask", note)
    return addresses


def told(response: TestResponse) -> tuple[int, bytes, dict[str, str]]:
    headers = {k: v for k, v in response.headers.items() if k != "X-Request-Id"}
    return response.status_code, response.data, headers


@pytest.mark.parametrize("coding", ["", "gzip", "zstd", "br, gzip;q=0.5"])
@pytest.mark.parametrize("known", ["", "other", "same", "weak", "several", "*"])
def test_as_flask_gives_it(client: FlaskClient, asked: list[str], coding: str, known: str) -> None:
    headers = {"Accept-Encoding": coding} if coding else {}
    first = client.get("/ready/one", headers=headers)
    tag = first.headers["ETag"]
    sent = {
        "": {},
        "other": {"If-None-Match": '"other"'},
        "same": {"If-None-Match": tag},
        "weak": {"If-None-Match": f"W/{tag}"},
        "several": {"If-None-Match": f'"other", {tag}'},
        "*": {"If-None-Match": "*"},
    }[known]
    asked.clear()

    ready = client.get("/ready/one", headers=headers | sent)
    assert asked == []
    flask = client.get("/ready/one", headers=headers | sent | PAST)

    assert asked == ["/ready/one"]
    assert told(ready) == told(flask)
    assert ready.status_code == (304 if known in {"same", "weak", "several", "*"} else 200)
    assert ready.headers["X-Request-Id"] != flask.headers["X-Request-Id"]


@pytest.mark.parametrize(
    "request_",
    [
        {"method": "HEAD"},
        {"headers": PAST},
        {"data": "a body", "content_type": "text/plain"},
        {"path": "/ready/another"},
        {"path": "/ready/one?of=two"},
        {"headers": {"Accept-Encoding": "gzip"}},
        {"path": "/chosen"},
        {"path": "/no/such/address"},
        {"method": "OPTIONS"},
    ],
)
def test_flask_is_asked_for_all_else(
    client: FlaskClient,
    shared_sessions: sessionmaker[Session],
    asked: list[str],
    request_: dict[str, object],
) -> None:
    with writing(shared_sessions):
        pass
    client.get("/ready/one")
    asked.clear()

    for _ in range(1 + (request_ == {"path": "/chosen"})):
        client.open(**{"path": "/ready/one", **request_})  # type: ignore[arg-type]  # as written

    assert asked


def test_after_a_change_it_is_made_anew(
    client: FlaskClient, shared_sessions: sessionmaker[Session], asked: list[str]
) -> None:
    before = client.get("/ready/one")
    with writing(shared_sessions):
        pass
    asked.clear()

    after = client.get("/ready/one", headers={"If-None-Match": before.headers["ETag"]})

    assert (after.status_code, asked) == (200, ["/ready/one"])
    assert after.headers["ETag"] != before.headers["ETag"]


def test_a_line_and_an_id_for_each(
    client: FlaskClient, asked: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    client.get("/ready/a%0ab")
    asked.clear()
    with caplog.at_level(logging.INFO, "registry.access"):
        caplog.clear()
        one = client.get("/ready/a%0ab", headers={"X-Request-Id": "mine-1"})
        two = client.get("/ready/a%0ab", headers={"X-Request-Id": "not sane"})

    assert asked == []
    assert one.headers["X-Request-Id"] == "mine-1"
    assert re.fullmatch("[0-9a-f]{32}", two.headers["X-Request-Id"])
    lines = [(vars(record)["request_id"], record.getMessage()) for record in caplog.records]
    assert [name for name, _ in lines] == ["mine-1", two.headers["X-Request-Id"]]
    assert all(re.fullmatch(r"GET /ready/a%0Ab 200 \d+\.\d ms", line) for _, line in lines)


def counted(app: Flask, path: str) -> str:
    text = app.test_client().get("/metrics").text
    pattern = rf'registry_http_requests_total{{method="GET",route="{path}",status="200"}} (\S+)'
    found = re.search(pattern, text)
    return found[1] if found else "0"


def test_each_is_counted(
    migrated_app: Callable[..., Flask],
) -> None:
    app = migrated_app(metrics="loopback")
    client = app.test_client()
    for _ in range(3):
        assert client.get("/api/packages").status_code == 200

    assert counted(app, "/api/packages") == "3.0"


@pytest.mark.parametrize(
    "limits", [{"ratelimit_default": "2 per minute"}, {"ratelimit_address": "2 per minute"}]
)
def test_no_limit_is_passed_by(migrated_app: Callable[..., Flask], limits: dict[str, str]) -> None:
    client = migrated_app(**limits).test_client()

    statuses = [client.get("/api/packages").status_code for _ in range(4)]

    assert statuses == [200, 200, 429, 429]


def test_pages_of_other_origins_are_told_what_is_theirs(
    migrated_app: Callable[..., Flask],
) -> None:
    client = migrated_app(cors_origins=["https://one.example"]).test_client()
    client.get("/api/packages")
    plain = client.get("/api/packages")
    allowed = client.get("/api/packages", headers={"Origin": "https://one.example"})

    assert "Access-Control-Allow-Origin" not in plain.headers
    assert plain.headers["Vary"] == allowed.headers["Vary"]
    assert allowed.headers["Access-Control-Allow-Origin"] == "https://one.example"


@pytest.fixture
def migrated_app(make_app: MakeApp, shared_settings: object) -> Callable[..., Flask]:
    """Make applications on the shared database, with the settings that a test names."""

    def make(**settings: object) -> Flask:
        url = shared_settings.database_address()  # type: ignore[attr-defined]  # they are Settings
        return make_app(database_url=url, **settings)

    return make
