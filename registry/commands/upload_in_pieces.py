"""Sends a file in pieces (tus 1.0), and goes on where that broke off: now, or another day."""

import hashlib
import json
import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPMessage
from pathlib import Path
from typing import TypeVar

from registry.commands.kept_upload import KeptUpload, UploadMemory
from registry.commands.registry_client import Refused, RegistryClient, Unreachable
from registry.commands.terminal import say

# Bytes of one request: so much is lost at most where a proxy passes on whole requests only.
PIECE = 16 * 1024 * 1024
_CHUNK = 256 * 1024
# Seconds: before the second attempt, between two at most, and without progress in all.
FIRST_WAIT, LONGEST_WAIT, PATIENCE = 1.0, 30.0, 300.0
_TUS = {"Tus-Resumable": "1.0.0"}
# Those that may pass by themselves.
_PASSING = frozenset({408, 429, 500, 502, 503, 504})
_NOT_FOUND, _NO_SUCH_METHOD, _CONFLICT = 404, 405, 409

_Answer = TypeVar("_Answer")


class NotInPieces(Exception):
    """The registry cannot take this file in pieces: it must be sent whole."""


def hash_file(file: Path) -> str:
    """Give the SHA-256 of a file, in hex."""
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


class Patience:
    """Tries again what fails for a while, ever later, until nothing has moved for long."""

    def __init__(self) -> None:
        self.moved()

    def moved(self) -> None:
        """Begin anew: something has gone well."""
        self._wait = FIRST_WAIT
        self._until = time.monotonic() + PATIENCE

    def wait(self, error: Refused | Unreachable) -> None:
        """Wait after a failure.

        Raises:
            Refused: that will not pass, or nothing has moved for too long.
            Unreachable: nothing has moved for too long.
        """
        if isinstance(error, Refused) and not _may_pass(error):
            raise error
        told = error.retry_after if isinstance(error, Refused) else None
        # At different moments each, where many have lost one server.
        wait = self._wait * random.uniform(0.5, 1) if told is None else told  # noqa: S311 -- no secret
        if time.monotonic() + wait > self._until:
            raise error
        message = error.detail if isinstance(error, Refused) else error.message
        say(f"{message} Trying again in {wait:.0f} s.")
        time.sleep(wait)
        self._wait = min(self._wait * 2, LONGEST_WAIT)

    def insist(self, action: Callable[[], _Answer]) -> _Answer:
        """Do something until it goes well.

        Raises:
            Refused: as `wait`.
            Unreachable: as `wait`.
        """
        while True:
            try:
                answer = action()
            except (Refused, Unreachable) as error:
                self.wait(error)
            else:
                self.moved()
                return answer


def _may_pass(refused: Refused) -> bool:
    # The latter: a connection of before, that was lost, is still being read.
    return refused.status in _PASSING or refused.code == "offset_mismatch"


@dataclass(frozen=True)
class FileInPieces:
    """A file, and the registry that it is sent to."""

    client: RegistryClient
    file: Path
    memory: UploadMemory
    # Told how many bytes are there.
    progress: Callable[[int], None]

    def find(self, fields: Mapping[str, str]) -> KeptUpload | None:
        """Give the upload that was begun with the same before, if it can be gone on with.

        Args:
            fields: as `begin`.

        Raises:
            Refused: the registry does not say.
            Unreachable: it cannot be reached.
        """
        kept = self.memory.load()
        if kept is None or kept.fields != fields or self._find(kept) is None:
            return None
        return kept

    def begin(self, path: str, fields: Mapping[str, str]) -> KeptUpload:
        """Begin an upload; one of the same version that was begun before is forgotten.

        Args:
            path: where uploads of this kind begin.
            fields: what is said of the version, with `fileHash`.

        Raises:
            NotInPieces: the registry has no such route.
            Refused: it does not take the file.
            Unreachable: it cannot be reached.
        """
        kept = self.memory.load()
        if kept is not None:
            self._cancel(kept)
        headers = {
            **_TUS,
            "Content-Type": "application/json",
            "Upload-Length": str(self.file.stat().st_size),
        }
        body = json.dumps(dict(fields)).encode()
        patience = Patience()
        while True:
            try:
                answer, _ = self.client.call("POST", path, headers, body)
            except Refused as refused:
                if refused.status in (_NOT_FOUND, _NO_SUCH_METHOD):
                    raise NotInPieces from None
                patience.wait(refused)
            else:
                break
        begun = KeptUpload(
            fields=fields,
            path=self.client.path_of(answer["Location"]),
            private_key=answer.get("X-Private-Key", ""),
        )
        if not self.memory.save(begun):
            say("This upload cannot be gone on with later: what it needs could not be written.")
        return begun

    def send(self, upload: KeptUpload) -> None:
        """Send what is missing of the file.

        Raises:
            NotInPieces: what was sent before is on a server that cannot be reached any more.
            Refused: the registry does not take the file.
            Unreachable: it was lost, and did not come back.
        """
        patience = Patience()
        size = self.file.stat().st_size
        offset = patience.insist(lambda: self._find(upload))
        if offset:
            say(f"Going on after {offset:,} of {size:,} bytes.")
        while offset is not None and offset < size:
            self.progress(offset)
            try:
                answer, _ = self._send_piece(upload, offset, min(PIECE, size - offset))
            except (Refused, Unreachable) as error:
                if isinstance(error, Refused) and error.code == "upload_elsewhere":
                    raise NotInPieces from None
                patience.wait(error)
                found = patience.insist(lambda: self._find(upload))
            else:
                found = int(answer["Upload-Offset"])
            if found is not None and found > offset:
                patience.moved()
            offset = found
        if offset is None:
            raise NotInPieces
        self.progress(offset)

    def _cancel(self, upload: KeptUpload) -> None:
        """Forget an upload, here and there; where there it is out of reach, it expires."""
        with suppress(Refused, Unreachable):
            self.client.call("DELETE", upload.path, _TUS)
        self.memory.forget()

    def _find(self, upload: KeptUpload) -> int | None:
        """Ask how many bytes are there; None: nothing of it is within reach."""
        try:
            answer, _ = self.client.call("HEAD", upload.path, _TUS)
        except Refused as refused:
            if refused.status in (_NOT_FOUND, _CONFLICT):
                return None
            raise
        return int(answer["Upload-Offset"])

    def _send_piece(
        self, upload: KeptUpload, offset: int, length: int
    ) -> tuple[HTTPMessage, bytes]:
        headers = {
            **_TUS,
            "Content-Type": "application/offset+octet-stream",
            "Content-Length": str(length),
            "Upload-Offset": str(offset),
        }
        return self.client.call("PATCH", upload.path, headers, self._read(offset, length))

    def _read(self, offset: int, length: int) -> Iterator[bytes]:
        with self.file.open("rb") as content:
            content.seek(offset)
            while length > 0 and (chunk := content.read(min(_CHUNK, length))):
                yield chunk
                offset += len(chunk)
                length -= len(chunk)
                self.progress(offset)
