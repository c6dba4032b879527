"""Runs `tests.refresh.killing` on a repository with several heads, and holds what it prints."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.monorepo import MonorepoSize, make_monorepo

MANIFEST = "packages/group-0/package-0/package.json"
ROOT = Path(__file__).parent.parent.parent


def make_heads(path: Path, *, packages: int, commits: int) -> Path:
    """Make a workspace with three heads under `refs/heads/kept`: one, its past, and another."""
    size = MonorepoSize(packages=packages, commits=commits, versions=commits // 5)
    workspace = make_monorepo(path / "workspace", size, seed=1)
    other = make_monorepo(path / "other", size, seed=2)

    def git(*arguments: str) -> None:
        subprocess.run(["git", "-C", str(workspace), *arguments], check=True, capture_output=True)

    git("fetch", "--quiet", str(other), "main:refs/heads/kept/other")
    git("branch", "kept/now", "main")
    git("branch", "kept/past", f"main~{commits // 3}")
    return workspace


def kill(
    kind: str, url: str, workspace: Path, directory: Path, *, seed: int, kills: int
) -> Iterator[dict[str, Any]]:
    """Kill, and give how things stood after each kill and, the last one, at the end."""
    # What is left behind must not be another's.
    temporary = directory / "tmp"
    temporary.mkdir()
    command = [sys.executable, "-m", "tests.refresh.killing", kind, url]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("REGISTRY_")}
    with (
        (directory / "errors").open("w+") as errors,
        subprocess.Popen(
            [*command, str(directory / "instance"), str(workspace), str(seed), str(kills)],
            cwd=ROOT,
            env={**environment, "TMPDIR": str(temporary)},
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        ) as process,
    ):
        assert process.stdout is not None
        for line in process.stdout:
            yield json.loads(line)
        status = process.wait()
        errors.seek(0)
        assert status == 0, errors.read()[-4000:]


def check_refreshes(states: list[dict[str, Any]]) -> None:
    """See that each kill left the old catalogue or the new one, whole, and nothing else."""
    for state in states:
        assert state["wrong"] == [], state
        # The old one, the new one, or the one that is on its way from a killed one to it.
        assert state["head"] in {state["before"], state["after"]}, state
        assert state["dirty"] == [], state
        if state["ended"]:
            assert state["head"] == state["after"], state
    assert states[-1]["head"] == states[-1]["after"]
    # The one that stood last has taken what all before it left.
    assert states[-1]["enclosures"] == 0


def check_updates(states: list[dict[str, Any]]) -> None:
    """See that each kill left the old manifest or the new one, and nothing else."""
    for state in states:
        assert state["wrong"] == [], state
        assert state["whole"], state
        # No file but the manifest, and nothing beside it.
        assert {line.split()[-1] for line in state["dirty"]} <= {MANIFEST}, state
        assert state["left"] == 0, state
    assert states[-1]["enclosures"] == 0
