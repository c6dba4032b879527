"""Making what is written to a disk outlast a power cut."""

import os
from pathlib import Path


def sync_directory(directory: Path) -> None:
    """Write a directory to the disk: the names that files got in it, or lost.

    Raises:
        OSError: it is gone, or the disk fails.
    """
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
