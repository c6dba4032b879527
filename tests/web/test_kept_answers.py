"""Answers kept until the data change, in bounded room."""

from collections.abc import Callable

import pytest
from flask import Flask, Response
from flask.testing import FlaskClient
from sqlalchemy.orm import Session, sessionmaker

from registry.accounts.authors import create_author
from registry.database import writing
from registry.errors import NotFound
from registry.models import Author
from registry.rules.permissions import Permission
from registry.web.authentication import current_viewer
from registry.web.conditional import conditional_read
from registry.web.database import read_session
from registry.web.json import json_response
from tests.accounts.samples import add_author

RAN: list[str] = []


@pytest.fixture
def ran() -> list[str]:
    """Tell which views ran in this test."""
    RAN.clear()
    return RAN


@pytest.fixture(scope="module")
def client(shared_app: Flask) -> FlaskClient:
    @shared_app.get("/kept/<name>")
    @conditional_read(kept=True)
    def show(name: str) -> Response:
        RAN.append(name)
        if name == "none":
            raise NotFound("None.")
        response = json_response({"name": name})
        response.headers["Link"] = '</next>; rel="next"'
        return response

    @shared_app.get("/kept-for-callers")
    @conditional_read(kept=True, requires=Permission.ViewPackages)
    def show_callers() -> Response:
        RAN.append("callers")
        return json_response(current_viewer().author_id)

    return shared_app.test_client()


@pytest.fixture(scope="module")
def change(shared_sessions: sessionmaker[Session]) -> Callable[[], None]:
    """Commit a change of the data."""

    def change() -> None:
        with writing(shared_sessions):
            pass

    return change


def test_an_answer_is_made_once(
    client: FlaskClient, change: Callable[[], None], ran: list[str]
) -> None:
    change()
    first, second = client.get("/kept/one"), client.get("/kept/one")

    assert ran == ["one"]
    assert first.data == second.data
    for name in ("ETag", "Link", "Content-Type", "Cache-Control", "Vary"):
        assert first.headers[name] == second.headers[name]
    assert first.headers["X-Request-Id"] != second.headers["X-Request-Id"]


def test_a_change_makes_it_anew(
    client: FlaskClient, change: Callable[[], None], ran: list[str]
) -> None:
    client.get("/kept/one")
    change()
    client.get("/kept/one")

    assert ran[-1] == "one"
    assert client.get("/kept/one?a=1").status_code == 200
    assert ran[-2:] == ["one", "one"]


def test_a_coding_is_another_answer(client: FlaskClient, ran: list[str]) -> None:
    for _ in range(2):
        client.get("/kept/coded")
        client.get("/kept/coded", headers={"Accept-Encoding": "gzip"})

    assert ran == ["coded", "coded"]


def test_what_is_not_there_is_not_kept(client: FlaskClient, ran: list[str]) -> None:
    for _ in range(2):
        assert client.get("/kept/none").status_code == 404

    assert ran == ["none", "none"]


def test_any_tag_is_that_of_a_kept_answer(client: FlaskClient, ran: list[str]) -> None:
    client.get("/kept/star")
    answer = client.get("/kept/star", headers={"If-None-Match": "*"})

    assert answer.status_code == 304
    assert ran == ["star"]


def test_no_caller_gets_what_was_made_for_another(
    client: FlaskClient, shared_sessions: sessionmaker[Session], ran: list[str]
) -> None:
    with writing(shared_sessions) as session:
        tokens = [add_author(session, name)[1] for name in ("Ada", "Grace")]

    seen = [
        client.get("/kept-for-callers", headers={"Authorization": token}).json
        for token in (*tokens, *tokens)
    ]

    assert seen[0] != seen[1]
    assert seen[:2] == seen[2:]
    assert ran == ["callers", "callers"]
    assert client.get("/kept-for-callers").status_code == 401


def test_what_is_kept_is_of_the_state_that_its_tag_names(
    app: Flask, sessions: sessionmaker[Session]
) -> None:
    names = ["Ada"]

    @app.get("/race")
    @conditional_read(kept=True)
    def race() -> Response:
        # Somebody commits after the revision was read and before the data are.
        if names:
            with writing(sessions) as session:
                create_author(session, names.pop())
        return json_response(read_session().query(Author).count())

    client = app.test_client()

    assert client.get("/race").json == 0
    assert client.get("/race").json == 1
