"""Kills at random moments: of refreshes, of changes of manifests, of processing.

After each, every invariant that `registry verify` knows holds; and what comes next completes.
`TORTURE_KILLS` says how many of each, on each database; 100 unless it does.
"""

import os
import random
from pathlib import Path

from registry.database import make_engine
from registry.settings import Settings
from registry.verify import verify
from tests.publishing.kills import check_processing, count_waiting, kill_workers
from tests.refresh.kills import check_refreshes, check_updates, kill, make_heads
from tests.torture.conftest import Report

KILLS = int(os.environ.get("TORTURE_KILLS") or 100)


def test_kills_of_refresh(
    database_url: str, tmp_path: Path, chance: random.Random, report: Report
) -> None:
    workspace = make_heads(tmp_path, packages=12, commits=400)
    seed = chance.randrange(2**32)

    states = list(kill("refresh", database_url, workspace, tmp_path, seed=seed, kills=KILLS))

    check_refreshes(states)
    killed = [state for state in states if not state["ended"]]
    assert len(killed) == KILLS
    done = sum(state["head"] == state["after"] for state in killed)
    report(
        f"{KILLS} refreshes of 400 commits killed, {len(states) - KILLS} ended before; after "
        f"{done} kills the new catalogue stood, after {KILLS - done} the old one; nothing wrong"
    )


def test_kills_of_update_config(
    database_url: str, tmp_path: Path, chance: random.Random, report: Report
) -> None:
    workspace = make_heads(tmp_path, packages=12, commits=60)
    seed = chance.randrange(2**32)

    states = list(kill("update", database_url, workspace, tmp_path, seed=seed, kills=KILLS))

    check_updates(states)
    answered = sum(state["ended"] for state in states[:-1])
    new = sum(state["new"] for state in states[:-1])
    report(
        f"{KILLS} servers killed while they changed a manifest; {answered} had answered, {new} had "
        "written it; never half, nothing left beside it, nothing wrong after any"
    )


def test_kills_of_processing(
    settings: Settings, database_url: str, chance: random.Random, report: Report
) -> None:
    seed = chance.randrange(2**32)

    states = kill_workers(settings, seed=seed, kills=KILLS)

    check_processing(states, settings, kills=KILLS)
    # Else none of the kills was in the middle of anything.
    assert 0 < max(count_waiting(states)) < KILLS
    engine = make_engine(database_url)
    wrong = [result for result in verify(engine, settings) if result.is_wrong]
    engine.dispose()
    assert wrong == []
    statuses = [row["status"] for row in states[-1]["versions"]]
    found = {status: statuses.count(status) for status in sorted(set(statuses))}
    report(f"{KILLS} workers killed while they processed {len(statuses)} uploads: {found}")
