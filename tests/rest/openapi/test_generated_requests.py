"""Requests that nobody thought of, made from the documents by Schemathesis, to a running server.

Whatever is asked: no failure of the server, no status and no media type that is not documented, no
body that differs from its schema. The same requests every time, unless `TEST_EXAMPLES`
asks for another number of each operation's: then they are drawn anew, and what is printed (`-s`)
has the seed.
"""

import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import hypothesis
import orjson
import pytest
import schemathesis

from tests.documented_answers import strict_document
from tests.rest.openapi.conftest import Served

EXAMPLES = int(os.environ.get("TEST_EXAMPLES", "0"))
CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,"
    "response_headers_conformance,response_schema_conformance"
)
SCHEMA = Path(__file__).parents[3] / "schema.graphql"

everyone = pytest.mark.parametrize("who", ["nobody", "author"])


def headers(served: Served, who: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {served.token}"} if who == "author" else {}


@everyone
def test_rest(served: Served, who: str, tmp_path: Path) -> None:
    document = tmp_path / "openapi.json"
    document.write_bytes(orjson.dumps(strict_document()))
    drawn = ("--phases", "examples,coverage,fuzzing", "--max-examples", str(EXAMPLES))
    repeated = ("--phases", "fuzzing", "--max-examples", "2", "--generation-deterministic")

    finished = subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli", "--no-color", "run", str(document)),
            *("--url", served.address, "--checks", CHECKS, "--warnings", "off"),
            *("--no-shrink", "--continue-on-failure", *(drawn if EXAMPLES else repeated)),
            *(f"--header={name}:{value}" for name, value in headers(served, who).items()),
        ],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )

    sys.stdout.write(finished.stdout)
    assert finished.returncode == 0


@everyone
def test_graphql(served: Served, who: str) -> None:
    schema = schemathesis.graphql.from_file(SCHEMA.read_text("utf-8"))
    results: Iterable[Any] = schema.get_all_operations()
    operations = [result.ok() for result in results]
    sent = headers(served, who)

    @hypothesis.settings(max_examples=EXAMPLES * 10 or 30, derandomize=not EXAMPLES, database=None)
    @hypothesis.given(data=hypothesis.strategies.data())
    def ask(data: hypothesis.strategies.DataObject) -> None:
        operation = data.draw(hypothesis.strategies.sampled_from(operations))
        case: Any = data.draw(operation.as_strategy())
        response = case.call(base_url=f"{served.address}/graphql", headers=sent)
        assert response.status_code in {200, 400}, case.body
        for error in response.json().get("errors", ()):
            assert error["extensions"]["code"] != "internal_error", case.body

    ask()
