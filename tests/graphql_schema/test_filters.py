"""Each filter means what it says, in pages, counts and at both ends of a page alike."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from registry.database import reading
from registry.models import Commit, Dependency, Health, Package, PackageCommit, Version
from tests.graphql_schema.conftest import Catalogue

Test = Callable[[Any], bool]


def never(_row: Any) -> bool:
    return False


def row_of(catalogue: Catalogue, *models: Any) -> list[Any]:
    with reading(catalogue.sessions) as session:
        rows = [session.scalars(select(model)).all() for model in models]
        session.expunge_all()
    return rows


def names(catalogue: Catalogue, wanted: str) -> set[str]:
    found = catalogue.data(
        f"""{{ packages(first: 1000, filter: {{{wanted}}}) {{
          totalCount
          nodes {{ name }}
          pageInfo {{ hasNextPage }}
        }} }}"""
    )["packages"]
    assert found["totalCount"] == len(found["nodes"])
    assert found["pageInfo"]["hasNextPage"] is False
    return {node["name"] for node in found["nodes"]}


@pytest.mark.parametrize(
    ("wanted", "test"),
    [
        ('q: "SMALL"', lambda each: "small" in (each.name + each.description).lower()),
        ('name: ["@acme/small-1", "none"]', lambda each: each.name == "@acme/small-1"),
        ("name: []", never),
        ("type: [lib, tool]", lambda each: each.type in {"lib", "tool"}),
        ("type: []", never),
        ('path: "packages"', bool),
        ('path: "packages/small-1"', lambda each: each.path == "packages/small-1"),
        ('path: "packages/small"', never),
        ('path: "packages_small-1"', never),
        ('type: [app], path: "packages/small-1"', never),
    ],
)
def test_packages_by_their_own(catalogue: Catalogue, wanted: str, test: Test) -> None:
    (packages,) = row_of(catalogue, Package)
    members = [each for each in packages if each.workspace_id is not None]

    assert names(catalogue, wanted) == {each.name for each in members if test(each)}


def test_packages_by_health_and_dependency(catalogue: Catalogue) -> None:
    packages, healths, dependencies = row_of(catalogue, Package, Health, Dependency)
    by_id = {each.id: each.name for each in packages}

    def scored(low: int, high: int) -> set[str]:
        return {by_id[each.package_id] for each in healths if low <= each.overall_score <= high}

    assert names(catalogue, "status: [healthy]") == scored(80, 100)
    assert names(catalogue, "status: [warning]") == scored(60, 79)
    assert names(catalogue, "status: [error, healthy]") == scored(0, 59) | scored(80, 100)
    assert names(catalogue, "status: []") == set()
    some = dependencies[0].name
    assert names(catalogue, f'dependsOn: "{some}"') == {
        by_id[each.package_id] for each in dependencies if each.name == some
    }


@pytest.mark.parametrize(
    ("wanted", "test"),
    [
        ('author: "dev 3"', lambda each: "dev 3" in each.author_name.lower()),
        ('message: "FIX:"', lambda each: "fix:" in each.message.lower()),
        ('type: ["feat", "docs"]', lambda each: each.type in {"feat", "docs"}),
        ("breaking: true", lambda each: each.breaking),
        ("breaking: false", lambda each: not each.breaking),
        (
            'since: "2020-01-01T00:49:00.000Z"',
            lambda each: each.date.isoformat() >= "2020-01-01T00:49:00+00:00",
        ),
        (
            'until: "2020-01-01T01:49:00+01:00"',
            lambda each: each.date.isoformat() <= "2020-01-01T00:49:00+00:00",
        ),
    ],
)
def test_commits_of_all_and_of_a_package(catalogue: Catalogue, wanted: str, test: Test) -> None:
    commits, links = row_of(catalogue, Commit, PackageCommit)
    linked = {each.commit_id for each in links if each.package_id == 1}
    expected = {each.hash for each in commits if test(each)}
    page = f"""commits(first: 1000, filter: {{{wanted}}}) {{
      totalCount
      nodes {{ hash }}
      pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }}
      edges {{ cursor }}
    }}"""

    data = catalogue.data(f'{{ {page} package(name: "@acme/small-1") {{ {page} }} }}')

    for found, hashes in (
        (data["commits"], expected),
        (
            data["package"]["commits"],
            {each.hash for each in commits if each.id in linked} & expected,
        ),
    ):
        assert {node["hash"] for node in found["nodes"]} == hashes
        assert found["totalCount"] == len(found["nodes"]) == len(hashes)
        cursors = [edge["cursor"] for edge in found["edges"]] or [None]
        assert found["pageInfo"] == {
            "hasNextPage": False,
            "hasPreviousPage": False,
            "startCursor": cursors[0],
            "endCursor": cursors[-1],
        }


def test_commits_by_package(catalogue: Catalogue) -> None:
    commits, links, packages = row_of(catalogue, Commit, PackageCommit, Package)
    wanted = {each.id for each in packages if each.name in {"@acme/small-1", "@Org/typed-2"}}
    touched = {each.commit_id for each in links if each.package_id in wanted}

    found = catalogue.data(
        """{ commits(first: 1000, filter: {package: ["@acme/small-1", "@Org/typed-2"]}) {
          totalCount nodes { hash }
        } }"""
    )["commits"]

    assert {each["hash"] for each in found["nodes"]} == {
        each.hash for each in commits if each.id in touched
    }
    assert found["totalCount"] == len(touched)


@pytest.mark.parametrize(
    ("wanted", "test"),
    [
        ("type: [devDependency]", lambda each: each.kind == "devDependency"),
        ("outdated: true", lambda each: each.outdated),
        ("outdated: false", lambda each: not each.outdated),
        ("internal: true", lambda each: each.target_id is not None),
        ("internal: false", lambda each: each.target_id is None),
    ],
)
def test_dependencies(catalogue: Catalogue, wanted: str, test: Test) -> None:
    (dependencies,) = row_of(catalogue, Dependency)

    found = catalogue.data(
        f"""{{ package(name: "@acme/small-1") {{ dependencies(filter: {{{wanted}}}) {{
          totalCount nodes {{ name }}
        }} }} }}"""
    )["package"]["dependencies"]

    expected = [each.name for each in dependencies if each.package_id == 1 and test(each)]
    assert [each["name"] for each in found["nodes"]] == sorted(expected)
    assert found["totalCount"] == len(expected)


@pytest.mark.parametrize(
    ("wanted", "test"),
    [("tagged: true", lambda each: each.tag != ""), ("tagged: false", lambda each: each.tag == "")],
)
def test_versions_by_tag(catalogue: Catalogue, wanted: str, test: Test) -> None:
    (versions,) = row_of(catalogue, Version)

    found = catalogue.data(
        f"""{{ node(id: "Package:2") {{ ... on Package {{ versions(filter: {{{wanted}}}) {{
          totalCount nodes {{ id }}
        }} }} }} }}"""
    )["node"]["versions"]

    expected = {f"Version:{each.id}" for each in versions if each.package_id == 2 and test(each)}
    assert {each["id"] for each in found["nodes"]} == expected
    assert found["totalCount"] == len(expected)
