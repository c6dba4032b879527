"""Each limit refuses what is over it, before any SQL runs, and lets pass what is not."""

from dataclasses import replace

import pytest
from graphql import get_introspection_query

from graphql_schema.engine.planner import Limits
from tests.graphql_schema.conftest import FLAGSHIP, LIMITS, PLAN_LIMITS, Catalogue

NESTED = "{ packages { nodes { dependents { nodes { dependents { totalCount } } } } } }"


@pytest.mark.parametrize(
    ("limit", "query", "needed", "code"),
    [
        ("depth", NESTED, 6, "query_too_deep"),
        (
            "depth",
            "{ ...A } fragment A on Query { packages { ... { nodes { name } } } }",
            3,
            "query_too_deep",
        ),
        ("aliases", "{ a: __typename b: __typename viewer { c: name } }", 1, "too_many_aliases"),
        (
            "aliases",
            (
                "{ p: packages { ...N } q: packages { ...N } }"
                " fragment N on PackageConnection { n: totalCount }"
            ),
            4,
            "too_many_aliases",
        ),
        (
            "fields",
            (
                "{ p: packages { ...N } q: packages { ...N } } fragment N on PackageConnection"
                " { totalCount nodes { ...P } } fragment P on Package { name path }"
            ),
            10,
            "too_many_fields",
        ),
        ("tokens", "{ viewer { name } }", 6, "graphql_syntax_error"),
        ("characters", "{ viewer { name } }", 19, "query_too_long"),
    ],
)
def test_query_limits(catalogue: Catalogue, limit: str, query: str, needed: int, code: str) -> None:
    enough = catalogue.door(limits=replace(LIMITS, **{limit: needed}))
    too_little = catalogue.door(limits=replace(LIMITS, **{limit: needed - 1}))

    assert "errors" not in catalogue.ask(query, operations=enough)
    assert catalogue.code(query, operations=too_little) == code
    assert not catalogue.queries()


def test_cost_is_the_number_of_rows_asked_for(catalogue: Catalogue) -> None:
    # Of each of 2 packages: 3 versions with a commit each, one count, and its health.
    query = """{
      packages(first: 2) {
        nodes { versions(first: 3) { totalCount nodes { commit { hash } } } health { isHealthy } }
      }
    }"""
    cost = 2 + 2 * (1 + 3 * 2) + 2

    assert catalogue.ask(query)["extensions"] == {"cost": cost}
    exact = catalogue.door(plan_limits=Limits(cost=cost, page_size=10))
    assert "errors" not in catalogue.ask(query, operations=exact)

    less = catalogue.door(plan_limits=Limits(cost=cost - 1, page_size=10))
    answer = catalogue.ask(query, operations=less)
    assert "data" not in answer
    assert answer["errors"][0]["extensions"] == {"code": "cost_exceeded", "cost": cost}
    assert not catalogue.queries()


def test_cost_adds_up_over_root_fields_and_counts_a_node_once(catalogue: Catalogue) -> None:
    def cost(query: str) -> int:
        found: int = catalogue.ask(query)["extensions"]["cost"]
        return found

    assert cost("{ a: packages(first: 3) { nodes { name } } b: viewer { name } }") == 4
    assert cost('{ node(id: "Package:1") { id } }') == 1
    assert cost("{ packages(first: 7) { edges { cursor } pageInfo { hasNextPage } } }") == 8
    assert cost("{ __typename }") == 0


def test_page_size_is_limited(catalogue: Catalogue) -> None:
    small = catalogue.door(plan_limits=Limits(cost=100, page_size=5))

    def nodes(arguments: str) -> str:
        return f"{{ packages{arguments} {{ nodes {{ name }} }} }}"

    assert catalogue.code(nodes("(first: 6)"), operations=small) == "page_too_large"
    assert catalogue.code(nodes("(last: 6)"), operations=small) == "page_too_large"
    assert len(catalogue.ask(nodes(""), operations=small)["data"]["packages"]["nodes"]) == 5
    assert catalogue.code(nodes("(first: -1)")) == "invalid_page"
    assert catalogue.code(nodes("(first: 1, last: 1)")) == "invalid_page"


def test_the_flagship_and_introspection_fit_in_easily(catalogue: Catalogue) -> None:
    half = replace(
        LIMITS,
        depth=LIMITS.depth // 2,
        aliases=LIMITS.aliases // 2,
        fields=LIMITS.fields // 2,
        tokens=LIMITS.tokens // 2,
        characters=LIMITS.characters // 2,
    )
    door = catalogue.door(limits=half, plan_limits=replace(PLAN_LIMITS, cost=50_000))

    assert "errors" not in catalogue.ask(FLAGSHIP, operations=door)
    assert "errors" not in catalogue.ask(get_introspection_query(), operations=door)


def test_introspection_can_be_switched_off(catalogue: Catalogue) -> None:
    closed = catalogue.door(introspection=False)

    asked = "{ __schema { queryType { name } } }"
    assert catalogue.code(asked, operations=closed) == "graphql_validation_failed"
    assert "errors" not in catalogue.ask("{ __typename }", operations=closed)
