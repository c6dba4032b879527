"""What holds for every route there is (contract, section 1), whoever wrote it."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from app import create_app
from registry.rest.limits import Policy
from registry.settings import Settings
from registry.web.database import db
from tests.databases import Databases, fresh_database

METHODS = {"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"}
PROBES = {"/healthz", "/readyz"}


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def app(
    request: pytest.FixtureRequest, databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Flask]:
    """Serve an empty database, which no test here changes, without limits that many would reach."""
    unlimited: dict[str, Any] = {policy.value: "" for policy in Policy}
    with fresh_database(databases, request.param) as url:
        instance = tmp_path_factory.mktemp("instance")
        app = create_app(Settings(database_url=url, instance_path=instance, **unlimited))
        yield app
        with app.app_context():
            db.engine.dispose()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def addresses(app: Flask) -> Iterator[tuple[Rule, str]]:
    """Give every rule with an address that it matches."""
    for rule in app.url_map.iter_rules():
        built = rule.build(dict.fromkeys(rule.arguments, "example"))
        assert built is not None
        yield rule, built[1]


def documented(app: Flask) -> Iterator[tuple[Rule, str]]:
    """Give those of REST: GraphQL has a shape of its own for what it refuses."""
    return ((rule, path) for rule, path in addresses(app) if not path.startswith("/graphql"))


def check_problem(response: TestResponse) -> None:
    assert response.mimetype == "application/problem+json"
    problem = response.json
    assert isinstance(problem, dict)
    members = list(problem)
    assert members[:5] == ["type", "title", "status", "detail", "code"]
    assert members[5:] in ([], ["errors"])
    assert problem["status"] == response.status_code
    assert response.headers["X-Request-Id"]


def test_methods_that_a_route_does_not_know(app: Flask, client: FlaskClient) -> None:
    for rule, path in addresses(app):
        known = {
            method
            for other in app.url_map.iter_rules()
            if other.rule == rule.rule
            for method in other.methods or ()
        }
        for method in METHODS - known:
            response = client.open(path, method=method)
            # Another rule may know it, as `/api/packages/refresh` is a package's name to GET.
            if response.status_code != 405:
                assert app.url_map.bind("localhost").test(path, method), (method, path)
                continue
            assert set(response.headers["Allow"].split(", ")) >= known
            if method != "HEAD":
                check_problem(response)


def test_options_tell_the_methods_to_everybody(app: Flask, client: FlaskClient) -> None:
    for rule, path in addresses(app):
        response = client.options(path)
        assert response.status_code == 200, path
        assert set(response.headers["Allow"].split(", ")) >= (rule.methods or set())
        assert response.headers["X-Request-Id"]


def test_head_is_get_without_a_body(app: Flask, client: FlaskClient) -> None:
    for rule, path in documented(app):
        if "GET" not in (rule.methods or ()):
            continue
        got, head = client.get(path), client.head(path)
        assert head.data == b""
        assert head.status_code == got.status_code, path
        for name in ("Content-Type", "Content-Length", "ETag", "Cache-Control"):
            assert head.headers.get(name) == got.headers.get(name), (path, name)


def test_reads_bear_a_strong_tag_and_refusals_one_shape(app: Flask, client: FlaskClient) -> None:
    seen = 0
    for rule, path in documented(app):
        if "GET" not in (rule.methods or ()):
            continue
        response = client.get(path)
        if response.status_code != 200:
            check_problem(response)
        elif path not in PROBES:
            seen += 1
            tag = response.headers["ETag"]
            assert tag.startswith('"'), path
            again = client.get(path, headers={"If-None-Match": tag})
            assert (again.status_code, again.data) == (304, b""), path
    assert seen > 0


def test_writes_are_closed(app: Flask, client: FlaskClient) -> None:
    for rule, path in documented(app):
        for method in (rule.methods or set()) & {"POST", "PUT", "PATCH", "DELETE"}:
            for headers in ({}, {"Authorization": "reg_bad"}, {"Origin": "https://x.example.org"}):
                response = client.open(path, method=method, json={}, headers=headers)
                # A webhook is open to who knows its secret; there is none here.
                closed = 404 if path.startswith("/api/webhooks/") else 401
                assert response.status_code == closed, (method, path)
                check_problem(response)


HOSTILE = [
    "%00",
    "%0d%0aSet-Cookie:%20x=1",
    "%ff%fe",
    "%ed%a0%80",
    "%c0%ae%c0%ae/",
    "..%2f..%2f..%2fetc%2fpasswd",
    "../../etc/passwd",
    "%2e%2e/%2e%2e/etc/passwd",
    "'%20OR%201=1--",
    "%25s%25n",
    "{{7*7}}",
    "$(id)",
    "%F0%9F%92%A9",
    "a" * 8000,
    "/".join("a" * 500),
    "%",
    "%zz",
    ";x=1",
    "//evil.example.org/",
    "%5c..%5c",
]


@pytest.mark.parametrize("hostile", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_addresses_and_arguments(app: Flask, client: FlaskClient, hostile: str) -> None:
    paths = {rule.rule.partition("<")[0] for rule, _ in documented(app)}
    for path in sorted(paths):
        for url in (f"{path.rstrip('/')}/{hostile}", f"{path}?q={hostile}&limit={hostile}"):
            response = client.get(url)
            assert response.status_code < 500, url
            assert "Set-Cookie" not in response.headers
            assert "Location" not in response.headers
            if response.status_code >= 400:
                check_problem(response)
                for leak in ("sqlite", "psycopg", "Traceback", "SELECT", "/work", "site-packages"):
                    assert leak not in response.text


@pytest.mark.parametrize("host", ["", "a b", "evil.example.org:x", "[::1", "x" * 5000, "a/../b"])
def test_hostile_hosts(client: FlaskClient, host: str) -> None:
    for path in ("/", "/account/packages", "/nothing"):
        response = client.get(path, environ_overrides={"HTTP_HOST": host})
        assert response.status_code in {200, 400, 401, 404}
        if response.status_code >= 400:
            check_problem(response)


@pytest.mark.parametrize("method", ["FOO", "CONNECT", "TRACE", "X" * 5000, "A B"])
def test_hostile_methods(client: FlaskClient, method: str) -> None:
    for path in ("/", "/account/packages", "/nothing"):
        response = client.open(path, environ_overrides={"REQUEST_METHOD": method})
        assert response.status_code in {404, 405}
        check_problem(response)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        # Slashes in front are one: no server tells them apart from an empty host.
        ("//", 200),
        ("///account/packages", 401),
        ("/account//packages", 404),
        ("/account/packages//", 404),
        ("/problems//not_found", 404),
    ],
)
def test_no_address_answers_by_another(client: FlaskClient, path: str, status: int) -> None:
    # As a server hands it over: the test client makes an address of `//` something else.
    response = client.get("/", environ_overrides={"PATH_INFO": path})

    assert response.status_code == status
    assert "Location" not in response.headers


def test_no_answer_takes_the_hosts_word(app: Flask, client: FlaskClient) -> None:
    headers = {"Host": "evil.example.org", "X-Forwarded-Host": "evil.example.org"}
    for _, path in addresses(app):
        bare = path.rstrip("/")
        for address in (path, bare, f"{bare}/", "/api/commits/."):
            for accepted in ("*/*", "text/html"):
                response = client.get(address or "/", headers={**headers, "Accept": accepted})
                assert response.status_code not in range(300, 400), address
                assert "evil.example.org" not in f"{response.headers}{response.text}", address


def test_browsers_are_told_what_to_make_of_every_answer(app: Flask, client: FlaskClient) -> None:
    for rule, path in addresses(app):
        for method in (rule.methods or set()) | {"PATCH"}:
            headers = client.open(path, method=method).headers
            assert headers["X-Content-Type-Options"] == "nosniff", (method, path)
            policy = headers["Content-Security-Policy"]
            assert policy.startswith("default-src 'none'"), (method, path)
            assert "unsafe-eval" not in policy
            assert ("'unsafe-inline'" in policy) <= ("style-src 'unsafe-inline'" in policy)
