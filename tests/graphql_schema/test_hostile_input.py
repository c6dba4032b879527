"""Whatever is sent is data, never SQL; what makes no sense is refused in so many words."""

from typing import Any

import orjson
import pytest
from sqlalchemy.orm import Session

from graphql_schema.operations import OperationRequest
from registry.rules.viewer import ANONYMOUS
from tests.graphql_schema.conftest import Catalogue

TEXTS = [
    "'",
    "''; DROP TABLE package; --",
    '"',
    "\\",
    "%",
    "_",
    "/",
    "%(param_1)s",
    "$1",
    ":name",
    "{}",
    "\x7f\x01",
    "\N{SNOWMAN}\N{PILE OF POO}",
    "a" * 1_000,
]


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: ascii(text[:12]))
def test_texts_mean_themselves_wherever_they_stand(catalogue: Catalogue, text: str) -> None:
    query = """query ($text: String!, $texts: [String!], $id: String!) {
      package(name: $text) { name }
      listing(packageId: $id) { packageId }
      search(query: $text) { totalCount }
      packages(filter: {q: $text, name: $texts, path: $text, dependsOn: $text}) { totalCount }
      commits(filter: {author: $text, message: $text, type: [$text], package: $texts}) {
        totalCount
      }
      other: package(name: LITERAL) { name }
      others: packages(filter: {q: LITERAL, path: LITERAL}) { totalCount }
    }""".replace("LITERAL", orjson.dumps(text).decode())

    data = catalogue.data(query, {"text": text, "texts": [text, "x"], "id": text})

    assert data["package"] is data["other"] is data["listing"] is None
    assert data["packages"] == data["others"] == data["commits"] == {"totalCount": 0}
    # Only a slash stands in any name.
    assert (data["search"]["totalCount"] > 0) == (text == "/")


def test_wildcards_are_no_wildcards(catalogue: Catalogue) -> None:
    def found(text: str) -> int:
        query = "query ($text: String!) { search(query: $text) { totalCount } }"
        count: int = catalogue.data(query, {"text": text})["search"]["totalCount"]
        return count

    assert found("acme/s") > 0
    assert found("acme_s") == found("acme%s") == 0


@pytest.mark.parametrize(
    ("query", "variables", "code"),
    [
        ("{ package(name: VALUE) { name } }", "a\0b", "invalid_text"),
        ("{ packages(filter: {q: VALUE}) { totalCount } }", "\0", "invalid_text"),
        ("{ packages(filter: {q: VALUE}) { totalCount } }", "x" * 1_001, "invalid_text"),
        ("{ search(query: VALUE) { totalCount } }", "x" * 9_000, "invalid_text"),
        ("{ packages(filter: {path: VALUE}) { totalCount } }", "x" * 9_000, "invalid_text"),
        ("{ packages(after: VALUE) { nodes { name } } }", "", "invalid_cursor"),
        ("{ packages(after: VALUE) { nodes { name } } }", "zz", "invalid_cursor"),
        ("{ packages(before: VALUE) { nodes { name } } }", "5b5d", "invalid_cursor"),
        ("{ packages(after: VALUE) { nodes { name } } }", '["name"]', "invalid_cursor"),
        ("{ packages(after: VALUE) { nodes { name } } }", '["name",1,"x"]', "invalid_cursor"),
        ("{ packages(after: VALUE) { nodes { name } } }", '["name","x",true]', "invalid_cursor"),
        (
            "{ packages(after: VALUE) { nodes { name } } }",
            '["name","x\\u0000",1]',
            "invalid_cursor",
        ),
        (
            "{ packages(after: VALUE) { nodes { name } } }",
            '["name","x",9223372036854775808]',
            "invalid_cursor",
        ),
        ("{ packages(after: VALUE) { nodes { name } } }", '["type","lib","x",1]', "invalid_cursor"),
        ("{ packages(after: VALUE) { nodes { name } } }", '{"name": 1}', "invalid_cursor"),
        (
            "{ commits(after: VALUE) { nodes { hash } } }",
            '["date","yesterday",1]',
            "invalid_cursor",
        ),
        (
            "{ commits(after: VALUE) { nodes { hash } } }",
            '["date","2020-01-01T00:00:00",1]',
            "invalid_cursor",
        ),
        ("{ commits(after: VALUE) { nodes { hash } } }", '["date",7,1]', "invalid_cursor"),
        ("{ commit(hash: VALUE) { hash } }", "356a19", "invalid_input"),
        ("{ commit(hash: VALUE) { hash } }", "g" * 40, "invalid_input"),
        ("{ commit(hash: VALUE) { hash } }", "a" * 65, "invalid_input"),
        ("{ node(id: VALUE) { id } }", "Package", "invalid_id"),
        ("{ node(id: VALUE) { id } }", "Package:1;", "invalid_id"),
        ("{ node(id: VALUE) { id } }", "Package:-1", "invalid_id"),
        ("{ node(id: VALUE) { id } }", "Package:٣", "invalid_id"),
        ("{ node(id: VALUE) { id } }", "Package:99999999999999999999", "invalid_id"),
        ("{ selection(expression: VALUE) { contains(version: VALUE) } }", "x", "invalid_input"),
    ],
)
def test_what_makes_no_sense_is_refused(
    catalogue: Catalogue, query: str, variables: str, code: str
) -> None:
    if code == "invalid_cursor" and variables[:1] in {"[", "{"}:
        variables = variables.encode().hex()
    literal = orjson.dumps(variables).decode()
    given = "ID" if "node(" in query else "String"

    written = query.replace("VALUE", literal)
    by_variable = f"query ($value: {given}!) " + query.replace("VALUE", "$value")

    assert catalogue.code(written) == code
    assert catalogue.code(by_variable, {"value": variables}) == code


