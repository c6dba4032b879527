"""Workers killed at any instruction, beside an S3 store: no version in between, no file behind."""

import hashlib
import random
import sys
from pathlib import Path

import pytest

from registry.settings import Settings
from registry.storage import open_storage
from tests.publishing.kills import kill_workers
from tests.s3_server import set_storage

# `make torture` kills a hundred of them.
KILLS = 2


# What the database has to do with it is tested beside a directory, on both.
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_workers_killed_beside_a_bucket(
    database_url: str, s3_server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_storage(monkeypatch, s3_server, tmp_path.name)
    settings = Settings(database_url=database_url, instance_path=tmp_path)
    seed = random.SystemRandom().randrange(2**32)
    # Shown when the test fails: with it, uploads and moments are the same again.
    sys.stdout.write(f"seed {seed}\n")

    states = kill_workers(settings, seed=seed, kills=KILLS)

    versions, stored = states[-1]["versions"], states[-1]["stored"]
    assert {row["status"] for row in versions} <= {"processed", "failed_manifest_exists"}
    named = {row["hash"] for row in versions if row["hash"]}
    assert set(stored) == named
    assert states[-1]["work"] == 0
    storage = open_storage(settings)
    for sha256 in named:
        assert hashlib.sha256(b"".join(storage.read(sha256))).hexdigest() == sha256
