"""A body is a JSON object, or refused with what is wrong with it."""

import io
from typing import Any

import pytest
from flask import Flask, Response
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from registry.web.body import json_object_body
from registry.web.json import DEEPEST, json_response
from tests.web.conftest import MakeApp

LIMIT = 1_000


@pytest.fixture
def client(make_app: MakeApp) -> FlaskClient:
    app: Flask = make_app(max_body_bytes=LIMIT)

    @app.put("/echo")
    def echo() -> Response:
        return json_response(json_object_body())

    return app.test_client()


def put(
    client: FlaskClient, body: bytes, kind: str | None = "application/json", **more: Any
) -> TestResponse:
    return client.put("/echo", data=body, content_type=kind, **more)


@pytest.mark.parametrize(
    "kind",
    [
        "application/json",
        "application/json; charset=utf-8",
        "APPLICATION/JSON;charset=UTF-8",
        "application/merge-patch+json",
        None,
    ],
)
def test_an_object_is_read(client: FlaskClient, kind: str | None) -> None:
    response = put(client, '{"b": {"x": [1, "é"]}, "a": null}'.encode(), kind)

    assert response.status_code == 200
    assert response.data == '{"b":{"x":[1,"é"]},"a":null}'.encode()


def test_of_a_name_given_twice_the_last_counts(client: FlaskClient) -> None:
    assert put(client, b'{"a": 1, "a": 2}').json == {"a": 2}


@pytest.mark.parametrize(
    "kind",
    [
        "application/x-www-form-urlencoded",
        "text/plain",
        "text/json",
        "multipart/form-data; boundary=x",
        "application/jsonp",
        "image/svg+xml",
        "application/json; charset=utf-16",
        "application/json; charset=latin-1",
    ],
)
def test_what_is_declared_as_something_else(client: FlaskClient, kind: str) -> None:
    response = put(client, b"{}", kind)

    assert response.status_code == 415
    assert response.json is not None
    assert response.json["code"] == "unsupported_media_type"


def test_a_compressed_body(client: FlaskClient) -> None:
    response = put(client, b"{}", headers={"Content-Encoding": "gzip"})

    assert response.status_code == 415


NESTED = b'{"a":' * 2000 + b"1" + b"}" * 2000


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "invalid_json"),
        (b" ", "invalid_json"),
        (b"{", "invalid_json"),
        (b"{'a': 1}", "invalid_json"),
        (b'{"a": 1,}', "invalid_json"),
        (b'{"a": NaN}', "invalid_json"),
        (b'{"a": Infinity}', "invalid_json"),
        (b'{"a": 1} {}', "invalid_json"),
        (b'\xef\xbb\xbf{"a": 1}', "invalid_json"),
        (b'{"a": "\xff"}', "invalid_json"),
        (b'{"a": "\xed\xa0\x80"}', "invalid_json"),
        (b'{"a": "\\ud800"}', "invalid_json"),
        ('{"a": 1}'.encode("utf-16"), "invalid_json"),
        (b'{"a": "\x00"}', "invalid_json"),
        (b'{"a": "x\\u0000y"}', "invalid_json"),
        (b'{"a": [{"b\\u0000": 1}]}', "invalid_json"),
        (b"[]", "not_an_object"),
        (b"null", "not_an_object"),
        (b'"text"', "not_an_object"),
        (b"1", "not_an_object"),
        (b"a=1", "invalid_json"),
    ],
)
def test_what_is_no_json_object(client: FlaskClient, body: bytes, code: str) -> None:
    response = put(client, body)

    assert response.status_code == 400
    assert response.mimetype == "application/problem+json"
    assert response.json is not None
    assert response.json["code"] == code


def test_a_backslash_before_u0000_is_no_nul(client: FlaskClient) -> None:
    assert put(client, b'{"a": "\\\\u0000"}').json == {"a": "\\u0000"}


@pytest.mark.parametrize("opening", [b"[", b'{"a":'])
def test_how_deep_a_body_may_be(client: FlaskClient, opening: bytes) -> None:
    closing = b"]" if opening == b"[" else b"}"

    def nested(levels: int) -> bytes:
        return b'{"a":' + opening * (levels - 1) + b"1" + closing * (levels - 1) + b"}"

    assert put(client, nested(DEEPEST)).status_code == 200
    refused = put(client, nested(DEEPEST + 1))
    assert refused.status_code == 400
    assert refused.json is not None
    assert refused.json["code"] == "invalid_json"
    assert "100 levels" in refused.json["detail"]
    # As many beside one another are no harm.
    assert put(client, b'{"a":[' + b",".join([b"[{}]"] * 100) + b"]}").status_code == 200


def test_a_deep_body(make_app: MakeApp) -> None:
    app = make_app()

    @app.put("/echo")
    def echo() -> Response:
        return json_response(json_object_body())

    response = app.test_client().put("/echo", data=NESTED, content_type="application/json")

    assert response.status_code == 400
    assert response.json is not None
    assert response.json["code"] == "invalid_json"


@pytest.mark.parametrize(("length", "status"), [(LIMIT, 200), (LIMIT + 1, 413)])
@pytest.mark.parametrize("told", [True, False])
def test_the_limit(client: FlaskClient, length: int, status: int, told: bool) -> None:
    # Cut off at the limit it would be an object still.
    body = b'{"a": 1}' + b" " * (length - 8)
    assert len(body) == length
    if told:
        response = put(client, body)
    else:
        # As a server hands over a chunked body: no length, a stream that ends.
        response = client.put(
            "/echo",
            input_stream=io.BytesIO(body),
            content_type="application/json",
            environ_overrides={"wsgi.input_terminated": True, "CONTENT_LENGTH": ""},
        )

    assert response.status_code == status
    if status == 413:
        assert response.mimetype == "application/problem+json"
        assert response.json is not None
        assert response.json["code"] == "body_too_large"
        assert "1,000 bytes" in response.json["detail"]
