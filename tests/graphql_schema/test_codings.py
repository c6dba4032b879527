"""Compressed answers of GraphQL: the same data, to those who ask for it so."""

import gzip
from collections.abc import Callable
from typing import Any

import pytest
import zstandard
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from registry.database import make_engine
from registry.settings import Settings
from tests.graphql_schema.conftest import FLAGSHIP
from tests.graphql_schema.generated import Size, fill

UNCODE: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.decompress,
    "zstd": zstandard.decompress,
}


@pytest.fixture(params=[0, 1_000_000], ids=["made anew", "kept"])
def app(
    request: pytest.FixtureRequest, settings: Settings, new_app: Callable[[Settings], Flask]
) -> Flask:
    """Make the application with a generated catalogue, keeping answers and not."""
    engine = make_engine(settings.database_address())
    fill(engine, Size(packages=6))
    engine.dispose()
    return new_app(settings.model_copy(update={"graphql_cache_bytes": request.param}))


def post(client: FlaskClient, query: str, coding: str) -> TestResponse:
    headers = {"Accept-Encoding": coding} if coding else {}
    return client.post("/graphql", json={"query": query}, headers=headers)


@pytest.mark.parametrize("coding", ["gzip", "zstd"])
def test_an_answer_is_compressed_for_who_takes_it_so(client: FlaskClient, coding: str) -> None:
    plain = post(client, FLAGSHIP, "")

    # Twice: made, and kept.
    for _ in range(2):
        answer = post(client, FLAGSHIP, coding)
        assert answer.headers["Content-Encoding"] == coding
        assert len(answer.data) < len(plain.data) / 2
        assert UNCODE[coding](answer.data) == plain.data
        assert "Accept-Encoding" in answer.headers["Vary"]


def test_it_stays_as_it_is_for_others_and_where_it_is_small(client: FlaskClient) -> None:
    post(client, FLAGSHIP, "zstd")

    assert "Content-Encoding" not in post(client, FLAGSHIP, "").headers
    assert "Content-Encoding" not in post(client, "{ __typename }", "zstd").headers


def test_a_tag_is_of_one_form_of_the_answer(client: FlaskClient) -> None:
    def get(**headers: Any) -> TestResponse:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return client.get("/graphql", query_string={"query": FLAGSHIP}, headers=named)

    plain, coded = get(), get(Accept_Encoding="gzip")

    assert plain.headers["ETag"] != coded.headers["ETag"]
    assert get(Accept_Encoding="gzip", If_None_Match=plain.headers["ETag"]).status_code == 200
    assert get(Accept_Encoding="gzip", If_None_Match=coded.headers["ETag"]).status_code == 304
