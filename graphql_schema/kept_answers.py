"""Answers as they were sent, kept for as long as the data are what they were made from.

An answer that follows from the data alone is kept under what was asked, and by whom; with it, the
revision that its statement read.
Whoever asks the same again gets it only after the database has said that the revision still
stands. So an answer is never older than the data, whichever process wrote them.
"""

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

from registry.rules.viewer import Viewer
from registry.web.codings import Coding, encode

# `json.dumps` would make an encoder each time.
_write = json.JSONEncoder(sort_keys=True).encode
# What keeping an answer takes besides its bytes, about.
_OVERHEAD = 400


@dataclass(frozen=True)
class KeptAnswer:
    """A response body, the revision of the data that it tells of, and what it cost."""

    body: bytes
    revision: str
    cost: int
    _encoded: dict[Coding, bytes] = field(default_factory=dict)

    def encode(self, coding: Coding) -> bytes:
        """Give the body in a coding, which it is put into once."""
        encoded = self._encoded.get(coding)
        if encoded is None:
            encoded = self._encoded[coding] = encode(self.body, coding)
        return encoded

    @property
    def weight(self) -> int:
        """How many bytes keeping it takes, about; compressed, it takes less than itself."""
        return 2 * len(self.body) + _OVERHEAD


def key_of(
    query: str, operation_name: str | None, variables: dict[str, Any] | None, viewer: Viewer
) -> bytes:
    """Digest all that an answer depends on besides the data."""
    rights = [viewer.author_id, int(viewer.permissions)]
    asked = _write([query, operation_name, variables, rights])
    return hashlib.blake2b(asked.encode()).digest()