@pytest.mark.parametrize(
    ("declared", "used", "value"),
    [
        ("$n: Int", "packages(first: $n)", 2**31),
        ("$n: Int", "packages(first: $n)", -(10**40)),
        ("$n: Int", "packages(first: $n)", 1.5),
        ("$n: Int", "packages(first: $n)", "1"),
        ("$n: String", "packages(after: $n)", 7),
        ("$n: DateTime", "commits(filter: {since: $n})", "2020-02-30T00:00:00Z"),
        ("$n: DateTime", "commits(filter: {since: $n})", "2020-02-03T00:00:00"),
        ("$n: DateTime", "commits(filter: {since: $n})", "0000-00-00"),
        ("$n: DateTime", "commits(filter: {since: $n})", "0001-01-01T00:00:00Z"),
        ("$n: DateTime", "commits(filter: {since: $n})", 12),
        ("$n: [PackageKind!]", "packages(filter: {type: $n})", ["LIB"]),
        ("$n: PackageFilter", "packages(filter: $n)", {"unknown": 1}),
        ("$n: PackageFilter", "packages(filter: $n)", []),
    ],
)
def test_variables_of_the_wrong_kind_are_refused(
    catalogue: Catalogue, declared: str, used: str, value: Any
) -> None:
    query = f"query ({declared}) {{ {used} {{ totalCount }} }}"

    assert catalogue.code(query, {"n": value}) == "invalid_variables"
    assert not catalogue.queries()


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("", "graphql_syntax_error"),
        ("{", "graphql_syntax_error"),
        ("\0", "graphql_syntax_error"),
        ('{ package(name: "\\ud800") { name } }', "graphql_syntax_error"),
        ("{ nothing }", "graphql_validation_failed"),
        (
            "{ packages { nodes { ...F } } } fragment F on Package { ...F }",
            "graphql_validation_failed",
        ),
        (
            "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }",
            "graphql_validation_failed",
        ),
        ("{ a: packages { totalCount } a: commits { totalCount } }", "graphql_validation_failed"),
        ("query A { __typename } query B { __typename }", "operation_not_found"),
        ("fragment F on Query { __typename }", "graphql_validation_failed"),
        ("mutation { refreshEverything }", "graphql_validation_failed"),
        ("{ " + " ".join(f"a{n}: __typename" for n in range(10_000)) + " }", "query_too_long"),
        ("{" + "".join(f"a{n}:__typename," for n in range(1_200)) + "}", "graphql_syntax_error"),
        ("{ packages { nodes { " + "... { " * 99 + "name" + " }" * 99 + " } } }", "query_too_deep"),
        (
            "{ packages { nodes { ...F0 } } }"
            + "".join(f" fragment F{n} on Package {{ ...F{n + 1} ...F{n + 1} }}" for n in range(60))
            + " fragment F60 on Package { name }",
            "too_many_fields",
        ),
    ],
    ids=lambda value: value[:40] if isinstance(value, str) else None,
)
def test_documents_that_are_none_or_too_much(catalogue: Catalogue, query: str, code: str) -> None:
    assert catalogue.code(query) == code
    assert not catalogue.queries()


