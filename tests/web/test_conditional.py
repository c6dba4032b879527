"""Reads bear a strong ETag that hangs on the data's revision."""

from collections.abc import Callable

import pytest
from flask import Flask, Response, abort
from flask.testing import FlaskClient
from sqlalchemy.orm import Session, sessionmaker

from registry.accounts.authors import create_author
from registry.database import begin_write, raise_revision, writing
from registry.errors import NotFound
from registry.models import Author
from registry.rules.permissions import Permission
from registry.web.authentication import current_viewer
from registry.web.conditional import check_if_match, conditional_read
from registry.web.database import app_sessions, read_session
from registry.web.json import json_response
from registry.web.revision import data_revision
from tests.accounts.samples import add_author

Write = Callable[[], None]


RAN: list[str] = []


@pytest.fixture
def ran() -> list[str]:
    """Tell which views ran in this test."""
    RAN.clear()
    return RAN


@pytest.fixture(scope="module")
def client(shared_app: Flask) -> FlaskClient:
    app = shared_app

    @app.get("/open/<name>")
    @conditional_read()
    def show(name: str) -> Response:
        RAN.append(name)
        if name == "none":
            raise NotFound("None.")
        if name == "gone":
            abort(410)
        return json_response({"name": name})

    @app.get("/differs")
    @conditional_read(per_caller=True)
    def show_differently() -> Response:
        return json_response(current_viewer().author_id)

    @app.get("/closed")
    @conditional_read(requires=Permission.ViewPackages)
    def show_to_some() -> Response:
        RAN.append("closed")
        return json_response(current_viewer().author_id)

    @app.put("/write")
    def write() -> Response:
        with writing(app_sessions()) as session:
            check_if_match(session)
        return json_response("written")

    return app.test_client()


@pytest.fixture(scope="module")
def change(shared_sessions: sessionmaker[Session]) -> Write:
    """Commit a change of the data."""

    def change() -> None:
        with shared_sessions() as session:
            begin_write(session)
            raise_revision(session)
            session.commit()

    return change


@pytest.fixture(scope="module")
def secrets(shared_sessions: sessionmaker[Session]) -> dict[str, str]:
    """Make authors, and give their tokens by their names."""
    with writing(shared_sessions) as session:
        return {
            "Ada": add_author(session, "Ada")[1],
            "Grace": add_author(session, "Grace")[1],
            "Unprivileged": add_author(session, "Unprivileged", Permission.CreatePackage)[1],
        }


def tag_of(client: FlaskClient, path: str = "/open/one", **headers: str) -> str:
    response = client.get(path, headers=headers)
    assert response.status_code == 200
    return response.headers["ETag"]


def test_a_read_bears_a_strong_tag(client: FlaskClient) -> None:
    response = client.get("/open/one")

    tag = response.headers["ETag"]
    assert tag.startswith('"')
    assert tag.endswith('"')
    assert tag == tag_of(client)
    assert response.headers["Cache-Control"] == "no-cache"
    assert "Vary" not in response.headers


def test_an_answer_that_stands_is_not_made_again(client: FlaskClient, ran: list[str]) -> None:
    tag = tag_of(client)

    response = client.get("/open/one", headers={"If-None-Match": tag})

    assert response.status_code == 304
    assert response.data == b""
    assert response.headers["ETag"] == tag
    assert response.headers["Cache-Control"] == "no-cache"
    assert "Content-Type" not in response.headers
    assert response.headers["X-Request-Id"]
    assert ran == ["one"]


@pytest.mark.parametrize(
    "form", ["{}", "W/{}", '"other", {}', '"other",W/{} , "x"', '{}, "other"', "  {}  "]
)
def test_lists_and_weak_tags(client: FlaskClient, form: str) -> None:
    header = form.format(tag_of(client))

    assert client.get("/open/one", headers={"If-None-Match": header}).status_code == 304


@pytest.mark.parametrize("header", ['"other"', "", ",", '""', "W/", '"', "\u00ff", "x" * 5000])
def test_tags_of_something_else(client: FlaskClient, header: str) -> None:
    response = client.get("/open/one", environ_overrides={"HTTP_IF_NONE_MATCH": header})

    assert response.status_code == 200


def test_a_committed_write_changes_the_tag(client: FlaskClient, change: Write) -> None:
    tag = tag_of(client)

    change()

    response = client.get("/open/one", headers={"If-None-Match": tag})
    assert response.status_code == 200
    assert response.headers["ETag"] != tag


def test_each_address_has_its_own_tag(client: FlaskClient) -> None:
    tags = {
        tag_of(client, path) for path in ("/open/one", "/open/two", "/open/one?a=1", "/open/one?b")
    }

    assert len(tags) == 4


