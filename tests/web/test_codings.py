"""Answers compressed as the caller takes them."""

import gzip

import pytest
import zstandard
from flask import Flask, Response
from flask.testing import FlaskClient

from registry.web.codings import SMALLEST_ENCODED, Coding, choose_coding
from registry.web.conditional import conditional_read
from registry.web.json import json_response

LARGE = "x" * SMALLEST_ENCODED


@pytest.fixture(scope="module")
def client(shared_app: Flask) -> FlaskClient:
    @shared_app.get("/large")
    @conditional_read(kept=True)
    def show_large() -> Response:
        return json_response({"text": LARGE})

    @shared_app.get("/small")
    @conditional_read(kept=True)
    def show_small() -> Response:
        return json_response({"text": "x"})

    return shared_app.test_client()


@pytest.mark.parametrize(
    ("header", "coding"),
    [
        ("", Coding.IDENTITY),
        ("identity", Coding.IDENTITY),
        ("gzip", Coding.GZIP),
        ("GZIP", Coding.GZIP),
        ("x-gzip", Coding.GZIP),
        ("gzip, deflate, br, zstd", Coding.ZSTD),
        ("zstd;q=0.5, gzip;q=0.8", Coding.GZIP),
        ("gzip;q=0.5, zstd;q=0.8", Coding.ZSTD),
        ("gzip;q=0", Coding.IDENTITY),
        ("gzip;q=0.0, zstd;q=0.000", Coding.IDENTITY),
        ("gzip;q=0.5, identity", Coding.IDENTITY),
        ("gzip;q=0.5, identity;q=0.5", Coding.GZIP),
        ("identity;q=0, gzip", Coding.GZIP),
        # A caller who takes anything need not know zstd.
        ("*", Coding.GZIP),
        ("*;q=0", Coding.IDENTITY),
        ("*, gzip;q=0", Coding.IDENTITY),
        ("br", Coding.IDENTITY),
        # Nothing that there is: it comes as it is (RFC 9110, 12.5.3).
        ("br, identity;q=0", Coding.IDENTITY),
        ("nonsense;;;q=x,,", Coding.IDENTITY),
    ],
)
def test_what_a_caller_takes_best(header: str, coding: Coding) -> None:
    assert choose_coding(header) is coding


@pytest.mark.parametrize("coding", ["gzip", "zstd"])
def test_a_compressed_answer(client: FlaskClient, coding: str) -> None:
    plain = client.get("/large")
    packed = client.get("/large", headers={"Accept-Encoding": coding})

    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == coding
    assert packed.headers["Content-Type"] == plain.headers["Content-Type"]
    assert int(packed.headers["Content-Length"]) == len(packed.data) < len(plain.data)
    body = gzip.decompress(packed.data) if coding == "gzip" else zstandard.decompress(packed.data)
    assert body == plain.data
    assert plain.headers["Vary"] == packed.headers["Vary"] == "Accept-Encoding"
    # Other bytes, so another strong tag (RFC 9110, 8.8.3).
    assert packed.headers["ETag"] != plain.headers["ETag"]


def test_an_answer_in_a_coding_still_stands(client: FlaskClient) -> None:
    asked = {"Accept-Encoding": "gzip"}
    tag = client.get("/large", headers=asked).headers["ETag"]

    again = client.get("/large", headers={**asked, "If-None-Match": tag})
    otherwise = client.get("/large", headers={"If-None-Match": tag})

    assert (again.status_code, again.headers["Vary"]) == (304, "Accept-Encoding")
    assert "Content-Encoding" not in again.headers
    assert otherwise.status_code == 200


def test_head_is_like_get(client: FlaskClient) -> None:
    asked = {"Accept-Encoding": "gzip"}
    got, head = client.get("/large", headers=asked), client.head("/large", headers=asked)

    assert head.data == b""
    for name in ("Content-Length", "Content-Encoding", "ETag", "Vary"):
        assert head.headers[name] == got.headers[name]


def test_a_small_answer_stays_as_it_is(client: FlaskClient) -> None:
    answer = client.get("/small", headers={"Accept-Encoding": "gzip"})

    assert answer.json == {"text": "x"}
    assert "Content-Encoding" not in answer.headers
    assert answer.headers["Vary"] == "Accept-Encoding"
