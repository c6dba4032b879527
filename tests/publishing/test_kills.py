"""A worker killed at any instruction leaves each version in one state, and no file behind."""

import random
import sys

from registry.settings import Settings
from tests.publishing.kills import check_processing, kill_workers

# `make torture` kills a hundred of them.
KILLS = 10


def test_workers_killed_at_any_instruction(settings: Settings) -> None:
    seed = random.SystemRandom().randrange(2**32)
    # Shown when the test fails: with it, uploads and moments are the same again.
    sys.stdout.write(f"seed {seed}\n")

    states = kill_workers(settings, seed=seed, kills=KILLS)

    check_processing(states, settings, kills=KILLS)
