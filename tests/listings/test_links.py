"""A listing and a workspace's package are one where both sides want it, and may part again."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from registry.accounts.links import LinkState, allow_package, find_link
from registry.database import make_engine, writing
from registry.models import Author, Listing, Package, Publication, Version
from registry.models.base import utc_now
from registry.publishing.analytics import record_install
from registry.publishing.provenance import attach_commit
from registry.refresh import refresh_workspace
from registry.rules.permissions import Permission
from tests.accounts.samples import add_listing, add_publication
from tests.listings.api import Api, refusal
from tests.repositories import WorkTree, small_monorepo

UPLOADED = {"version": "1.1.0", "upload_date": utc_now()}
ONLY_PUBLISHED = {"version": "9.0.0", "upload_date": utc_now()}


@pytest.fixture
def tree(tmp_path: Path) -> WorkTree:
    return small_monorepo(tmp_path / "workspace")


@pytest.fixture
def api(api: Api) -> Api:
    """Add a listing with two versions, one of which the workspace's git will know as well."""
    with writing(api.sessions) as session:
        ada = session.scalars(select(Author)).one()
        add_listing(session, ada, "acme.one", versions=[UPLOADED, ONLY_PUBLISHED])
    return api


@pytest.fixture
def refresh(database_url: str, tree: WorkTree) -> Any:
    engine = make_engine(database_url)
    yield lambda: refresh_workspace(engine, tree.path)
    engine.dispose()


def claim(tree: WorkTree, identifier: str = "acme.one", **more: Any) -> str:
    """Let the manifest of `@acme/one` name a listing."""
    manifest = {"name": "@acme/one", "version": "1.1.0", "description": "The first", **more}
    tree.package("packages/one", **manifest, registry={"packageId": identifier})
    return tree.commit("chore: name the listing")


def allow(api: Api, name: str = "@acme/one") -> dict[str, Any]:
    response = api.call(
        "PUT", "/account/packages/acme.one/workspace", "Ada", json={"packageName": name}
    )
    assert response.status_code == 200, response.text
    state = response.get_json()
    assert isinstance(state, dict)
    return state


def state(api: Api) -> dict[str, Any]:
    shown = api.get("/account/packages/acme.one/workspace", "Ada").get_json()
    assert isinstance(shown, dict)
    return shown


QUERY = """query {
  package(name: "@acme/one") {
    id
    listing { id packageId }
    versions { nodes { id version tag commit { hash } publication { installs commitHash } } }
  }
}"""


def package(api: Api) -> dict[str, Any]:
    answer = api.call("POST", "/graphql", "Ada", json={"query": QUERY}).get_json()
    found = answer["data"]["package"]
    assert isinstance(found, dict), answer
    return found


def versions(api: Api) -> dict[str, Any]:
    return {node["version"]: node for node in package(api)["versions"]["nodes"]}


LINKED = {"packageName": "@acme/one", "isLinked": True}
APART = {"packageName": "@acme/one", "isLinked": False}


@pytest.mark.parametrize("first", ["claim", "allow"])
def test_it_takes_both_sides(api: Api, tree: WorkTree, refresh: Any, first: str) -> None:
    refresh()
    if first == "claim":
        claim(tree)
        refresh()
        assert state(api) == {"packageName": "", "isLinked": False}
        assert package(api)["listing"] is None
        assert allow(api) == LINKED
    else:
        assert allow(api) == APART
        assert package(api)["listing"] is None
        claim(tree)
        assert refresh().changed

    assert state(api) == LINKED
    assert package(api)["listing"]["packageId"] == "acme.one"
    assert list(versions(api)) == ["9.0.0", "1.1.0", "1.0.0"]
    assert not refresh().changed


def test_one_version_that_both_know_is_one_version(api: Api, tree: WorkTree, refresh: Any) -> None:
    released = tree.git("rev-list", "-1", "@acme/one@1.1.0")
    claim(tree)
    refresh()
    allow(api)

    both = versions(api)["1.1.0"]
    assert (both["tag"], both["commit"]["hash"]) == ("@acme/one@1.1.0", released)
    assert both["publication"]["commitHash"] == released
    shown = api.get("/account/packages/acme.one", "Ada").get_json()["versions"]
    assert [(each["version"], each["commit"]) for each in shown] == [
        ("1.1.0", released),
        ("9.0.0", ""),
    ]
    assert list(shown[0])[-1] == "commit"