def test_circles_can_be_followed_as_far_as_the_database_can_read(catalogue: Catalogue) -> None:
    def nested(levels: int) -> str:
        text = "name"
        for _ in range(levels):
            text = f"dependents(first: 1) {{ nodes {{ {text} }} }}"
        return f'{{ package(name: "@acme/small-1") {{ {text} }} }}'

    assert "errors" not in catalogue.ask(nested(4))
    deep = catalogue.ask(nested(6))
    if catalogue.engine.dialect.name == "postgresql":
        assert "errors" not in deep
    elif "errors" in deep:
        assert deep["errors"][0]["extensions"]["code"] == "query_too_deep"


def test_keys_may_be_long_and_many(catalogue: Catalogue) -> None:
    names = [f"{'x' * 80}{number}" for number in range(49)]
    query = " ".join(f"{name}: description" for name in names)

    found = catalogue.data(f"{{ packages(first: 2) {{ nodes {{ {query} }} }} }}")

    assert list(found["packages"]["nodes"][0]) == names


def test_failures_tell_nothing_of_the_inside(
    catalogue: Catalogue, caplog: pytest.LogCaptureFixture
) -> None:
    def broken() -> Session:
        raise RuntimeError("the secret of /srv/secret.db")

    result: Any = catalogue.operations.run(
        OperationRequest("{ packages { totalCount } healthSummary { total } }"), broken, ANONYMOUS
    )

    for error in orjson.loads(result.body)["errors"]:
        assert error["extensions"] == {"code": "internal_error"}
    assert "secret" not in str(result.body)
    assert "the secret of /srv/secret.db" in caplog.text


def test_a_filter_takes_so_many_values_and_no_more(catalogue: Catalogue) -> None:
    query = "query ($names: [String!]) { packages(filter: {name: $names}) { totalCount } }"

    assert catalogue.data(query, {"names": ["x"] * 500})["packages"]["totalCount"] == 0
    assert catalogue.data(query, {"names": []})["packages"]["totalCount"] == 0
    assert catalogue.code(query, {"names": ["x"] * 501}) == "too_many_values"


@pytest.mark.parametrize(
    "query",
    [
        "{ packages(first: NUMBER) { totalCount } }",
        "{ packages(first: -NUMBER) { totalCount } }",
        "{ packages(filter: {q: NUMBER}) { totalCount } }",
        "query ($n: Int = NUMBER) { packages(first: $n) { totalCount } }",
        "{ node(id: NUMBER) { id } }",
        "{ packages(first: 1.NUMBER) { totalCount } }",
    ],
)
def test_no_number_is_too_long_to_be_refused(catalogue: Catalogue, query: str) -> None:
    assert catalogue.code(query.replace("NUMBER", "9" * 401)) == "graphql_validation_failed"
    assert catalogue.code(query.replace("NUMBER", "9" * 15_000)) == "graphql_validation_failed"


def test_a_text_may_be_of_digits(catalogue: Catalogue) -> None:
    assert catalogue.data(f'{{ package(name: "{"9" * 900}") {{ name }} }}') == {"package": None}
