"""A database that goes away while the service runs, and comes back: over REST and over GraphQL."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from registry.database import make_engine
from registry.refresh import refresh_workspace
from registry.settings import Settings
from tests.outages import gone
from tests.repositories import small_monorepo

GRAPHQL = {"query": "{ packages { totalCount nodes { name } } }"}

# What clients ask, each in its own way.
QUESTIONS: dict[str, Callable[[FlaskClient], TestResponse]] = {
    "ready": lambda client: client.get("/readyz"),
    "list": lambda client: client.get("/api/packages"),
    "one": lambda client: client.get("/api/packages/two"),
    "health": lambda client: client.get("/api/commits"),
    "account": lambda client: client.get(
        "/account/packages", headers={"Authorization": "Bearer reg_any"}
    ),
    "refresh": lambda client: client.post("/api/packages/refresh"),
    "graphql": lambda client: client.post("/graphql", json=GRAPHQL),
    "graphql linked": lambda client: client.get("/graphql", query_string=GRAPHQL),
    "graphql mutation": lambda client: client.post(
        "/graphql", json={"query": "mutation { refreshPackages { __typename } }"}
    ),
}


@pytest.fixture(params=["postgresql"])
def database_url(request: pytest.FixtureRequest, databases: object) -> Iterator[str]:
    """Lend a PostgreSQL of its own name: SQLite's file does not go away."""
    url: str = databases.make("postgresql")  # type: ignore[attr-defined]  # pytest gives it as it is
    yield url
    databases.drop(url)  # type: ignore[attr-defined]  # as above


@pytest.fixture
def served(settings: Settings, new_app: Callable[[Settings], Flask], tmp_path: Path) -> FlaskClient:
    tree = small_monorepo(tmp_path / "acme")
    engine = make_engine(settings.database_address())
    refresh_workspace(engine, tree.path)
    engine.dispose()
    changed = {"workspace": tree.path, "open_writes": True}
    return new_app(settings.model_copy(update=changed)).test_client()


def test_while_it_is_gone_everything_is_a_503_and_afterwards_as_before(
    served: FlaskClient, database_url: str
) -> None:
    before = {name: ask(served).status_code for name, ask in QUESTIONS.items()}
    assert max(before.values()) < 500

    with gone(database_url):
        for name, ask in QUESTIONS.items():
            answer = ask(served)
            assert answer.status_code == 503, (name, answer.text)
            assert answer.headers["Retry-After"] == "5", name
            assert answer.json is not None
            if name.startswith("graphql"):
                codes = {error["extensions"]["code"] for error in answer.json["errors"]}
                assert codes == {"database_unavailable"}, name
            else:
                assert answer.mimetype == "application/problem+json", name
                assert answer.json["code"] == "database_unavailable", name

    # The first that asks: no dead connection is lent to anyone.
    assert {name: ask(served).status_code for name, ask in QUESTIONS.items()} == before
