"""A refresh killed at any instruction; `make torture` does it hundreds of times."""

import random
import sys
from pathlib import Path

from tests.refresh.kills import check_refreshes, kill, make_heads

KILLS = 3


def test_refreshes_killed_at_any_instruction(database_url: str, tmp_path: Path) -> None:
    seed = random.SystemRandom().randrange(2**32)
    # Shown when the test fails: with it, heads and moments are the same again.
    sys.stdout.write(f"seed {seed}\n")
    workspace = make_heads(tmp_path, packages=4, commits=40)

    states = list(kill("refresh", database_url, workspace, tmp_path, seed=seed, kills=KILLS))

    assert sum(not state["ended"] for state in states) == KILLS
    check_refreshes(states)