@pytest.mark.parametrize("how", ["disallow", "allow another", "disclaim", "remove", "rename"])
def test_when_one_side_wants_it_no_more_they_part(
    api: Api, tree: WorkTree, refresh: Any, how: str
) -> None:
    claim(tree)
    refresh()
    before = list(versions(api))
    own = api.get("/account/packages/acme.one", "Ada").get_json()["versions"]
    allow(api)

    if how == "disallow":
        ended = api.call("DELETE", "/account/packages/acme.one/workspace", "Ada")
        assert ended.get_json() == {"packageName": "", "isLinked": False}
    elif how == "allow another":
        assert allow(api, "two")["isLinked"] is False
    else:
        if how == "disclaim":
            tree.package("packages/one", name="@acme/one", version="1.1.0")
        elif how == "rename":
            claim(tree, name="@acme/uno")
        else:
            tree.git("rm", "-rq", "packages/one")
        tree.commit("chore: part")
        assert refresh().changed
        assert state(api)["isLinked"] is False

    assert api.get("/account/packages/acme.one", "Ada").get_json()["versions"] == own
    if how in {"disallow", "allow another", "disclaim"}:
        assert package(api)["listing"] is None
        assert list(versions(api)) == before
        assert all(node["publication"] is None for node in versions(api).values())
    # What git knows is what it says anew.
    assert not refresh().changed
    # And again together.
    if how == "disallow":
        assert allow(api) == LINKED
        assert list(versions(api)) == ["9.0.0", "1.1.0", "1.0.0"]


def test_ids_stay_what_they_are(api: Api, tree: WorkTree, refresh: Any) -> None:
    with api.sessions() as session:
        listing = f"Listing:{session.scalars(select(Listing.home_id)).one()}"
        published = session.scalars(select(Publication.version_id)).all()
    claim(tree)
    refresh()
    the_package = package(api)["id"]
    first = page(api, None)
    assert [node["version"] for node in first["nodes"]] == ["1.1.0"]
    cursor = first["pageInfo"]["endCursor"]

    allow(api)

    assert package(api)["listing"]["id"] == listing
    assert package(api)["id"] == the_package
    assert {versions(api)[v]["id"] for v in ("1.1.0", "9.0.0")} == {
        f"Version:{key}" for key in published
    }
    # The version at the seam is another row now, and may be told twice; none is left out.
    assert [node["version"] for node in page(api, cursor)["nodes"]][-1] == "1.0.0"
    api.call("DELETE", "/account/packages/acme.one/workspace", "Ada")
    node = "query ($id: ID!) { node(id: $id) { ... on Listing { packageId } } }"
    body = {"query": node, "variables": {"id": listing}}
    found = api.call("POST", "/graphql", "Ada", json=body).get_json()
    assert found["data"]["node"] == {"packageId": "acme.one"}
    with api.sessions() as session:
        assert session.scalars(select(Publication.version_id)).all() == published


def page(api: Api, after: str | None) -> dict[str, Any]:
    query = """query ($first: Int, $after: String) { package(name: "@acme/one") {
        versions(first: $first, after: $after) { nodes { version } pageInfo { endCursor } } } }"""
    variables = {"first": 5 if after else 1, "after": after}
    body = {"query": query, "variables": variables}
    answer = api.call("POST", "/graphql", "Ada", json=body).get_json()
    found = answer["data"]["package"]["versions"]
    assert isinstance(found, dict)
    return found


def test_installs_go_with_the_version(api: Api, tree: WorkTree, refresh: Any) -> None:
    with writing(api.sessions) as session:
        for key in session.scalars(select(Publication.version_id)).all():
            record_install(session, key, utc_now())
    claim(tree)
    refresh()
    allow(api)

    assert versions(api)["1.1.0"]["publication"]["installs"] == 1


def test_what_was_uploaded_meanwhile_is_brought_to_the_rest(
    api: Api, tree: WorkTree, refresh: Any
) -> None:
    claim(tree)
    refresh()
    allow(api)
    with writing(api.sessions) as session:
        home = session.get_one(Package, session.scalars(select(Listing.home_id)).one())
        add_publication(session, home, "9.1.0")

    tree.git("tag", "two@0.1.0")
    refresh()

    assert list(versions(api)) == ["9.1.0", "9.0.0", "1.1.0", "1.0.0"]


def test_a_package_that_has_a_listing_gets_no_other(api: Api, tree: WorkTree, refresh: Any) -> None:
    claim(tree)
    refresh()
    with writing(api.sessions) as session:
        grace_id = api_author(session)
        one = session.scalars(select(Package).where(Package.name == "@acme/one")).one()
        session.add(
            Listing(
                package_id=one.id,
                author_id=grace_id,
                identifier="grace.one",
                name="Grace's",
                name_key="grace's",
                package_type="other",
            )
        )

    assert allow(api) == APART
    with api.sessions() as session:
        assert session.scalars(
            select(Listing.identifier)
            .join(Package, Package.id == Listing.package_id)
            .where(Package.name == "@acme/one")
        ).all() == ["grace.one"]


