"""`commits(follow: true)` adds the commits from where a package was before it moved."""

from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from registry.catalogue.commits import list_commits
from registry.models import Package
from tests.graphql_schema.conftest import Catalogue

NAME = "@acme/small-1"


def commits(catalogue: Catalogue, arguments: str, **variables: Any) -> dict[str, Any]:
    declared = "($follow: Boolean)" if variables else ""
    data = catalogue.data(
        f"""query Asked{declared} {{ package(name: "{NAME}") {{
          commits({arguments}) {{ totalCount nodes {{ hash type }} edges {{ cursor }} }}
        }} }}""",
        variables,
    )
    found: dict[str, Any] = data["package"]["commits"]
    return found


def as_rest_lists(catalogue: Catalogue, *, follow: bool) -> list[str]:
    with Session(catalogue.engine) as session:
        package = session.scalars(select(Package.id).where(Package.name == NAME)).one()
        return [row.hash for row in list_commits(session, package, follow=follow)]


@pytest.mark.parametrize(
    ("arguments", "variables", "follow"),
    [
        ("first: 100", {}, False),
        ("first: 100, follow: null", {}, False),
        ("first: 100, follow: false", {}, False),
        ("first: 100, follow: true", {}, True),
        ("first: 100, follow: $follow", {"follow": True}, True),
        ("first: 100, follow: $follow", {"follow": False}, False),
        ("first: 100, follow: $follow", {"follow": None}, False),
    ],
)
def test_they_are_those_that_rest_lists(
    catalogue: Catalogue, arguments: str, variables: dict[str, Any], follow: bool
) -> None:
    found = commits(catalogue, arguments, **variables)

    expected = as_rest_lists(catalogue, follow=follow)
    assert [node["hash"] for node in found["nodes"]] == expected
    assert found["totalCount"] == len(expected)
    assert len(as_rest_lists(catalogue, follow=True)) > len(as_rest_lists(catalogue, follow=False))


def test_filters_hold_for_former_ones_too(catalogue: Catalogue) -> None:
    every = commits(catalogue, "first: 100, follow: true")["nodes"]

    fixes = commits(catalogue, 'first: 100, follow: true, filter: {type: ["fix"]}')

    assert fixes["nodes"] == [node for node in every if node["type"] == "fix"]
    assert 0 < fixes["totalCount"] == len(fixes["nodes"]) < len(every)


def test_a_cursor_is_a_place_in_both_histories(catalogue: Catalogue) -> None:
    own = commits(catalogue, "first: 3")
    cursor = own["edges"][-1]["cursor"]

    later = commits(catalogue, f'first: 100, follow: true, after: "{cursor}"')

    every = as_rest_lists(catalogue, follow=True)
    place = every.index(own["nodes"][-1]["hash"])
    assert [node["hash"] for node in later["nodes"]] == every[place + 1 :]
