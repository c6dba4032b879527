"""Thousands of requests that nobody thought of, made from the documents, to a running server.

Schemathesis makes them from the OpenAPI document and the GraphQL schema, as nobody and as an
author with all permissions. `TORTURE_EXAMPLES` (20) is how many of each operation there are,
besides those that cover its parameters one by one; of GraphQL's operations there are fifty times as
many in all.
"""

import os
import random
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import hypothesis
import orjson
import pytest
import schemathesis

from tests.databases import Databases, fresh_database
from tests.documented_answers import strict_document
from tests.rest.openapi.asking import CHECKS, check_graphql, headers
from tests.rest.openapi.conftest import make_contents
from tests.torture.conftest import Report
from tests.torture.serving import ROOT, Served, make_environment, serving

EXAMPLES = int(os.environ.get("TORTURE_EXAMPLES", "20"))
QUERIES = 50 * EXAMPLES

everyone = pytest.mark.parametrize("who", ["nobody", "author"])


@dataclass(frozen=True)
class Asked:
    """The demo, served, and a token that may do everything there."""

    served: Served
    token: str


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def asked(
    request: pytest.FixtureRequest, databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Asked]:
    directory = tmp_path_factory.mktemp("asked")
    with fresh_database(databases, request.param) as url:
        token = make_contents(url, directory)
        with serving(make_environment(url, directory), directory) as served:
            yield Asked(served, token)


@everyone
def test_rest(asked: Asked, who: str, tmp_path: Path, seed: int, report: Report) -> None:
    document = tmp_path / "openapi.json"
    document.write_bytes(orjson.dumps(strict_document()))
    checks = ",".join(check.__name__ for check in CHECKS)

    finished = subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli", "--no-color", "run", str(document)),
            *("--url", asked.served.url, "--checks", checks, "--warnings", "off"),
            *("--phases", "examples,coverage,fuzzing", "--max-examples", str(EXAMPLES)),
            *("--seed", str(seed), "--no-shrink", "--continue-on-failure"),
            *(f"--header={name}:{value}" for name, value in headers(asked.token, who).items()),
        ],
        cwd=tmp_path,
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "SCHEMATHESIS_HOOKS": "tests.rest.openapi.asking",
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )

    for line in re.findall(
        r"^.* generated, .*$|^.*\bin \d+\.\d+s .*$", finished.stdout, re.MULTILINE
    ):
        report(f"as {who}: {line.strip(' =')}")
    assert finished.returncode == 0, finished.stdout
    assert "Traceback" not in asked.served.log.read_text("utf-8", "replace")


@everyone
def test_graphql(asked: Asked, who: str, chance: random.Random, report: Report) -> None:
    schema = schemathesis.graphql.from_file((ROOT / "schema.graphql").read_text("utf-8"))
    results: Iterable[Any] = schema.get_all_operations()
    operations = [result.ok() for result in results]
    sent = headers(asked.token, who)
    answered = 0

    @hypothesis.seed(chance.getrandbits(64))
    @hypothesis.settings(
        max_examples=QUERIES, database=None, suppress_health_check=list(hypothesis.HealthCheck)
    )
    @hypothesis.given(data=hypothesis.strategies.data())
    def ask(data: hypothesis.strategies.DataObject) -> None:
        nonlocal answered
        operation = data.draw(hypothesis.strategies.sampled_from(operations))
        case: Any = data.draw(operation.as_strategy())
        check_graphql(case, case.call(base_url=f"{asked.served.url}/graphql", headers=sent))
        answered += 1

    ask()
    report(f"as {who}: {answered} operations")
    assert "Traceback" not in asked.served.log.read_text("utf-8", "replace")
