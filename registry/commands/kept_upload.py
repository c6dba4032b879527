"""What `registry publish` remembers of an upload, so that it can go on where it broke off.

A small file for each version, which only its owner can read: it has the version's private key.
"""

import hashlib
import json
import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

_PRIVATE = 0o700


@dataclass(frozen=True)
class KeptUpload:
    """An upload that was begun."""

    # What was said of the version, the hash of its file included.
    fields: Mapping[str, str]
    # Where it goes on.
    path: str
    # Of a version that is not public; empty: there is none, or it was told before.
    private_key: str


class UploadMemory:
    """Where the upload of one version is remembered."""

    def __init__(self, server: str, package: str, version: str) -> None:
        """Name the place; nothing is read or written yet.

        Args:
            server: the registry's address.
            package: the package's identifier.
            version: the version.
        """
        key = hashlib.sha256(json.dumps([server, package, version]).encode()).hexdigest()
        self._path = _directory() / f"{key}.json"

    def load(self) -> KeptUpload | None:
        """Give the upload that was begun; None: there is none that could be read."""
        try:
            return KeptUpload(**json.loads(self._path.read_bytes()))
        except (OSError, ValueError, TypeError):
            return None

    def save(self, upload: KeptUpload) -> bool:
        """Remember an upload, and tell whether that could be done; whoever is killed, whole or not.

        What it was before, is forgotten.
        """
        try:
            self._path.parent.mkdir(_PRIVATE, parents=True, exist_ok=True)
            # Readable by its owner alone.
            descriptor, name = tempfile.mkstemp(dir=self._path.parent)
            with os.fdopen(descriptor, "w") as file:
                json.dump(asdict(upload), file)
            Path(name).replace(self._path)
        except OSError:
            return False
        return True

    def forget(self) -> None:
        """Forget the upload, if there is one."""
        with suppress(OSError):
            self._path.unlink(missing_ok=True)


def _directory() -> Path:
    """Name the directory of what programs remember (XDG Base Directory Specification)."""
    state = os.environ.get("XDG_STATE_HOME", "")
    base = Path(state) if Path(state).is_absolute() else Path.home() / ".local" / "state"
    return base / "registry" / "uploads"