def test_head_is_like_get(client: FlaskClient) -> None:
    tag = tag_of(client)

    head = client.head("/open/one")
    assert (head.status_code, head.data, head.headers["ETag"]) == (200, b"", tag)
    assert head.headers["Content-Length"] == client.get("/open/one").headers["Content-Length"]
    assert client.head("/open/one", headers={"If-None-Match": tag}).status_code == 304


def test_any_tag_is_one_of_what_there_is(client: FlaskClient, ran: list[str]) -> None:
    for name, status in (("one", 304), ("none", 404), ("gone", 410)):
        response = client.get(f"/open/{name}", headers={"If-None-Match": "*"})
        assert response.status_code == status

    assert ran == ["one", "none", "gone"]


def test_errors_bear_no_tag(client: FlaskClient) -> None:
    one = tag_of(client)

    response = client.get("/open/none", headers={"If-None-Match": one})

    assert response.status_code == 404
    assert "ETag" not in response.headers


def test_callers_have_tags_of_their_own(client: FlaskClient, secrets: dict[str, str]) -> None:
    ada, grace = secrets["Ada"], secrets["Grace"]

    first = client.get("/differs", headers={"Authorization": ada})
    assert first.headers["Cache-Control"] == "private, no-cache"
    assert first.headers["Vary"] == "Authorization"
    tag = first.headers["ETag"]
    for other in ({}, {"Authorization": grace}):
        response = client.get("/differs", headers={"If-None-Match": tag, **other})
        assert response.status_code == 200
        assert response.headers["Vary"] == "Authorization"
    again = client.get("/differs", headers={"If-None-Match": tag, "Authorization": ada})
    assert again.status_code == 304
    assert again.headers["Vary"] == "Authorization"


def test_nobody_gets_a_304_for_what_is_closed_to_them(
    client: FlaskClient, secrets: dict[str, str], ran: list[str]
) -> None:
    ada, nobody = secrets["Ada"], secrets["Unprivileged"]
    tag = tag_of(client, "/closed", Authorization=ada)

    for headers, status in (
        ({}, 401),
        ({"Authorization": "reg_bad"}, 401),
        ({"Authorization": nobody}, 403),
        ({"Authorization": ada}, 304),
    ):
        for sent in (tag, "*"):
            response = client.get("/closed", headers={"If-None-Match": sent, **headers})
            assert response.status_code == status
    # Once for the tag, once for `*`.
    assert ran == ["closed", "closed"]


def test_a_token_of_another_author_with_the_same_rights_is_another_caller(
    client: FlaskClient, secrets: dict[str, str]
) -> None:
    tags = {tag_of(client, "/closed", Authorization=secrets[name]) for name in ("Ada", "Grace")}

    assert len(tags) == 2


# Writes.


def test_a_write_on_what_was_read(client: FlaskClient) -> None:
    tag = tag_of(client)

    response = client.put("/write", headers={"If-Match": tag})

    assert response.status_code == 200


def test_a_write_on_what_has_changed(client: FlaskClient, change: Write) -> None:
    tag = tag_of(client)
    change()

    response = client.put("/write", headers={"If-Match": tag})

    assert response.status_code == 412
    assert response.json is not None
    assert response.json["code"] == "precondition_failed"
    # Nothing was written, so a new read and its tag are good.
    assert client.put("/write", headers={"If-Match": tag_of(client)}).status_code == 200


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ("*", 200),
        ('"other", {}', 200),
        # Strong comparison (RFC 9110, 13.1.1): a weak tag matches nothing.
        ("W/{}", 412),
        ('"other"', 412),
        ("", 412),
        ('""', 412),
        ('"-"', 412),
    ],
)
def test_if_match(client: FlaskClient, form: str, status: int) -> None:
    header = form.replace("{}", tag_of(client))

    response = client.put("/write", headers={"If-Match": header})

    assert response.status_code == status


def test_a_write_without_a_condition(client: FlaskClient, change: Write) -> None:
    change()

    assert client.put("/write").status_code == 200


def test_the_revision_and_the_data_are_of_one_moment(
    app: Flask, sessions: sessionmaker[Session]
) -> None:
    names = ["Ada", "Grace"]

    @app.get("/race")
    @conditional_read()
    def race() -> Response:
        # Somebody commits after the tag was made and before the data are read.
        with writing(sessions) as session:
            create_author(session, names.pop())
        return json_response(read_session().query(Author).count())

    client = app.test_client()
    before = client.get("/race")
    assert before.json == 0
    after = client.get("/race", headers={"If-None-Match": before.headers["ETag"]})
    assert after.json == 1


def test_the_revision_names_release_and_database(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        release, epoch, number = data_revision(session).rsplit("-", 2)

    assert release
    assert epoch
    assert number == "0"
