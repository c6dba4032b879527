"""Query parameters are checked; a wrong one is named."""

from enum import StrEnum

import pytest
from flask import Response
from flask.testing import FlaskClient

from registry.web.arguments import choice_argument, int_argument, text_argument
from registry.web.json import json_response
from tests.web.conftest import MakeApp


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


@pytest.fixture
def client(make_app: MakeApp) -> FlaskClient:
    app = make_app()

    @app.get("/show")
    def show() -> Response:
        return json_response(
            {
                "n": int_argument("n", default=7, minimum=-1, maximum=1000),
                "m": int_argument("m", default=None, minimum=0, maximum=2**62),
                "q": text_argument("q"),
                "colour": choice_argument("colour", Colour),
            }
        )

    return app.test_client()


def test_what_is_not_given(client: FlaskClient) -> None:
    assert client.get("/show").json == {"n": 7, "m": None, "q": "", "colour": None}


@pytest.mark.parametrize(
    ("query", "name", "value"),
    [
        ("n=-1", "n", -1),
        ("n=1000", "n", 1000),
        ("n=007", "n", 7),
        ("m=999999999999999999", "m", 999999999999999999),
        ("q=a%20b%26c", "q", "a b&c"),
        ("q=", "q", ""),
        ("q=%ff", "q", "%FF"),
        ("colour=red", "colour", "red"),
        ("unknown=1", "q", ""),
    ],
)
def test_what_is_given(client: FlaskClient, query: str, name: str, value: object) -> None:
    response = client.get(f"/show?{query}")

    assert response.json is not None
    assert response.json[name] == value


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("n=", "n"),
        ("n=x", "n"),
        ("n=1.0", "n"),
        ("n=1e2", "n"),
        ("n=%2B1", "n"),
        ("n=1%0a", "n"),
        ("n=1_0", "n"),
        ("n=%D9%A1", "n"),
        ("n=-2", "n"),
        ("n=1001", "n"),
        ("n=" + "9" * 5000, "n"),
        ("n=1&n=2", "n"),
        ("m=-1", "m"),
        ("q=a&q=b", "q"),
        ("colour=Red", "colour"),
        ("colour=", "colour"),
        ("colour=red&colour=red", "colour"),
        ("q=a%00b", "q"),
        ("other=%00", "other"),
        ("oth%00er=1", "other"),
    ],
)
def test_what_is_wrong_is_named(client: FlaskClient, query: str, field: str) -> None:
    response = client.get(f"/show?{query}")

    assert response.status_code == 400
    assert response.mimetype == "application/problem+json"
    assert response.json is not None
    assert [error["field"] for error in response.json["errors"]] == [field]


def test_the_words_there_are_stand_in_the_refusal(client: FlaskClient) -> None:
    response = client.get("/show?colour=green")

    assert response.json is not None
    assert response.json["detail"] == "colour: must be one of red, blue"


def test_an_address_with_nul(client: FlaskClient) -> None:
    response = client.get("/sh%00ow")

    assert response.status_code == 400
    assert response.json is not None
    assert response.json["errors"] == [{"field": "path", "message": "holds the character U+0000"}]
