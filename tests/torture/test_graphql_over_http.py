"""The GraphQL-over-HTTP specification's own audit, by the npm package `graphql-http`."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.databases import Databases, fresh_database
from tests.npm_programs import fetch_with_npm
from tests.torture.conftest import Report
from tests.torture.serving import make_environment, serving

MANIFEST = {"private": True, "dependencies": {"graphql-http": "^1.22.0", "graphql": "^16.0.0"}}
# Twice, since the second time what answers is ready.
AUDIT = """
import { serverAudits } from "graphql-http";
const results = [];
for (const round of [1, 2])
  for (const audit of serverAudits({ url: process.argv[2] })) {
    const { status, reason } = await audit.fn();
    results.push([status, audit.name, reason ?? null]);
  }
console.log(JSON.stringify(results));
"""
# Each audit is named for what it checks: MUST, SHOULD or MAY.
AUDITS = 50
SECONDS = 120


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_every_audit_is_passed(
    databases: Databases, kind: str, tmp_path: Path, report: Report
) -> None:
    program = fetch_with_npm("graphql-http", MANIFEST) / "audit.mjs"
    program.write_text(AUDIT)
    with (
        fresh_database(databases, kind) as url,
        serving(make_environment(url, tmp_path), tmp_path) as served,
    ):
        told = subprocess.run(
            ["node", program, f"{served.url}/graphql"],
            capture_output=True,
            text=True,
            check=True,
            timeout=SECONDS,
        ).stdout
    results = json.loads(told)
    failed = [result for result in results if result[0] != "ok"]
    report(f"{len(results)} audits, {len(failed)} not passed")

    assert failed == []
    assert len(results) > AUDITS
