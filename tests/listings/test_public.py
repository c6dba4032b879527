"""`GET /packages`, `GET /packages/info/…` and `GET /meta` as their documents have them."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine, select

from registry.database import raise_revision, writing
from registry.models import Author, Publication, Revision
from registry.publishing.uploads import hash_private_key
from registry.rules.enumerations import VersionStatus
from registry.rules.permissions import Permission
from registry.rules.times import format_time
from registry.settings import Settings
from registry.web.database import db, single_reads
from tests.accounts.samples import Statements, add_listing
from tests.listings.api import Api, refusal

LOC = "http://localhost/artifacts/3snWkGSFswC2NBmIgXLWGfsosnVujpj4yCxQH8wVlt7t"
SHA = "54ecb365c57979f886a126e5ed87d8c0865298e6ce30f0abcde96e66fcef6fdd"
KEY = "the-key-of-a-private-version"
DEPENDENCIES = [["xpkg/example.package2", "1.2-"]]
PUBLIC = {
    "version": "1.3.0b12",
    "dependencies": DEPENDENCIES,
    "supports_macos": False,
    "supports_linux": False,
    "xp_selection": "12",
    "hash": SHA,
    "loc": LOC,
}
PRIVATE = {
    **PUBLIC,
    "version": "2.0.0",
    "is_public": False,
    "is_private": True,
    "private_key_hash": hash_private_key(KEY),
}
UNPROCESSED = [
    {**PUBLIC, "version": f"3.0.{number}", "status": status}
    for number, status in enumerate(VersionStatus)
    if status is not VersionStatus.PROCESSED
]


@pytest.fixture
def api(api: Api) -> Api:
    """Publish versions of every kind."""
    api.author("Grace")
    with writing(api.sessions) as session:
        ada = session.scalars(select(Author).where(Author.name == "Ada")).one()
        add_listing(
            session,
            ada,
            "example.package1",
            versions=[PUBLIC, {"version": "1.2.0"}, PRIVATE, *UNPROCESSED],
            name="Example Package 1",
            description="Example package 1",
        )
        add_listing(session, ada, "example.hidden", versions=[PRIVATE, *UNPROCESSED])
        add_listing(session, ada, "example.empty")
        grace = session.scalars(select(Author).where(Author.name == "Grace")).one()
        add_listing(session, grace, "a.package", versions=[{"version": "1.0.0"}])
    return api


@pytest.mark.parametrize("by", [None, "Ada", "Grace"])
def test_the_list_has_what_everyone_may_install_and_no_more(api: Api, by: str | None) -> None:
    with api.sessions() as session:
        author_id = session.scalars(select(Author.author_id).where(Author.name == "Ada")).one()
        raised_at = session.scalars(select(Revision.raised_at)).one()

    found = api.get("/packages", by).get_json()

    assert list(found) == ["generated", "packages"]
    assert found["generated"] == format_time(raised_at)
    assert [package["packageId"] for package in found["packages"]] == [
        "a.package",
        "example.package1",
    ]
    package = found["packages"][1]
    assert list(package.items()) == [
        ("packageId", "example.package1"),
        ("packageName", "Example Package 1"),
        ("authorId", author_id),
        ("authorName", "Ada"),
        ("description", "Example package 1"),
        ("packageType", "other"),
        ("versions", package["versions"]),
    ]
    assert [version["version"] for version in package["versions"]] == ["1.2.0", "1.3.0b12"]
    assert list(package["versions"][1].items()) == [
        ("version", "1.3.0b12"),
        ("dependencies", DEPENDENCIES),
        ("incompatibilities", []),
        ("xplaneSelection", "12"),
        ("platforms", {"macOS": False, "windows": True, "linux": False}),
    ]


def test_the_list_is_the_same_until_something_changes(api: Api) -> None:
    first = api.get("/packages")
    tag = {"If-None-Match": first.headers["ETag"]}
    assert api.get("/packages").data == first.data
    assert api.get("/packages", headers=tag).status_code == 304

    with writing(api.sessions) as session:
        session.scalars(select(Publication)).first().installs += 1  # type: ignore[union-attr]  # there are some

    again = api.get("/packages", headers=tag)
    assert again.status_code == 200
    assert again.get_json()["generated"] >= first.get_json()["generated"]


def test_the_list_is_one_statement_however_long(api: Api, engine: Engine) -> None:
    with api.app.app_context():
        statements = Statements(db.engine, single_reads())
    api.get("/packages")
    first = len(statements.data())
    with writing(api.sessions) as session:
        ada = session.scalars(select(Author).where(Author.name == "Ada")).one()
        for number in range(20):
            add_listing(session, ada, f"example.more{number}", versions=[PUBLIC])
    before = len(statements.data())

    assert len(api.get("/packages").get_json()["packages"]) == 22
    # The revision, the data, and since when they are so; the second time also whether the answer of
    # before still stands, before Flask is asked and after.
    assert (first, len(statements.data()) - before) == (3, 5)
    assert engine.dialect.name in {"sqlite", "postgresql"}


def info(api: Api, version: str, by: str | None = None, **more: Any) -> Any:
    return api.get(f"/packages/info/example.package1/{version}", by, **more)


def test_information_on_a_version(api: Api) -> None:
    shown = info(api, "1.3b12")

    assert list(shown.get_json().items()) == [
        ("loc", LOC),
        ("hash", SHA),
        ("dependencies", DEPENDENCIES),
        ("incompatibilities", []),
        ("commit", ""),
    ]
    assert info(api, "1.3b12", headers={"If-None-Match": shown.headers["ETag"]}).status_code == 304
    # Asking where it is installs nothing.
    assert (
        api.get("/account/packages/example.package1/1.3b12", "Ada").get_json()["versionData"][
            "installs"
        ]
        == 0
    )


@pytest.mark.parametrize("how", ["body", "header"])
def test_a_private_version_needs_its_key(api: Api, how: str) -> None:
    def ask(key: str) -> Any:
        if how == "header":
            return info(api, "2", headers={"X-Private-Key": key})
        return info(api, "2", json={"privateKey": key})

    shown = ask(KEY)
    assert shown.status_code == 200
    assert shown.get_json()["loc"] == LOC
    assert shown.headers["Cache-Control"] == "private, no-store"
    for key in ("", "another", KEY + " "):
        assert refusal(ask(key)) == (404, "not_found")
    assert refusal(info(api, "2")) == (404, "not_found")
    assert refusal(info(api, "2", "Grace")) == (404, "not_found")
    assert info(api, "2", "Ada").status_code == 200


def test_another_authors_token_hides_nothing_public(api: Api) -> None:
    assert info(api, "1.3b12", "Grace").status_code == 200


@pytest.mark.parametrize("version", [row["version"] for row in UNPROCESSED])
@pytest.mark.parametrize("by", [None, "Ada"])
def test_what_is_not_processed_is_not_there(api: Api, version: str, by: str | None) -> None:
    assert refusal(info(api, version, by)) == (404, "not_found")


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("example.package1/9", 404, "not_found"),
        ("example.missing/1", 404, "not_found"),
        ("xpkg%2Fexample.package1/1", 400, "full_id_or_invalid"),
        ("x/1", 400, "full_id_or_invalid"),
        ("example.package1/1.2.3.4", 400, "invalid_version"),
        ("example.package1/1.22222222222222222", 400, "bad_version_len"),
        ("example.package1/%20", 400, "invalid_or_empty_str"),
        ("xpkg/example.package1/1", 400, "full_id_or_invalid"),
    ],
)
def test_information_on_nothing(api: Api, path: str, status: int, code: str) -> None:
    assert refusal(api.get(f"/packages/info/{path}")) == (status, code)


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"privateKey": 5}'])
def test_a_body_that_makes_no_sense(api: Api, body: bytes) -> None:
    answer = info(api, "2", data=body, content_type="application/json")

    assert answer.status_code == 400


def test_meta_tells_which_registry_it_is(
    api: Api, settings: Settings, new_app: Callable[[Settings], Flask]
) -> None:
    named = {
        "repository_title": "Acme's",
        "repository_name": "acme",
        "repository_description": "All of it.",
    }
    client = new_app(settings.model_copy(update=named)).test_client()

    assert api.get("/meta").get_json() == {
        "name": "Registry",
        "identifier": "xpkg",
        "description": "Packages that authors publish.",
    }
    assert list(client.get("/meta").get_json().values()) == ["Acme's", "acme", "All of it."]


def test_every_limit_is_the_documented_one(
    settings: Settings, new_app: Callable[[Settings], Flask]
) -> None:
    defaults = Settings(database_url=settings.database_url, instance_path=settings.instance_path)
    client = new_app(defaults).test_client()

    def limit(path: str) -> str | None:
        return client.get(path).headers.get("X-RateLimit-Limit")

    assert limit("/packages") == "4"
    assert limit("/packages/info/example.package1/1") == "10"
    assert limit("/meta") == "4"
    assert limit("/analytics/example.package1/1") == "6"
    answers = [client.get("/meta") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert int(answers[-1].headers["Retry-After"]) <= 10


@pytest.mark.parametrize(
    ("route", "allowed"),
    [
        ("GET /account/data", 8),
        ("POST /auth/issue", 3),
        ("POST /packages/new", 3),
        ("PATCH /packages/description", 3),
        ("PATCH /packages/incompatibilities", 3),
        ("PATCH /packages/xpselection", 3),
    ],
)
def test_every_limit_of_authors_is_the_documented_one(
    api: Api,
    settings: Settings,
    new_app: Callable[[Settings], Flask],
    route: str,
    allowed: int,
) -> None:
    method, path = route.split()
    defaults = Settings(database_url=settings.database_url, instance_path=settings.instance_path)
    client = new_app(defaults).test_client()
    bearer = {"Authorization": f"Bearer {api.secrets['Ada']}"}

    # Without a token nothing is counted.
    assert "X-RateLimit-Limit" not in client.open(path, method=method).headers
    answers = [client.open(path, method=method, headers=bearer) for _ in range(allowed + 1)]
    assert {answer.headers["X-RateLimit-Limit"] for answer in answers} == {str(allowed)}
    assert [answer.status_code == 429 for answer in answers] == [False] * allowed + [True]


def test_raising_the_revision_says_when(api: Api) -> None:
    with api.sessions() as session:
        before = session.scalars(select(Revision.raised_at)).one()
    with api.sessions() as session:
        raise_revision(session)
        session.commit()
        assert session.scalars(select(Revision.raised_at)).one() >= before


def test_permissions_do_not_matter_to_the_list(api: Api) -> None:
    api.token("upload", "Grace", Permission.UploadResources)

    assert api.get("/packages", "upload").data == api.get("/packages").data
