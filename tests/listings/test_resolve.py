"""Versions that go together and dependents, on both doors."""

from typing import Any

import pytest
from sqlalchemy import select

from registry.database import writing
from registry.models import Author
from tests.accounts.samples import add_listing
from tests.listings.api import Api, refusal

NEEDS = [["xpkg/acme.base", "1-"]]


@pytest.fixture
def api(api: Api) -> Api:
    """Publish an application, its base, and what is private."""
    with writing(api.sessions) as session:
        ada = session.scalars(select(Author)).one()
        add_listing(
            session,
            ada,
            "acme.app",
            versions=[
                {"version": "1.0.0", "dependencies": NEEDS},
                {"version": "2.0.0", "dependencies": [["acme.base", "2"], ["far/else.where", "*"]]},
            ],
        )
        add_listing(
            session,
            ada,
            "acme.base",
            versions=[
                {"version": "1.0.0", "supports_macos": False},
                {"version": "2.0.0", "supports_linux": False, "xp_selection": "12"},
            ],
        )
        add_listing(
            session,
            ada,
            "acme.own",
            versions=[
                {"version": "1.0.0", "is_public": False, "dependencies": [["ACME.base", "1,2"]]}
            ],
        )
        # A name that another begins with, and one that only a pattern would find.
        add_listing(
            session,
            ada,
            "acme.stranger",
            versions=[{"version": "1.0.0", "dependencies": [["acme.base-two", "*"]]}],
        )
        add_listing(session, ada, "acme_base", versions=[{"version": "1.0.0"}])
        add_listing(
            session,
            ada,
            "acme.foe",
            versions=[{"version": "1.0.0", "incompatibilities": [["acme.base", "2"]]}],
        )
    return api


def resolve(api: Api, by: str | None = None, **query: Any) -> Any:
    return api.get("/packages/resolve", by, query_string=query)


def test_the_newest_that_go_together(api: Api) -> None:
    answer = resolve(
        api,
        wanted=["acme.app@1-2", "xpkg/ACME.foe"],
        installed=["acme.base@2.0.0", "far/else.where@3"],
    )

    assert list(answer.get_json().items()) == [
        ("isResolved", True),
        (
            "packages",
            [
                {"packageId": "far/else.where", "version": "3.0.0", "change": "keep"},
                {"packageId": "acme.app", "version": "1.0.0", "change": "install"},
                {"packageId": "acme.base", "version": "1.0.0", "change": "downgrade"},
                {"packageId": "acme.foe", "version": "1.0.0", "change": "install"},
            ],
        ),
        ("external", []),
        ("reason", ""),
    ]


def test_a_reason_why_there_are_none(api: Api) -> None:
    found = resolve(api, wanted=["acme.app@2", "acme.foe"]).get_json()

    assert (found["isResolved"], found["packages"]) == (False, [])
    assert found["reason"] == (
        "No versions go together: xpkg/acme.app 2.0.0 needs xpkg/acme.base 2; xpkg/acme.foe 1.0.0 "
        "cannot be together with xpkg/acme.base 2. Of xpkg/acme.base there is 2.0.0, 1.0.0."
    )


@pytest.mark.parametrize(
    ("query", "app", "base"),
    [
        ({}, "2.0.0", "2.0.0"),
        ({"platform": "macOS"}, "2.0.0", "2.0.0"),
        ({"platform": "linux"}, "1.0.0", "1.0.0"),
        ({"xpVersion": "11.5"}, "1.0.0", "1.0.0"),
    ],
)
def test_where_it_is_to_run(api: Api, query: dict[str, str], app: str, base: str) -> None:
    found = resolve(api, wanted="acme.app", **query).get_json()

    assert [each["version"] for each in found["packages"]] == [app, base]


def test_what_another_registry_has_is_told(api: Api) -> None:
    assert resolve(api, wanted="acme.app").get_json()["external"] == [["far/else.where", "*"]]


