"""Kept answers: sent again while the data stand, to those who may see them, and no longer."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, update
from sqlalchemy.orm import sessionmaker

from registry.accounts.tokens import issue_token
from registry.database import make_engine, writing
from registry.models import Author, Package
from registry.rules.permissions import Permission
from registry.settings import Settings
from registry.web.database import db, single_reads
from tests.graphql_schema.conftest import FLAGSHIP
from tests.graphql_schema.generated import Size, fill

TWO = "query ($n: Int) { packages(first: $n) { nodes { name description } } }"


@pytest.fixture
def app(settings: Settings, new_app: Callable[[Settings], Flask]) -> Flask:
    """Make the application, with a generated catalogue."""
    engine = make_engine(settings.database_address())
    fill(engine, Size(packages=6))
    engine.dispose()
    return new_app(settings)


@contextmanager
def statements(app: Flask) -> Iterator[list[str]]:
    """Note what the application asks the database meanwhile."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if not statement.startswith("BEGIN"):
            seen.append(statement)

    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", note)
        single_reads().observe = lambda statement, _seconds: seen.append(statement)
        yield seen
        single_reads().observe = None
        event.remove(db.engine, "before_cursor_execute", note)


def ask(client: FlaskClient, query: str, token: str = "", **variables: Any) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    body = {"query": query, "variables": variables}
    answer: dict[str, Any] = client.post("/graphql", json=body, headers=headers).get_json()
    return answer


def describe(settings: Settings, description: str) -> None:
    """Change the catalogue as another process would."""
    engine = make_engine(settings.database_address())
    with writing(sessionmaker(engine)) as session:
        session.execute(update(Package).values(description=description))
    engine.dispose()


def test_the_same_question_costs_a_look_at_the_revision(app: Flask, client: FlaskClient) -> None:
    first = ask(client, FLAGSHIP)

    with statements(app) as seen:
        assert ask(client, FLAGSHIP) == first
    assert len(seen) == 1
    assert "package" not in seen[0]


def test_a_change_by_another_process_is_seen_at_once(
    client: FlaskClient, settings: Settings
) -> None:
    for number in range(3):
        describe(settings, f"change {number}")
        for _ in range(2):
            nodes = ask(client, TWO, n=1)["data"]["packages"]["nodes"]
            assert nodes[0]["description"] == f"change {number}"


def test_other_variables_and_operations_are_other_questions(client: FlaskClient) -> None:
    assert len(ask(client, TWO, n=1)["data"]["packages"]["nodes"]) == 1
    assert len(ask(client, TWO, n=2)["data"]["packages"]["nodes"]) == 2
    both = "query A { packages { totalCount } } query B { packages { nodes { path } } }"
    for name, key in (("A", "totalCount"), ("B", "nodes"), ("A", "totalCount")):
        body = {"query": both, "operationName": name}
        assert list(client.post("/graphql", json=body).get_json()["data"]["packages"]) == [key]


def test_each_viewer_gets_answers_of_its_own(client: FlaskClient, settings: Settings) -> None:
    engine = make_engine(settings.database_address())
    with writing(sessionmaker(engine)) as session:
        tokens = [
            issue_token(session, session.get_one(Author, author), permission, None).secret
            for author, permission in (
                (1, Permission.ViewPackages),
                (1, Permission.ReadAuthorData),
                (2, Permission.ViewPackages),
            )
        ]
    engine.dispose()
    query = "{ viewer { authorId } packages { nodes { versions { totalCount } } } }"

    fresh = [ask(client, query, token) for token in ["", *tokens]]
    again = [ask(client, query, token) for token in reversed(["", *tokens])]

    assert again == fresh[::-1]
    assert len({str(answer) for answer in fresh}) == len(fresh)


@pytest.mark.parametrize(
    "query",
    [
        "{ packages { totalCount } other: packages(first: -1) { totalCount } }",
        'mutation { updatePackageConfig(packageName: "x", config: {}) { success } }',
        '{ selection(expression: "1") { canonical } }',
    ],
)
def test_errors_mutations_and_what_is_not_data_are_not_kept(
    app: Flask, client: FlaskClient, query: str
) -> None:
    ask(client, query)
    with statements(app) as first:
        answer = ask(client, query)
    with statements(app) as second:
        assert ask(client, query) == answer
    assert first == second


def test_a_kept_answer_is_charged_for(settings: Settings, new_app: Callable[..., Flask]) -> None:
    settings = settings.model_copy(update={"ratelimit_graphql": "5 per hour"})
    engine = make_engine(settings.database_address())
    fill(engine, Size(packages=6))
    engine.dispose()
    client = new_app(settings).test_client()

    assert "errors" not in ask(client, TWO, n=2)
    assert "errors" not in ask(client, TWO, n=2)
    assert ask(client, TWO, n=2)["errors"][0]["extensions"]["code"] == "rate_limited"


def test_without_room_nothing_is_kept(settings: Settings, new_app: Callable[..., Flask]) -> None:
    engine = make_engine(settings.database_address())
    fill(engine, Size(packages=6))
    engine.dispose()
    app = new_app(settings.model_copy(update={"graphql_cache_bytes": 0}))
    ask(app.test_client(), TWO, n=1)

    with statements(app) as seen:
        ask(app.test_client(), TWO, n=1)
    assert "package" in seen[0]
