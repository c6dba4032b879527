"""A plan serves all requests of its shape, and no other."""

from typing import Any

import pytest

from graphql_schema.engine.lru import Lru
from registry.rules.permissions import NO_PERMISSIONS, Permission
from registry.rules.viewer import ANONYMOUS, Viewer
from tests.graphql_schema.conftest import Catalogue

PAGE = """query ($first: Int, $filter: PackageFilter, $with: Boolean = true, $after: String) {
  packages(first: $first, filter: $filter, after: $after) {
    totalCount @include(if: $with)
    nodes { name type }
  }
}"""


@pytest.mark.parametrize(
    "variables",
    [
        [{"first": 1}, {"first": 2}, {"first": 1}],
        [{"with": True}, {"with": False}, {}],
        [{"filter": {"type": ["lib"]}}, {"filter": {"type": ["app"]}}],
        [{"filter": {"type": ["lib"]}}, {"filter": {"type": ["lib", "app"]}}, {"filter": {}}],
        [{"filter": {"name": ["@acme/small-1"]}}, {"filter": {"name": ["@Org/typed-2"]}}],
        [{"filter": {"name": ["@acme/small-1"]}}, {"filter": {"name": ["a", "@Org/typed-2"]}}],
        [{"filter": {"q": "small"}}, {"filter": {"q": None}}, {"filter": None}, {}],
        [{"filter": {"listed": True}}, {"filter": {"listed": False}}],
        [{"filter": {"q": "a"}}, {"filter": {"path": "a"}}],
    ],
    ids=str,
)
def test_requests_one_after_the_other_get_what_each_asks_for(
    catalogue: Catalogue, variables: list[dict[str, Any]]
) -> None:
    door = catalogue.door()

    for given in variables:
        answer = catalogue.ask(PAGE, given, operations=door)
        assert {"data": answer["data"]} == catalogue.ask_field_by_field(PAGE, given)


def test_a_cursor_may_come_and_go(catalogue: Catalogue) -> None:
    query = "query ($after: String) { packages(first: 1, after: $after) { edges { cursor } } }"
    first = catalogue.data(query)["packages"]["edges"][0]["cursor"]
    second = catalogue.data(query, {"after": first})["packages"]["edges"][0]["cursor"]

    assert catalogue.data(query, {"after": second}) != catalogue.data(query, {"after": first})
    assert catalogue.data(query, {"after": None})["packages"]["edges"][0]["cursor"] == first


def test_operations_of_one_document_are_planned_apart(catalogue: Catalogue) -> None:
    text = "query A { packages { totalCount } } query B { commits { totalCount } }"

    with_a = catalogue.ask(text, operation="A")["data"]
    with_b = catalogue.ask(text, operation="B")["data"]

    assert (list(with_a), list(with_b)) == (["packages"], ["commits"])


def test_viewers_of_other_rights_are_planned_apart_and_of_the_same_rights_told_apart(
    catalogue: Catalogue,
) -> None:
    query = """{
      one: node(id: "Author:1") { ... on Author { authorId } }
      two: node(id: "Author:2") { ... on Author { authorId } }
    }"""

    def told(viewer: Viewer) -> list[str | None]:
        data = catalogue.data(query, viewer=viewer)
        return [data["one"]["authorId"], data["two"]["authorId"]]

    assert told(ANONYMOUS) == [None, None]
    assert told(Viewer(1, NO_PERMISSIONS)) == ["Author1", None]
    assert told(Viewer(2, NO_PERMISSIONS)) == [None, "Author2"]
    assert told(Viewer(2, Permission.ViewPackages)) == [None, "Author2"]
    assert told(ANONYMOUS) == [None, None]


def test_the_second_request_of_a_shape_is_not_planned_again(catalogue: Catalogue) -> None:
    query = "query ($name: String!) { package(name: $name) { name versions { totalCount } } }"
    catalogue.data(query, {"name": "@acme/small-1"})
    (first,) = catalogue.queries()

    catalogue.data(query, {"name": "@Org/typed-2"})

    assert catalogue.queries() == [first]


def test_what_was_used_last_is_kept() -> None:
    kept: Lru[int] = Lru(2)
    kept.put("a", 1)
    kept.put("b", 2)
    assert kept.get("a") == 1
    kept.put("c", 3)

    assert [kept.get(key) for key in "abc"] == [1, None, 3]
    kept.put("a", 4)
    assert kept.get("a") == 4
