"""The request's session, and a database that is not there."""

from pathlib import Path

import pytest
from flask import Flask, Response
from sqlalchemy import make_url, select

from registry.database import writing
from registry.models import Author, Revision
from registry.web.database import app_sessions, read_session
from registry.web.json import json_response
from tests.web.conftest import MakeApp


def test_a_request_sees_one_state(app: Flask) -> None:
    @app.get("/twice")
    def twice() -> Response:
        first = read_session().scalar(select(Revision.number))
        # Somebody else commits between the two reads.
        with writing(app_sessions()) as session:
            session.add(Author(author_id="A1", name="Ada", name_key="ada"))
        second = read_session().scalar(select(Revision.number))
        authors = read_session().scalars(select(Author.name)).all()
        return json_response([first, second, authors])

    assert app.test_client().get("/twice").json == [0, 0, []]


@pytest.mark.parametrize("port", [1])
def test_a_server_that_is_not_there(make_app: MakeApp, port: int) -> None:
    app = make_app(database_url=f"postgresql://nobody:secret@127.0.0.1:{port}/registry")

    response = app.test_client().get("/readyz")

    assert response.status_code == 503
    assert response.json is not None
    assert response.json["code"] == "database_unavailable"
    assert response.headers["Retry-After"]
    for secret in ("secret", "nobody", "127.0.0.1"):
        assert secret not in response.text


def test_a_file_that_cannot_be_opened(make_app: MakeApp, tmp_path: Path) -> None:
    app = make_app(database_url=f"sqlite:///{tmp_path / 'no' / 'such' / 'directory.db'}")

    response = app.test_client().get("/readyz")

    assert response.status_code == 503
    assert response.json is not None
    assert response.json["code"] == "database_unavailable"
    assert "directory" not in response.text


def test_a_token_cannot_be_looked_up_without_a_database(make_app: MakeApp, tmp_path: Path) -> None:
    app = make_app(database_url=f"sqlite:///{tmp_path / 'no' / 'such' / 'directory.db'}")

    response = app.test_client().get(
        "/account/packages", headers={"Authorization": "Bearer reg_some"}
    )

    # Not a 401: the token may be a good one.
    assert response.status_code == 503
    assert "reg_some" not in response.text


def test_the_database_is_named_once(app: Flask, database_url: str) -> None:
    assert app.config["SQLALCHEMY_DATABASE_URI"] == database_url
    assert make_url(database_url).database
