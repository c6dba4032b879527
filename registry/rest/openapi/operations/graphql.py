"""GraphQL's address; what can be asked there, `GET /graphql/schema` tells."""

from typing import Annotated, Any

from pydantic import Field

from registry.rest.openapi.operation import JSON, Access, Answer, Body, Operation, Parameter
from registry.rest.openapi.shape import Count, Shape, absent


class GraphqlRequest(Shape):
    """A GraphQL operation."""

    query: Annotated[str, Field(min_length=1)] = absent
    """The document; its id instead (`id`), where the server runs trusted documents only."""
    operation_name: str | None = absent
    variables: dict[str, Any] | None = absent
    extensions: dict[str, Any] | None = absent


class GraphqlErrorPlace(Shape):
    """A place in the query."""

    line: Count
    column: Count


class GraphqlError(Shape):
    """An error of a GraphQL operation."""

    message: str
    extensions: dict[str, Any]
    """`code` is stable and what a program should switch on."""
    locations: list[GraphqlErrorPlace] = absent
    path: list[str | int] = absent


class GraphqlResult(Shape):
    """What a GraphQL operation came to."""

    # The errors first: the GraphQL specification's advice (7.1), for people who read answers.
    errors: list[GraphqlError] = absent
    data: dict[str, Any] | None = absent
    extensions: dict[str, Any] = absent
    """`cost`: how many rows the operation could have read."""


_ONE: dict[str, Any] = {JSON: GraphqlResult, "application/graphql-response+json": GraphqlResult}
_SOME: dict[str, Any] = dict.fromkeys(_ONE, GraphqlResult | list[GraphqlResult])

OPERATIONS = {
    "POST /graphql": Operation(
        id="run_graphql",
        summary="Run a GraphQL operation, or a list of them",
        tag="GraphQL",
        body=Body({JSON: GraphqlRequest | list[GraphqlRequest]}),
        answers={200: Answer("What it came to.", _SOME)},
        problem_content=_ONE,
        access=Access.OPTIONAL,
    ),
    "GET /graphql": Operation(
        id="query_graphql",
        summary="Run a GraphQL query; browsers get the explorer",
        tag="GraphQL",
        parameters=[
            Parameter("query", "The document."),
            Parameter("operationName", "Which operation of the document."),
            Parameter("variables", "JSON: an object."),
            Parameter("extensions", "JSON: an object."),
        ],
        answers={200: Answer("What it came to.", {**_ONE, "text/html": str})},
        problems={405: "It is a mutation, which needs POST."},
        problem_content=_ONE,
        access=Access.OPTIONAL,
        is_conditional=True,
    ),
    "GET /graphql/schema": Operation(
        id="get_graphql_schema",
        summary="Give the GraphQL schema in its definition language",
        tag="GraphQL",
        answers={200: Answer("The schema.", {"text/plain": str})},
        problems={404: "It is not shown: introspection is switched off."},
        is_conditional=True,
        needs_database=False,
    ),
    "GET /graphql/explorer/<path:name>": Operation(
        id="get_graphql_explorer_file",
        summary="Give a file of the GraphQL explorer",
        tag="GraphQL",
        path=[Parameter("name", "The file's name.")],
        answers={200: Answer("The file.", {"text/css": str, "text/javascript": str})},
        problems={404: "There is no such file."},
        is_conditional=True,
        needs_database=False,
    ),
}
