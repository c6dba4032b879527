"""A file that appears whole, or not at all."""

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from registry.storage.durable import sync_directory

_PRIVATE = 0o600


@contextmanager
def new_file(path: Path) -> Iterator[BinaryIO]:
    """Lend a file that gets its name when all of it is on the disk; only its owner may read it.

    Raises:
        FileExistsError: there is something of this name already.
        OSError: the directory cannot be written, or the disk is full.
    """
    if path.exists():
        raise FileExistsError(17, "there is a file of this name already", str(path))
    draft = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        draft.rename(path)
    except BaseException:
        with suppress(FileNotFoundError):
            draft.unlink()
        raise
    sync_directory(path.parent)
