"""Files of the workspace that are given new content: the old or the new one, whoever looks when.

The new content is written into the git directory first, where neither git nor people see it, and
then takes the file's place by a rename. What a killed process left there, the next one clears away.
"""

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from registry.history.repository import Repository
from registry.storage import WorkFiles
from registry.storage.durable import sync_directory


def replace_file(repository: Repository, path: Path, content: bytes) -> None:
    """Replace a file, durably, so that whoever looks, at any instant, sees one content whole.

    Raises:
        OSError: the workspace cannot be written, or its disk is full; the file is as it was.
    """
    clear_left(repository)
    mode = path.stat().st_mode & 0o7777
    try:
        with WorkFiles(repository.own_directory).new() as work:
            work.write(content)
            work.path.chmod(mode)
            work.sync()
            work.path.replace(path)
    except OSError:
        # The git directory is on another file system (a linked work tree), or not ours to write.
        _write_beside(path, content, mode)
    sync_directory(path.parent)


def clear_left(repository: Repository) -> None:
    """Remove what killed processes left."""
    with suppress(OSError):
        WorkFiles(repository.own_directory).clear_abandoned()


def _write_beside(path: Path, content: bytes, mode: int) -> None:
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".package.json.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
