"""Answers as they were sent, kept for as long as the data are what they were made from.

An answer that follows from the data alone is kept under what was asked, and by whom; with it, the
revision that its statement read.
Whoever asks the same again gets it only after the database has said that the revision still
stands. So an answer is never older than the data, whichever process wrote them.
"""

import hashlib
import json
from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock
from typing import Any

from registry.rules.viewer import Viewer

# The largest answer that is kept, as a part of the whole cache.
_LARGEST_PART = 8
# What keeping an answer takes besides its bytes, about.
_OVERHEAD = 400


@dataclass(frozen=True)
class KeptAnswer:
    """A response body, the revision of the data that it tells of, and what it cost."""

    body: bytes
    revision: str
    cost: int


class ResponseCache:
    """Keeps the answers used last, up to so many bytes, for any number of threads."""

    def __init__(self, size: int) -> None:
        """Make a cache of `size` bytes; 0: nothing is kept."""
        self._room = size
        self._largest = size // _LARGEST_PART
        self._answers: OrderedDict[bytes, KeptAnswer] = OrderedDict()
        self._lock = Lock()

    def find(self, key: bytes) -> KeptAnswer | None:
        """Find what is kept under a key, of whatever revision."""
        with self._lock:
            answer = self._answers.get(key)
            if answer is not None:
                self._answers.move_to_end(key)
            return answer

    def keep(self, key: bytes, answer: KeptAnswer) -> None:
        """Keep an answer, in the place of an older one; let go of what was not used for longest."""
        if _weight(answer) > self._largest:
            return
        with self._lock:
            replaced = self._answers.pop(key, None)
            self._room += _weight(replaced) if replaced else 0
            self._answers[key] = answer
            self._room -= _weight(answer)
            while self._room < 0:
                self._room += _weight(self._answers.popitem(last=False)[1])


def key_of(
    query: str, operation_name: str | None, variables: dict[str, Any] | None, viewer: Viewer
) -> bytes:
    """Digest all that an answer depends on besides the data."""
    rights = [viewer.author_id, int(viewer.permissions)]
    asked = json.dumps([query, operation_name, variables, rights], sort_keys=True)
    return hashlib.blake2b(asked.encode()).digest()


def _weight(answer: KeptAnswer) -> int:
    return len(answer.body) + _OVERHEAD
