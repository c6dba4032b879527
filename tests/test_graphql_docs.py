"""`docs/graphql.md` tells what the server does: its queries have its answers, its codes are all."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from flask.testing import FlaskClient

import graphql_schema
from app import create_app
from registry.database import make_engine
from registry.demo import make_demo
from registry.settings import Settings
from registry.web.database import db
from tests.databases import Databases, fresh_database

ROOT = Path(__file__).parent.parent
DOCUMENT = (ROOT / "docs" / "graphql.md").read_text("utf-8")
# A query, perhaps its variables, and its answer.
EXAMPLE = re.compile(
    r"```graphql(?P<token> with-token)?\n(?P<query>.+?)```\n\n"
    r"(?:Variables:\n\n```json\n(?P<variables>.+?)```\n\n)?"
    r"```json\n(?P<answer>.+?)```",
    re.DOTALL,
)
EXAMPLES = list(EXAMPLE.finditer(DOCUMENT))


class Served(NamedTuple):
    """The demo behind a client, and its author's token."""

    client: FlaskClient
    token: str


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def served(
    request: pytest.FixtureRequest, databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    """Serve the demo from each kind of database, once."""
    with fresh_database(databases, request.param) as url:
        directory = tmp_path_factory.mktemp("demo")
        engine = make_engine(url)
        demo = make_demo(engine, directory)
        engine.dispose()
        app = create_app(Settings(database_url=url, instance_path=directory))
        yield Served(app.test_client(), demo.token)
        with app.app_context():
            db.engine.dispose()


def test_every_query_has_its_answer_and_there_are_twelve() -> None:
    assert len(EXAMPLES) == DOCUMENT.count("```graphql")
    assert len(re.findall(r"^### \d+\. ", DOCUMENT, re.MULTILINE)) == 12


@pytest.mark.parametrize(
    "example", EXAMPLES, ids=[str(number) for number, _ in enumerate(EXAMPLES, 1)]
)
def test_the_answer_is_the_servers_own(served: Served, example: re.Match[str]) -> None:
    headers = {"Authorization": f"Bearer {served.token}"} if example["token"] else {}
    variables = json.loads(example["variables"] or "{}")

    answer: dict[str, Any] = served.client.post(
        "/graphql", json={"query": example["query"], "variables": variables}, headers=headers
    ).get_json()
    answer.pop("extensions", None)

    assert answer == json.loads(example["answer"])


def test_what_the_explorer_opens_on_is_the_first_of_them(served: Served) -> None:
    package = Path(graphql_schema.__file__).parent
    opening = (package / "explorer" / "flagship.graphql").read_text("utf-8")
    shown = EXAMPLES[0]["query"].replace(', filter: {name: ["@acme/metar"]}', "")

    assert shown.split() == opening.split()
    assert "errors" not in served.client.post("/graphql", json={"query": opening}).get_json()


def test_every_code_of_an_error_is_told() -> None:
    told = set(re.findall(r"`([a-z_]+)`", DOCUMENT))
    sources = [
        file.read_text("utf-8") for file in Path(graphql_schema.__file__).parent.rglob("*.py")
    ]
    raised = re.findall(
        r"""(?:code=|"code": |^[A-Z_]+ = )"([a-z_]+)\"""", "\n".join(sources), re.MULTILINE
    )

    assert len(raised) > 10
    assert set(raised) - told == set()
