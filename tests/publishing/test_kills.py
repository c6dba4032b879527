"""A worker killed at any instruction leaves each version in one state, and no file behind."""

import hashlib
import json
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

from registry.settings import Settings
from registry.storage import open_storage
from tests.publishing.conftest import Publisher

KILLS = 50
ROOT = Path(__file__).parent.parent.parent


def check(state: dict[str, Any]) -> None:
    """See that every version is in one state, and that what it names is there."""
    stored = set(state["stored"])
    for row in state["versions"]:
        match row["status"]:
            case "processing":
                assert row["upload_hash"] in stored, row
                assert [row["hash"], row["loc"], row["download_key"]] == ["", "", None], row
            case "processed":
                assert row["hash"] in stored, row
                assert row["size"], row
                assert row["loc"].endswith(row["download_key"]), row
                assert not row["upload_hash"], row
            # The latter, where five workers in a row were killed while they were at it.
            case "failed_manifest_exists" | "failed_server":
                assert row["failure_reason"], row
                assert [row["hash"], row["loc"], row["upload_hash"]] == ["", "", ""], row
            case other:
                raise AssertionError(f"{other}: {row}")


def test_workers_killed_at_any_instruction(publisher: Publisher, settings: Settings) -> None:
    seed = random.SystemRandom().randrange(2**32)
    # Shown when the test fails: with it, uploads and moments are the same again.
    sys.stdout.write(f"seed {seed}\n")
    publisher.engine.dispose()
    program = subprocess.run(
        [
            *(sys.executable, "-m", "tests.publishing.killing"),
            *(settings.database_address(), str(settings.instance_path), str(seed), str(KILLS)),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert program.returncode == 0, program.stderr[-4000:]
    states = [json.loads(line) for line in program.stdout.splitlines()]
    assert len(states) == KILLS + 1

    for state in states:
        check(state)
    last = states[-1]
    assert len(last["versions"]) == KILLS + 1
    assert "processing" not in {row["status"] for row in last["versions"]}
    named = {row["hash"] for row in last["versions"] if row["hash"]}
    assert set(last["stored"]) == named
    assert last["work"] == 0
    storage = open_storage(settings)
    for sha256 in named:
        assert hashlib.sha256(b"".join(storage.read(sha256))).hexdigest() == sha256
    # Else none of the kills was in the middle of anything.
    waiting = [
        sum(row["status"] == "processing" for row in state["versions"]) for state in states[:-1]
    ]
    assert 0 < max(waiting) < KILLS
