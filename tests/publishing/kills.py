"""Runs `tests.publishing.killing`, and holds what it prints."""

import hashlib
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlalchemy.orm import sessionmaker

from registry.database import make_engine, writing
from registry.settings import Settings
from registry.storage import open_storage
from tests.accounts.samples import add_author, add_listing
from tests.publishing.archives import IDENTIFIER

ROOT = Path(__file__).parent.parent.parent


def kill_workers(settings: Settings, *, seed: int, kills: int) -> list[dict[str, Any]]:
    """Upload and kill; gives how the versions stood after each kill, and at the end."""
    engine = make_engine(settings.database_address())
    with writing(sessionmaker(engine)) as session:
        ada, _ = add_author(session, "Ada")
        add_listing(session, ada, IDENTIFIER, package_type="aircraft")
    engine.dispose()
    program = subprocess.run(
        [
            *(sys.executable, "-m", "tests.publishing.killing"),
            *(settings.database_address(), str(settings.instance_path), str(seed), str(kills)),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert program.returncode == 0, program.stderr[-4000:]
    return [json.loads(line) for line in program.stdout.splitlines()]


def check_processing(states: Sequence[dict[str, Any]], settings: Settings, *, kills: int) -> None:
    """See that every version was in one state after each kill, and is processed or not at last."""
    assert len(states) == kills + 1
    for state in states:
        _check(state)
    last = states[-1]
    assert len(last["versions"]) == kills + 1
    assert "processing" not in {row["status"] for row in last["versions"]}
    named = {row["hash"] for row in last["versions"] if row["hash"]}
    assert set(last["stored"]) == named
    assert last["work"] == 0
    storage = open_storage(settings)
    for sha256 in named:
        assert hashlib.sha256(b"".join(storage.read(sha256))).hexdigest() == sha256


def count_waiting(states: Sequence[dict[str, Any]]) -> list[int]:
    """Count the versions that were still to be processed after each kill."""
    return [
        sum(row["status"] == "processing" for row in state["versions"]) for state in states[:-1]
    ]


def _check(state: dict[str, Any]) -> None:
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
