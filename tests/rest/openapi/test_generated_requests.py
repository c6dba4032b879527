"""Requests that nobody thought of, made from the documents by Schemathesis, to the app itself.

Whatever is asked: no failure, no status and no media type that is not documented, no body that
differs from its schema. The same requests each time; `make torture` asks a running server others,
and more of them (tests/torture/test_generated_requests.py).
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import schemathesis
from flask import Flask

from app import create_app
from registry.rest.limits import Policy
from registry.settings import Settings
from registry.web.database import db
from tests.databases import Databases, fresh_database
from tests.documented_answers import strict_document
from tests.rest.openapi.asking import CHECKS, check_graphql, headers
from tests.rest.openapi.conftest import make_contents

SCHEMA = Path(__file__).parents[3] / "schema.graphql"
# Of each operation of the document, and of GraphQL's fields in all.
EXAMPLES, QUERIES = 2, 25

everyone = pytest.mark.parametrize("who", ["nobody", "author"])


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def asked(
    request: pytest.FixtureRequest, databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Flask, str]]:
    """Make the app with the demo in it, without limits, and a token that may do everything."""
    directory = tmp_path_factory.mktemp("asked")
    with fresh_database(databases, request.param) as url:
        token = make_contents(url, directory)
        unlimited: dict[str, Any] = {policy.value: "" for policy in Policy}
        app = create_app(
            Settings(database_url=url, instance_path=directory / "instance", **unlimited)
        )
        yield app, token
        with app.app_context():
            db.engine.dispose()


def few(examples: int) -> hypothesis.settings:
    """Draw so many examples, the same each time."""
    return hypothesis.settings(
        max_examples=examples,
        derandomize=True,
        database=None,
        phases=[hypothesis.Phase.generate],
        suppress_health_check=list(hypothesis.HealthCheck),
    )


@everyone
def test_rest(asked: tuple[Flask, str], who: str) -> None:
    app, token = asked
    schema = schemathesis.openapi.from_dict(strict_document())
    schema.app = app
    results: Iterable[Any] = schema.get_all_operations()
    for operation in (result.ok() for result in results):

        @few(EXAMPLES)
        @hypothesis.given(case=operation.as_strategy())
        def ask(case: Any) -> None:
            # Called like this, no answer is decompressed.
            sent = {**headers(token, who), "Accept-Encoding": "identity"}
            case.call_and_validate(headers=sent, checks=CHECKS)

        ask()


@everyone
def test_graphql(asked: tuple[Flask, str], who: str) -> None:
    app, token = asked
    schema = schemathesis.graphql.from_file(SCHEMA.read_text("utf-8"))
    schema.app = app
    results: Iterable[Any] = schema.get_all_operations()
    operations = [result.ok() for result in results]

    @few(QUERIES)
    @hypothesis.given(data=hypothesis.strategies.data())
    def ask(data: hypothesis.strategies.DataObject) -> None:
        operation = data.draw(hypothesis.strategies.sampled_from(operations))
        case: Any = data.draw(operation.as_strategy())
        check_graphql(
            case, case.call(base_url="http://localhost/graphql", headers=headers(token, who))
        )

    ask()
