"""Kills at random moments of workers whose store is a bucket of a real S3-compatible server.

`TORTURE_KILLS` says how many, on each database; 100 unless it does.
"""

import os
import random
from pathlib import Path

import pytest

from registry.settings import Settings
from tests.publishing.kills import check_processing, kill_workers
from tests.s3_server import running_s3, set_storage
from tests.torture.conftest import Report

KILLS = int(os.environ.get("TORTURE_KILLS") or 100)


def test_kills_of_processing_beside_a_bucket(
    database_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    chance: random.Random,
    report: Report,
) -> None:
    (tmp_path / "s3").mkdir()
    with running_s3(tmp_path / "s3") as address:
        set_storage(monkeypatch, address, "killed")
        settings = Settings(database_url=database_url, instance_path=tmp_path)

        states = kill_workers(settings, seed=chance.randrange(2**32), kills=KILLS)

        check_processing(states, settings, kills=KILLS)
    statuses = [row["status"] for row in states[-1]["versions"]]
    found = {status: statuses.count(status) for status in sorted(set(statuses))}
    report(f"{KILLS} workers killed beside a bucket, {len(statuses)} uploads: {found}")
