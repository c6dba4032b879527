"""What `docs/graphql-engine.md` shows is what happens."""

import re
from pathlib import Path

from tests.graphql_schema.conftest import Catalogue

PAGE = (Path(__file__).parents[2] / "docs" / "graphql-engine.md").read_text("utf-8")


def block(language: str) -> str:
    return PAGE.split(f"```{language}\n")[1].split("```")[0]


def words(sql: str) -> list[str]:
    return re.findall(r"'[^']*'|\w+|[^\w\s]", sql)


def test_the_pages_query_is_the_pages_statement(catalogue: Catalogue) -> None:
    variables = {"type": ["lib"], "since": "2020-01-01T00:00:00.000Z"}

    answer = catalogue.ask(block("graphql"), variables)

    assert answer["extensions"] == {"cost": 11}
    assert [list(each) for each in answer["data"]["packages"]["nodes"]] == [
        ["name", "commits", "health"]
    ] * 2
    if catalogue.engine.dialect.name == "postgresql":
        (statement,) = catalogue.queries()
        assert words(statement.replace("%(param_1)s", "$1")) == words(block("sql"))