def test_an_authors_own_private_versions_count(api: Api) -> None:
    assert resolve(api, "Ada", wanted="acme.own").get_json()["isResolved"]
    found = resolve(api, wanted="acme.own").get_json()
    assert found["reason"].endswith("There is no version of xpkg/acme.own to install.")
    shown = resolve(api, wanted="acme.app")
    tag = {"If-None-Match": shown.headers["ETag"]}
    again = api.get("/packages/resolve", query_string={"wanted": "acme.app"}, headers=tag)
    assert again.status_code == 304


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"wanted": "x"}, "invalid_id_or_repo"),
        ({"wanted": ""}, "invalid_id_or_repo"),
        ({"wanted": "far/else.where"}, "invalid_id_or_repo"),
        ({"wanted": "acme.app@"}, "invalid_or_empty_str"),
        ({"wanted": "acme.app@latest"}, "invalid_selection"),
        ({"wanted": "acme.app@" + "1," * 200}, "bad_sel_len"),
        ({"wanted": ["acme.app"] * 129}, "invalid_input"),
        ({"installed": "acme.app"}, "invalid_or_empty_str"),
        ({"installed": "acme.app@1-2"}, "invalid_version"),
        ({"installed": ["acme.app@1", "xpkg/acme.app@2"]}, "invalid_input"),
        ({"wanted": "acme.app", "platform": "beos"}, "invalid_input"),
        ({"wanted": "acme.app", "xpVersion": "x"}, "invalid_version"),
    ],
)
def test_what_cannot_be_asked(api: Api, query: dict[str, Any], code: str) -> None:
    assert refusal(resolve(api, **query)) == (400, code)


RESOLVE = """query ($wanted: [WantedPackage!]!, $installed: [InstalledPackage!]) {
  resolve(wanted: $wanted, installed: $installed, platform: linux, xpVersion: "12.1") {
    isResolved packages { packageId version change } external reason
  }
}"""


def graphql(api: Api, query: str, by: str | None = None, **variables: Any) -> Any:
    return api.call(
        "POST", "/graphql", by, json={"query": query, "variables": variables}
    ).get_json()


def test_graphql_gives_the_same(api: Api) -> None:
    wanted = [{"packageId": "acme.app", "selection": "1-2"}, {"packageId": "acme.foe"}]
    installed = [{"packageId": "acme.base", "version": "1"}]

    found = graphql(api, RESOLVE, wanted=wanted, installed=installed)

    over_rest = resolve(
        api,
        wanted=["acme.app@1-2", "acme.foe"],
        installed="acme.base@1",
        platform="linux",
        xpVersion="12.1",
    )
    assert found["data"]["resolve"] == over_rest.get_json()
    assert found["data"]["resolve"]["isResolved"]


def test_graphql_refuses_what_rest_refuses(api: Api) -> None:
    found = graphql(api, RESOLVE, wanted=[{"packageId": "x"}], installed=None)

    assert found["errors"][0]["extensions"]["code"] == "invalid_id_or_repo"


def test_searches_of_one_operation_share_its_time(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter(range(0, 10_000, 1))
    monkeypatch.setattr("graphql_schema.types.resolution.time.monotonic", lambda: next(clock))
    query = """{
        one: resolve(wanted: [{packageId: "acme.foe"}]) { isResolved }
        two: versionDependents(packageId: "acme.base", version: "1") { version }
        three: resolve(wanted: [{packageId: "acme.foe"}]) { isResolved }
        four: versionDependents(packageId: "acme.base", version: "1") { version }
    }"""

    found = graphql(api, query)

    codes = [error["extensions"]["code"] for error in found["errors"]]
    assert set(codes) == {"resolution_too_hard"}


def dependents(api: Api, version: str, by: str | None = None) -> Any:
    return api.get(f"/packages/info/acme.base/{version}/dependents", by)


def test_who_depends_on_a_version_and_who_breaks_without_it(api: Api) -> None:
    assert dependents(api, "1.0.0").get_json() == {
        "dependents": [
            {"packageId": "acme.app", "version": "1.0.0", "selection": "1-", "breaks": False}
        ]
    }
    own = {"packageId": "acme.own", "version": "1.0.0", "selection": "1,2", "breaks": False}
    assert dependents(api, "2", "Ada").get_json()["dependents"] == [
        {"packageId": "acme.app", "version": "2.0.0", "selection": "2", "breaks": True},
        {"packageId": "acme.app", "version": "1.0.0", "selection": "1-", "breaks": False},
        own,
    ]
    assert own not in dependents(api, "2").get_json()["dependents"]


def test_graphql_tells_of_the_same_dependents(api: Api) -> None:
    query = """{ versionDependents(packageId: "acme.base", version: "2.0.0") {
        packageId version selection breaks } }"""

    for by in (None, "Ada"):
        found = graphql(api, query, by)["data"]["versionDependents"]
        assert found == dependents(api, "2", by).get_json()["dependents"]


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("acme.base/9", 404, "not_found"),
        ("acme.none/1", 404, "not_found"),
        ("acme.own/1", 404, "not_found"),
        ("x/1", 400, "full_id_or_invalid"),
        ("acme.base/x", 400, "invalid_version"),
    ],
)
def test_dependents_of_nothing(api: Api, path: str, status: int, code: str) -> None:
    assert refusal(api.get(f"/packages/info/{path}/dependents")) == (status, code)
