"""Campaigns: what takes minutes, and is left to chance. `make torture` runs them.

Each takes its chances from one seed, which is printed and stands in the report; the same seed, in
`TORTURE_SEED`, makes the same choices again.
"""

import os
import random
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

REPORT = Path(__file__).parents[2] / "build" / "torture" / "report.md"

# Writes one line of the report, and prints it.
Report = Callable[[str], None]


@pytest.fixture(scope="session")
def seed() -> int:
    """Give the run's seed: TORTURE_SEED, or a new one."""
    return int(os.environ.get("TORTURE_SEED") or random.SystemRandom().randrange(10**9))


@pytest.fixture(scope="session")
def _begun(seed: int) -> Path:
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    began = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    REPORT.write_text(f"# Campaigns of {began}\n\nTORTURE_SEED={seed}\n")
    print(f"\nTORTURE_SEED={seed}, report: {REPORT}")  # noqa: T201 -- to repeat a run
    return REPORT


@pytest.fixture
def report(_begun: Path, request: pytest.FixtureRequest) -> Report:
    """Give what writes into the report, below the test's name."""
    with _begun.open("a") as file:
        file.write(f"\n## {request.node.name}\n\n")

    def write(line: str) -> None:
        with _begun.open("a") as file:
            file.write(f"- {line}\n")
        print(line)  # noqa: T201 -- long work shows progress

    return write


@pytest.fixture
def chance(seed: int, request: pytest.FixtureRequest) -> random.Random:
    """Give the test's own source of chance, which no other test's use of theirs changes."""
    return random.Random(f"{seed} {request.node.name}")  # noqa: S311 -- no secret
