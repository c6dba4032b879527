"""Every error has one shape, and tells nothing of the machine."""

import logging
import sqlite3
from typing import Any

import psycopg
import pytest
from flask import Flask, abort
from flask.testing import FlaskClient
from sqlalchemy.exc import DataError, IntegrityError, OperationalError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import ImATeapot
from werkzeug.test import TestResponse

from registry.errors import (
    Conflict,
    FieldError,
    Forbidden,
    InvalidInput,
    NotFound,
    PreconditionFailed,
    RegistryError,
    Unauthenticated,
    Unavailable,
    WorkspaceUnavailable,
)
from registry.web.errors import CrossSiteWrite
from registry.web.problems import problem_types
from tests.web.conftest import MakeApp


def client_of(app: Flask, error: Exception | int) -> FlaskClient:
    """Make a client of an app whose route `/fails` raises an error."""

    @app.get("/fails")
    def fail() -> str:
        if isinstance(error, int):
            abort(error)
        raise error

    return app.test_client()


def problem(response: TestResponse) -> dict[str, Any]:
    """Give the problem document, after a look at what all of them have."""
    assert response.mimetype == "application/problem+json"
    document = response.json
    assert isinstance(document, dict)
    assert list(document)[:5] == ["type", "title", "status", "detail", "code"]
    assert document["status"] == response.status_code
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["X-Request-Id"]
    return document


@pytest.mark.parametrize(
    ("error", "status", "kind", "code"),
    [
        (NotFound("None."), 404, "not_found", "not_found"),
        (NotFound("None.", code="package_not_found"), 404, "not_found", "package_not_found"),
        (Conflict("No."), 409, "conflict", "conflict"),
        (PreconditionFailed("No."), 412, "precondition_failed", "precondition_failed"),
        (Unauthenticated("Who?"), 401, "unauthenticated", "unauthenticated"),
        (Forbidden("No.", scope="Admin"), 403, "insufficient_scope", "insufficient_scope"),
        (Unavailable("Later."), 503, "unavailable", "unavailable"),
        (WorkspaceUnavailable("Gone."), 503, "workspace_unavailable", "workspace_unavailable"),
        (RegistryError("Oh."), 500, "internal_error", "internal_error"),
    ],
)
def test_errors_of_ours(
    make_app: MakeApp, error: RegistryError, status: int, kind: str, code: str
) -> None:
    response = client_of(make_app(), error).get("/fails")

    assert response.status_code == status
    document = problem(response)
    assert document["type"] == f"/problems/{kind}"
    assert document["title"] == type(error).title
    assert document["detail"] == error.detail
    assert document["code"] == code
    assert "errors" not in document


@pytest.mark.parametrize(
    ("error", "name", "value"),
    [
        (Unauthenticated("Who?"), "WWW-Authenticate", "Bearer"),
        (
            Unauthenticated("Who?", code="invalid_token"),
            "WWW-Authenticate",
            'Bearer error="invalid_token"',
        ),
        (
            Forbidden("No.", scope="ViewPackages"),
            "WWW-Authenticate",
            'Bearer error="insufficient_scope", scope="ViewPackages"',
        ),
        (CrossSiteWrite("No."), "WWW-Authenticate", None),
        (Unavailable("Later."), "Retry-After", "5"),
        (WorkspaceUnavailable("Gone."), "Retry-After", "5"),
        (NotFound("None."), "Retry-After", None),
    ],
)
def test_headers_that_go_with_an_error(
    make_app: MakeApp, error: RegistryError, name: str, value: str | None
) -> None:
    assert client_of(make_app(), error).get("/fails").headers.get(name) == value


def test_invalid_input_names_each_field(make_app: MakeApp) -> None:
    error = InvalidInput("Two are wrong.", errors=[FieldError("a", "no"), FieldError("b", "nor")])

    document = problem(client_of(make_app(), error).get("/fails"))

    assert document["status"] == 400
    assert document["errors"] == [
        {"field": "a", "message": "no"},
        {"field": "b", "message": "nor"},
    ]


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, "bad_request"),
        (404, "not_found"),
        (405, "method_not_allowed"),
        (413, "body_too_large"),
        (415, "unsupported_media_type"),
        (429, "rate_limited"),
        (500, "internal_error"),
        (503, "unavailable"),
    ],
)
def test_errors_by_status_alone(make_app: MakeApp, status: int, code: str) -> None:
    response = client_of(make_app(), status).get("/fails")

    assert response.status_code == status
    document = problem(response)
    assert document["code"] == code
    assert document["type"].startswith("/problems/")
    assert "<" not in response.text


