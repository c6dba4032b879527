"""The account API, as its document and the contract's section 3 have it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session, sessionmaker
from werkzeug.test import TestResponse

from app import create_app
from registry.accounts.tokens import issue_token, limit_all, revoke_token
from registry.database import make_engine, writing
from registry.rules.enumerations import VersionStatus
from registry.rules.permissions import Permission
from registry.settings import Settings
from registry.web.database import db, single_reads
from tests.accounts.samples import FAILED, PROCESSED, Statements, add_author, add_listing
from tests.databases import Databases, fresh_database

URL = "/account/packages"
PACKAGE_KEYS = ["packageId", "packageName", "description", "packageType", "versions"]
READS = {"GET", "HEAD", "OPTIONS"}
VERSION_KEYS = [
    "version",
    "isPublic",
    "isStored",
    "installs",
    "status",
    "dependencies",
    "incompatibilities",
    "size",
    "installedSize",
    "xpSelection",
    "uploadDate",
]


@dataclass
class Served:
    """An account API with accounts in it."""

    app: Flask
    client: FlaskClient
    ada_id: str
    # Tokens of Ada, who has packages; `grace` is of somebody who has others.
    tokens: dict[str, str]

    def get(self, path: str = "", by: str | None = "view", **more: Any) -> TestResponse:
        """Ask for something under `/account/packages`."""
        return self.open("GET", path, by, **more)

    def open(self, method: str, path: str, by: str | None = "view", **more: Any) -> TestResponse:
        """Ask in another way than GET."""
        headers = more.pop("headers", {})
        if by is not None:
            headers = {"Authorization": f"Bearer {self.tokens[by]}", **headers}
        return self.client.open(f"{URL}{path}", method=method, headers=headers, **more)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def served(
    request: pytest.FixtureRequest, databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    """Serve accounts that no test changes, without a limit that tests would run into."""
    with fresh_database(databases, request.param) as url:
        engine = make_engine(url)
        with writing(sessionmaker(engine)) as session:
            ada_id, tokens = fill(session)
        engine.dispose()
        app = create_app(
            Settings(
                database_url=url,
                instance_path=tmp_path_factory.mktemp("instance"),
                ratelimit_account="100000 per second",
            )
        )
        yield Served(app, app.test_client(), ada_id, tokens)
        with app.app_context():
            db.engine.dispose()


def fill(session: Session) -> tuple[str, dict[str, str]]:
    ada, view = add_author(session, "Arkin Solomon")
    grace, other = add_author(session, "Grace")
    add_author(session, "Nobody's Packages")
    add_listing(
        session,
        ada,
        name="Example Package 1",
        description="A cool package\n\nJust for an example though",
        versions=[PROCESSED, FAILED],
    )
    add_listing(
        session,
        ada,
        "example.every",
        package_type="aircraft",
        versions=[
            {
                "version": f"{number}.{flags}.1",
                "status": status,
                "is_public": bool(flags & 1),
                "is_stored": bool(flags & 2),
                "hash": "ab" * 32,
                "loc": "https://cdn.example.org/x",
            }
            for number, status in enumerate(VersionStatus)
            for flags in range(4)
        ],
    )
    add_listing(session, ada, "example.none")
    add_listing(session, grace, "example.hers", versions=[PROCESSED])
    expired = issue_token(session, ada, Permission.ViewPackages, timedelta(seconds=-1)).secret
    revoked = issue_token(session, ada, Permission.ViewPackages, None).secret
    revoke_token(session, revoked)
    others = ~(Permission.ViewPackages | Permission.Admin)
    return ada.author_id, {
        "view": view,
        "admin": issue_token(session, ada, Permission.Admin, None).secret,
        "unprivileged": issue_token(
            session, ada, others, None, limit_all(others, ["example.none"])
        ).secret,
        "expired": expired,
        "revoked": revoked,
        "unknown": "reg_" + "x" * 43,
        "grace": other,
    }


def document(response: TestResponse) -> dict[str, Any]:
    assert response.status_code == 200
    assert response.mimetype == "application/json"
    answer = response.json
    assert isinstance(answer, dict)
    return answer


def problem(response: TestResponse, status: int) -> dict[str, Any]:
    assert response.status_code == status
    assert response.mimetype == "application/problem+json"
    answer = response.json
    assert isinstance(answer, dict)
    assert answer["status"] == status
    return answer


# The document's own samples (its typing of one package is another in each sample).

FAILED_SHOWN = {
    "version": "1.3.0",
    "isPublic": True,
    "isStored": True,
    "installs": 0,
    "status": "failed_server",
    "dependencies": [["example.package2", "1.2-"]],
    "incompatibilities": [
        ["xpkg/example.package3", "*"],
        ["xpkg/example.package4", "1.0.0a1-5.999.999"],
    ],
    "size": 0,
    "installedSize": 0,
    "xpSelection": "*",
    "uploadDate": "2023-07-16T05:53:38.506Z",
    "commit": "",
}
PROCESSED_SHOWN = {
    "version": "1.4.3",
    "isPublic": True,
    "isStored": True,
    "installs": 0,
    "status": "processed",
    "dependencies": [["xpkg/example.package4", "*"]],
    "incompatibilities": [
        ["xpkg/example.package5", "*"],
        ["xpkg/example.package3", "41b3-222.3.0"],
        ["xpkg/example.package6", "27-30.999a41"],
    ],
    "size": 1249,
    "installedSize": 3428,
    "xpSelection": "*",
    "uploadDate": "2023-08-24T21:15:44.117Z",
    "hash": "54ecb365c57979f886a126e5ed87d8c0865298e6ce30f0abcde96e66fcef6fdd",
    "loc": PROCESSED["loc"],
    "commit": "",
}
PACKAGE_SHOWN = {
    "packageId": "example.package1",
    "packageName": "Example Package 1",
    "description": "A cool package\n\nJust for an example though",
    "packageType": "other",
    "versions": [FAILED_SHOWN, PROCESSED_SHOWN],
}


def exactly(value: object) -> str:
    """Write JSON in the order in which it is, for order is part of the contract."""
    return json.dumps(value)


def test_the_whole_account(served: Served) -> None:
    answer = document(served.get())

    assert list(answer) == ["packages", "data"]
    assert answer["packages"] == answer["data"]
    identifiers = [package["packageId"] for package in answer["data"]]
    assert identifiers == ["example.every", "example.none", "example.package1"]
    assert exactly(answer["data"][2]) == exactly(PACKAGE_SHOWN)
    assert answer["data"][1]["versions"] == []
    assert all(list(package) == PACKAGE_KEYS for package in answer["data"])


def test_an_account_without_packages(served: Served) -> None:
    app_client = served.app.test_client()
    with served.app.app_context(), writing(sessionmaker(db.engine)) as session:
        _, secret = add_author(session, "Newcomer")

    answer = document(app_client.get(URL, headers={"Authorization": secret}))

    assert answer == {"packages": [], "data": []}


def test_one_package(served: Served) -> None:
    assert exactly(document(served.get("/example.package1"))) == exactly(PACKAGE_SHOWN)


def test_one_version(served: Served) -> None:
    expected = {
        "packageId": "example.package1",
        "packageName": "Example Package 1",
        "authorId": served.ada_id,
        "authorName": "Arkin Solomon",
        "description": "A cool package\n\nJust for an example though",
        "packageType": "other",
        "versionData": PROCESSED_SHOWN,
    }

    assert exactly(document(served.get("/example.package1/1.4.3"))) == exactly(expected)


def test_hash_and_loc_only_where_there_is_something_to_install(served: Served) -> None:
    versions = document(served.get("/example.every"))["versions"]

    assert [version["status"] for version in versions[::4]] == list(VersionStatus)
    for version in versions:
        expected = VERSION_KEYS.copy()
        if version["status"] == "processed":
            expected.append("hash")
            if version["isPublic"] and version["isStored"]:
                expected.append("loc")
        assert list(version) == [*expected, "commit"]
        alone = document(served.get(f"/example.every/{version['version']}"))
        assert exactly(alone["versionData"]) == exactly(version)


@pytest.mark.parametrize("written", ["1.4.3", "01.4.3", "001.004.003"])
def test_a_version_however_it_is_written(served: Served, written: str) -> None:
    answer = document(served.get(f"/example.package1/{written}"))

    assert answer["versionData"]["version"] == "1.4.3"


@pytest.mark.parametrize("path", ["/Example.Package1", "/example%2Epackage1", "/example.package1/"])
def test_an_identifier_however_it_is_written(served: Served, path: str) -> None:
    assert document(served.get(path))["packageId"] == "example.package1"


# Who is asking.


@pytest.mark.parametrize("path", ["", "/example.package1", "/example.package1/1.4.3"])
class TestWhoIsAsking:
    """The same on each route."""

    @pytest.mark.parametrize("form", ["Bearer {}", "bearer {}", "{}"])
    def test_a_token_in_either_form(self, served: Served, path: str, form: str) -> None:
        headers = {"Authorization": form.format(served.tokens["view"])}

        document(served.get(path, None, headers=headers))

    def test_admin_implies_it(self, served: Served, path: str) -> None:
        assert served.get(path, "admin").data == served.get(path).data

    def test_no_token(self, served: Served, path: str) -> None:
        response = served.get(path, None)

        assert problem(response, 401)["code"] == "unauthenticated"
        assert response.headers["WWW-Authenticate"] == "Bearer"

    @pytest.mark.parametrize("token", ["expired", "revoked", "unknown"])
    def test_a_useless_token(self, served: Served, path: str, token: str) -> None:
        response = served.get(path, token)

        assert problem(response, 401)["code"] == "invalid_token"
        assert response.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'

    def test_a_token_without_the_permission(self, served: Served, path: str) -> None:
        response = served.get(path, "unprivileged")

        assert problem(response, 403)["code"] == "insufficient_scope"
        assert response.headers["WWW-Authenticate"] == (
            'Bearer error="insufficient_scope", scope="ViewPackages"'
        )

    def test_head(self, served: Served, path: str) -> None:
        got, head = served.get(path), served.open("HEAD", path)

        assert (head.status_code, head.data) == (200, b"")
        for name in ("Content-Type", "Content-Length", "ETag", "Vary", "Cache-Control"):
            assert head.headers[name] == got.headers[name]

    def test_options_need_no_token(self, served: Served, path: str) -> None:
        response = served.open("OPTIONS", path, None)

        assert response.status_code == 200
        assert set(response.headers["Allow"].split(", ")) - {"DELETE"} == READS
        assert "X-RateLimit-Limit" not in response.headers

    # DELETE takes a version back: tests/publishing/test_downloads.py.
    @pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
    def test_other_methods(self, served: Served, path: str, method: str) -> None:
        response = served.open(method, path)

        problem(response, 405)
        assert set(response.headers["Allow"].split(", ")) - {"DELETE"} == READS

    def test_an_answer_that_still_stands(self, served: Served, path: str) -> None:
        tag = served.get(path).headers["ETag"]

        response = served.get(path, headers={"If-None-Match": tag})

        assert response.status_code == 304
        assert response.headers["X-RateLimit-Limit"]
        assert response.headers["Vary"] == "Accept-Encoding, Authorization"
        assert response.headers["Cache-Control"] == "private, no-cache"


# What is asked for.


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("/xpkg/example.package1", "packageId"),
        ("/xpkg%2Fexample.package1", "packageId"),
        ("/xpkg%2fexample.package1", "packageId"),
        # A repository's name of six letters or more could be a package's.
        ("/registry/example.package1", "packageVersion"),
        ("/registry%2Fexample.package1", "packageVersion"),
        ("/xpkg/example.package1/1.4.3", "packageId"),
        ("/xpkg%2Fexample.package1/1.4.3", "packageId"),
        ("/registry/example.package1/1.4.3", "packageId"),
        ("/xpkg%252Fexample.package1", "packageId"),
        ("/short", "packageId"),
        ("/" + "a" * 33, "packageId"),
        ("/" + "a" * 100_000, "packageId"),
        ("/example..package1", "packageId"),
        ("/.example.package1", "packageId"),
        ("/example.1package", "packageId"),
        ("/example%20package", "packageId"),
        ("/example.package1%0a", "packageId"),
        ("/example.%ff%fepackage", "packageId"),
        ("/example.pack%C3%A4ge", "packageId"),
        ("/%E2%84%AAxample.package", "packageId"),
        ("/example.package1'--", "packageId"),
        ("/example.package1/x", "packageVersion"),
        ("/example.package1/1..2", "packageVersion"),
        ("/example.package1/0.0.0", "packageVersion"),
        ("/example.package1/1.2.3.4", "packageVersion"),
        ("/example.package1/1000", "packageVersion"),
        ("/example.package1/1.4.3c1", "packageVersion"),
        ("/example.package1/1.4.3a0", "packageVersion"),
        ("/example.package1/1.4.3A1", "packageVersion"),
        ("/example.package1/v1.4.3", "packageVersion"),
        ("/example.package1/%201.4.3", "packageVersion"),
        ("/example.package1/1.4.3%0A", "packageVersion"),
        ("/example.package1/%D9%A1", "packageVersion"),
        ("/example.package1/-1", "packageVersion"),
        ("/example.package1/*", "packageVersion"),
        ("/example.package1/1.4.3-2", "packageVersion"),
        ("/example%00.package1", "path"),
        ("/example.package1/1.4.3%00", "path"),
    ],
)
def test_what_is_badly_written_is_named(served: Served, path: str, field: str) -> None:
    refusal = problem(served.get(path), 400)

    assert refusal["code"] == "invalid_input"
    assert [error["field"] for error in refusal["errors"]] == [field]


@pytest.mark.parametrize(
    "path",
    ["/example.nothing", "/example.nothing/1.4.3", "/example.package1/1.4.4", "/example.none/1.0"],
)
def test_what_is_not_there(served: Served, path: str) -> None:
    refusal = problem(served.get(path), 404)

    assert refusal["code"] == "not_found"
    assert "example" not in refusal["detail"]


@pytest.mark.parametrize("version", ["", "/1.4.3", "/9.9.9"])
def test_anothers_package_answers_exactly_as_none(served: Served, version: str) -> None:
    with served.app.app_context():
        statements = Statements(db.engine, single_reads())

    answers = []
    for name in ("example.hers", "example.nothing"):
        before = len(statements.data())
        response = served.get(f"/{name}{version}", headers={"X-Request-Id": "same"})
        headers = [
            (name, value)
            for name, value in response.headers
            if not name.startswith("X-RateLimit-Re")
        ]
        work = [s for s in statements.data()[before:] if not s.startswith("UPDATE token")]
        answers.append((response.status_code, response.data, headers, work))

    assert answers[0] == answers[1]
    assert answers[0][0] == 404
    # And it is there, for its author.
    document(served.get("/example.hers", "grace"))


@pytest.mark.parametrize(
    "path", ["/a/b/c/d", "/example.package1/1.4.3/x/y", "//", "//x", "/..%2F..%2Fetc%2Fpasswd"]
)
def test_addresses_that_are_none(served: Served, path: str) -> None:
    problem(served.get(path), 404)


def test_a_304_costs_no_read_of_the_data(served: Served) -> None:
    tag = served.get().headers["ETag"]
    with served.app.app_context():
        statements = Statements(db.engine, single_reads())

    assert served.get(headers={"If-None-Match": tag}).status_code == 304

    # The token, and the revision.
    assert len(statements.data()) == 2
    assert not any("listing" in statement for statement in statements.data())


def test_a_read_is_one_statement(served: Served) -> None:
    # The token's first use is noted.
    served.get("?first")
    with served.app.app_context():
        statements = Statements(db.engine, single_reads())
    # Addresses that no other test has asked for, whose answers are not at hand.
    # The caller, and the data with their revision: together, or one after the other.
    for path, asked in (("?second", 2), ("/example.package1/1.4.3?second", 3)):
        before = len(statements.data())
        document(served.get(path))
        assert len(statements.data()) == before + asked
        # Asked again, the answer is at hand.
        document(served.get(path))
        assert len(statements.data()) == before + asked + 2


def test_query_parameters_change_nothing(served: Served) -> None:
    assert served.get("?packageId=x&limit=%ff").data == served.get().data