def api_author(session: Session) -> int:
    author = Author(author_id="G1", name="Grace", name_key="grace")
    session.add(author)
    session.flush()
    return author.id


def test_another_authors_listing_is_not_for_me_to_link(
    api: Api, tree: WorkTree, refresh: Any
) -> None:
    claim(tree)
    refresh()
    api.author("Eve")

    body = {"packageName": "@acme/one"}
    for identifier in ("acme.one", "acme.missing"):
        path = f"/account/packages/{identifier}/workspace"
        assert refusal(api.call("PUT", path, "Eve", json=body)) == (404, "not_found")
        assert refusal(api.get(path, "Eve")) == (404, "not_found")
        assert refusal(api.call("DELETE", path, "Eve")) == (404, "not_found")
    assert package(api)["listing"] is None


def test_who_may_allow_what(api: Api) -> None:
    specific = Permission.UpdateVersionDataSpecificPackages
    api.token("this", "Ada", specific, {specific: ["acme.one"]})
    api.token("other", "Ada", specific, {specific: ["acme.other"]})
    api.token("view", "Ada", Permission.ViewPackages)
    path, body = "/account/packages/acme.one/workspace", {"packageName": "@acme/one"}

    assert refusal(api.call("PUT", path, None, json=body)) == (401, "unauthenticated")
    assert refusal(api.call("PUT", path, "view", json=body)) == (403, "insufficient_scope")
    assert refusal(api.call("PUT", path, "other", json=body)) == (403, "insufficient_scope")
    assert api.call("PUT", path, "this", json=body).get_json() == APART
    assert refusal(api.get(path, "this")) == (403, "insufficient_scope")


@pytest.mark.parametrize("body", [{}, {"packageName": " "}, {"packageName": "x" * 215}])
def test_what_is_no_package_name(api: Api, body: dict[str, Any]) -> None:
    answer = api.call("PUT", "/account/packages/acme.one/workspace", "Ada", json=body)

    assert answer.status_code == 400


@pytest.mark.parametrize("known", ["before", "after"])
def test_a_stated_commit_counts_as_soon_as_the_history_has_it(
    api: Api, tree: WorkTree, refresh: Any, known: str
) -> None:
    stated = tree.git("rev-parse", "HEAD~1") if known == "before" else "0" * 40
    refresh()
    if known == "after":
        stated = tree.commit("feat: not catalogued yet")
    with writing(api.sessions) as session:
        version = session.scalars(select(Version).where(Version.version == "9.0.0")).one()
        assert attach_commit(session, version, stated) is (known == "before")

    def shown() -> str:
        path = "/account/packages/acme.one/9.0.0"
        return str(api.get(path, "Ada").get_json()["versionData"]["commit"])

    assert shown() == (stated if known == "before" else "")
    if known == "after":
        assert refresh().changed
        assert shown() == stated
    query = '{ listing(packageId: "acme.one") { versions { version commit { hash } } } }'
    answer = api.call("POST", "/graphql", "Ada", json={"query": query}).get_json()
    assert answer["data"]["listing"]["versions"] == [
        {"version": "1.1.0", "commit": None},
        {"version": "9.0.0", "commit": {"hash": stated}},
    ]


def test_a_stated_commit_is_told_beside_the_one_that_introduced_the_version(
    api: Api, tree: WorkTree, refresh: Any
) -> None:
    introduced = tree.git("rev-list", "-1", "@acme/one@1.1.0")
    stated = claim(tree)
    refresh()
    allow(api)
    with writing(api.sessions) as session:
        version = session.scalars(select(Version).where(Version.version == "1.1.0")).one()
        assert attach_commit(session, version, stated)

    both = versions(api)["1.1.0"]
    assert both["commit"]["hash"] == introduced
    assert both["publication"]["commitHash"] == stated
    own = api.get("/account/packages/acme.one/1.1.0", "Ada").get_json()["versionData"]
    assert own["commit"] == stated


def test_the_link_is_a_function_too(sessions: sessionmaker[Session], api: Api) -> None:
    with writing(sessions) as session:
        ada = session.scalars(select(Author)).one()
        assert allow_package(session, ada.id, "acme.one", "@acme/none") == LinkState(
            "@acme/none", is_linked=False
        )
        assert find_link(session, ada.id, "acme.one").package_name == "@acme/none"
