"""Checks of the machine: Python, git, room to write."""

import platform
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from registry.doctor.check import Check, fail, ok, warn
from registry.doctor.database import sqlite_file
from registry.settings import Settings

OLDEST_PYTHON = (3, 11)
# The first that can be told to read no configuration but ours (GIT_CONFIG_GLOBAL).
OLDEST_GIT = (2, 32)
_LITTLE_ROOM = 256 * 1024 * 1024


def check_python() -> Check:
    """Look at the Python that runs this."""
    seen = f"Python {platform.python_version()} ({sys.executable})"
    if sys.version_info < OLDEST_PYTHON:
        return fail("python", seen, f"Install Python {_dotted(OLDEST_PYTHON)} or later.")
    return ok("python", seen)


def check_git() -> Check:
    """Look at the git that is on the PATH."""
    mend = f"Install git {_dotted(OLDEST_GIT)} or later."
    command = shutil.which("git")
    if command is None:
        return fail("git", "there is no git on the PATH", mend)
    run = subprocess.run([command, "--version"], capture_output=True, text=True, check=False)
    said = run.stdout.strip() or "it does not tell its version"
    match = re.search(r"(\d+)\.(\d+)", said)
    if match is None or (int(match[1]), int(match[2])) < OLDEST_GIT:
        return fail("git", f"{said} ({command})", mend)
    return ok("git", f"{said} ({command})")


def check_directories(settings: Settings) -> Iterator[Check]:
    """Look for room where the service writes: its own files, the database and its locks."""
    directories = {settings.instance_path.absolute(), Path(tempfile.gettempdir())}
    database = sqlite_file(settings.database_address())
    if database is not None:
        directories.add(database.absolute().parent)
    for directory in sorted(directories):
        yield _check_directory(directory)


def _check_directory(directory: Path) -> Check:
    # One that is missing is made when it is needed, in the nearest that there is.
    existing = next(path for path in (directory, *directory.parents) if path.is_dir())
    try:
        # Asking for permission is not enough: a file system may be mounted read-only, or full.
        with tempfile.TemporaryFile(dir=existing) as file:
            file.write(b"\0")
    except OSError as error:
        mend = f"Let the service write to {existing}, or set REGISTRY_INSTANCE_PATH or TMPDIR."
        return fail("disk", f"{existing} is not writable: {error.strerror}", mend)
    free = shutil.disk_usage(existing).free
    state = "is writable" if existing == directory else "will be made when it is needed"
    seen = f"{directory} {state}, {free / 1e9:,.1f} GB are free"
    if free < _LITTLE_ROOM:
        return warn("disk", seen, "Make room: nothing can be written to a disk that is full.")
    return ok("disk", seen)


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))