def test_a_status_that_means_no_more_than_itself(make_app: MakeApp) -> None:
    document = problem(client_of(make_app(), ImATeapot()).get("/fails"))

    assert (document["type"], document["title"]) == ("about:blank", "I'm a teapot")
    assert document["code"] == "i_m_a_teapot"


def test_an_unknown_address(make_app: MakeApp) -> None:
    document = problem(make_app().test_client().get("/no/such?x=1"))

    assert (document["status"], document["code"]) == (404, "not_found")
    assert "no/such" not in document["detail"]


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND"])
def test_a_method_that_an_address_does_not_know(make_app: MakeApp, method: str) -> None:
    response = make_app().test_client().open("/", method=method)

    assert response.status_code == 405
    assert problem(response)["code"] == "method_not_allowed"
    assert set(response.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}


def test_head_of_an_error_has_no_body(make_app: MakeApp) -> None:
    response = make_app().test_client().head("/no/such")

    assert response.status_code == 404
    assert response.mimetype == "application/problem+json"
    assert response.data == b""


def test_a_bug_tells_nothing_and_is_logged(
    make_app: MakeApp, caplog: pytest.LogCaptureFixture
) -> None:
    error = RuntimeError("SELECT * FROM token at /srv/secret")

    with caplog.at_level(logging.ERROR):
        response = client_of(make_app(), error).get("/fails")

    assert response.status_code == 500
    assert problem(response)["code"] == "internal_error"
    assert "token" not in response.text
    assert "/srv" not in response.text
    (record,) = caplog.records
    assert record.exc_info is not None
    assert record.exc_info[1] is error


def sqlite_error(code: int) -> sqlite3.OperationalError:
    error = sqlite3.OperationalError("near secret: /srv/registry.db")
    error.sqlite_errorcode = code
    return error


OUT_OF_REACH = [
    OperationalError("SELECT 1", {}, sqlite_error(sqlite3.SQLITE_BUSY)),
    OperationalError("SELECT 1", {}, sqlite_error(sqlite3.SQLITE_BUSY_SNAPSHOT)),
    OperationalError("SELECT 1", {}, sqlite_error(sqlite3.SQLITE_CANTOPEN)),
    OperationalError("SELECT 1", {}, psycopg.OperationalError("connection to secret failed")),
    OperationalError("SELECT 1", {}, psycopg.errors.AdminShutdown("secret")),
    ProgrammingError("SELECT 1", {}, psycopg.ProgrammingError("x"), connection_invalidated=True),
    PoolTimeout("secret pool"),
]


@pytest.mark.parametrize("error", OUT_OF_REACH, ids=repr)
def test_a_database_out_of_reach(
    make_app: MakeApp, error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    response = client_of(make_app(), error).get("/fails")

    assert response.status_code == 503
    assert problem(response)["code"] == "database_unavailable"
    assert response.headers["Retry-After"] == "5"
    for secret in ("secret", "SELECT", "/srv"):
        assert secret not in response.text
    assert "out of reach" in caplog.text


@pytest.mark.parametrize(
    "error",
    [
        OperationalError("SELECT secret", {}, sqlite_error(sqlite3.SQLITE_ERROR)),
        OperationalError("SELECT secret", {}, sqlite3.OperationalError("secret")),
        ProgrammingError("SELECT secret", {}, psycopg.errors.UndefinedTable("secret")),
        DataError("SELECT secret", {}, psycopg.DataError("secret")),
        IntegrityError("SELECT secret", {}, sqlite3.IntegrityError("secret")),
    ],
    ids=repr,
)
def test_a_wrong_statement_is_a_bug(
    make_app: MakeApp, error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    response = client_of(make_app(), error).get("/fails")

    assert response.status_code == 500
    assert problem(response)["code"] == "internal_error"
    assert "SELECT" not in response.text
    assert any(record.exc_info for record in caplog.records)


def test_each_kind_of_problem_has_a_code_a_title_and_a_meaning_of_its_own() -> None:
    kinds = problem_types()

    assert {"not_found", "rate_limited", "database_unavailable", "internal_error"} <= set(kinds)
    every = [RegistryError, *descendants(RegistryError)]
    assert len(kinds) == len([kind for kind in every if "code" in vars(kind)])
    assert all((kind.__doc__ or "").strip() for kind in every)


def descendants(kind: type[RegistryError]) -> list[type[RegistryError]]:
    return [each for child in kind.__subclasses__() for each in (child, *descendants(child))]
