"""Programs that npm fetches for tests, where it is at hand."""

import fcntl
import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

# Kept between runs, and ignored by git: fetching takes up to half a minute.
_INSTALLED = Path(__file__).parents[1] / "build"
# Seconds, long enough for a machine that has much else to do.
_PATIENCE = 180


def npm(*arguments: str, directory: Path) -> None:
    """Run npm in a directory.

    Raises:
        subprocess.SubprocessError: it fails, or takes too long.
    """
    subprocess.run(
        ["npm", *arguments],
        cwd=directory,
        env={**os.environ, "npm_config_update_notifier": "false"},
        check=True,
        capture_output=True,
        timeout=_PATIENCE,
    )


def fetch_with_npm(name: str, manifest: Mapping[str, Any]) -> Path:
    """Give the directory where the dependencies of a manifest are installed; skips without npm.

    Args:
        name: of the directory, below `build`.
        manifest: a package.json.
    """
    if shutil.which("npm") is None:
        pytest.skip(f"npm is not on this machine, so there is no {name}")
    directory = _INSTALLED / name
    directory.mkdir(parents=True, exist_ok=True)
    # Another process that runs tests may be fetching it.
    with (directory / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = directory / "fetched"
        if not done.exists():
            (directory / "package.json").write_text(json.dumps(manifest))
            try:
                npm("install", "--no-audit", "--no-fund", directory=directory)
            except (subprocess.SubprocessError, OSError) as error:
                pytest.skip(f"npm could not fetch {name}: {error}")
            done.touch()
    return directory
