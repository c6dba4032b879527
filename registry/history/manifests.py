"""The versions that manifests held through history, read by one `git cat-file`.

The blobs are asked for while `git log` is still telling of them, and answered on a thread of
their own, so reading them costs hardly more time than the log alone:

    with VersionReader(repository) as versions:
        for commit in read_log(...):
            for package, blob in commit.manifests:
                versions.submit(blob, (package, commit.hash))
            for (package, origin), version in versions.ready():
                ...
        for (package, origin), version in versions.finish():
            ...
"""

import json
import re
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import suppress
from enum import Enum
from threading import Thread
from types import TracebackType
from typing import IO, Final, Generic, Literal, NoReturn, Self, TypeAlias, TypeVar

import orjson

from registry.history.git_command import GitProcess
from registry.history.repository import Repository, check_hashes

LARGEST_MANIFEST = 10 * 1024 * 1024
# The longest that npm takes (node-semver's MAX_LENGTH), and short enough for any index.
LONGEST_VERSION = 256
LONGEST_NAME = 214

_BOM = b"\xef\xbb\xbf"
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
_READ_AT_ONCE = 1 << 18


class Absence(Enum):
    """Why a manifest's version is not known, other than that it has none."""

    MISSING = "missing"


MISSING: Final = Absence.MISSING
"""The blob is not here: a partial clone lacks it, or it is damaged."""

FoundVersion: TypeAlias = str | Literal[Absence.MISSING] | None
K = TypeVar("K")


def version_in(manifest: bytes) -> str | None:
    """Give a manifest's own `version`, or None where it has none that could be one.

    It is read as npm reads it: a byte order mark is skipped, undecodable bytes are replaced, of
    two equal keys the last counts. None for what is not JSON, not an object, has no version, one
    that is no string or empty, or one longer than 256 characters. NUL and lone surrogates, which
    databases refuse, become U+FFFD.
    """
    return _text_in(manifest, "version", LONGEST_VERSION)


def name_in(manifest: bytes) -> str | None:
    """Give a manifest's own `name`, read as its version is, or None where it has none."""
    return _text_in(manifest, "name", LONGEST_NAME)


def _text_in(manifest: bytes, key: str, longest: int) -> str | None:
    text = manifest.removeprefix(_BOM)
    try:
        content = orjson.loads(text)
    except orjson.JSONDecodeError:
        content = _parse_leniently(text)
    value = content.get(key) if isinstance(content, dict) else None
    if not isinstance(value, str) or not 0 < len(value) <= longest:
        return None
    return _UNSTORABLE.sub("\ufffd", value)


def read_versions(
    repository: Repository, blobs: Iterable[str]
) -> Iterator[tuple[str, FoundVersion]]:
    """Read the version in each of these blobs, each blob once, in their order.

    Raises:
        ValueError: a blob is no full hash.
        HistoryUnreadable: the repository is damaged.
    """
    seen: set[str] = set()
    with VersionReader[str](repository) as versions:
        for blob in blobs:
            if blob not in seen:
                seen.add(blob)
                versions.submit(blob, blob)
                yield from versions.ready()
        yield from versions.finish()


class VersionReader(Generic[K]):
    """Reads the versions in manifests on a thread of its own, in the order they are asked for.

    Git and the thread start with the first manifest: where none changed, nothing is started.
    """

    def __init__(self, repository: Repository) -> None:
        self._repository = repository
        self._running: tuple[GitProcess, Thread] | None = None
        self._asked: deque[K] = deque()
        self._found: deque[tuple[K, FoundVersion]] = deque()
        self._failure: BaseException | None = None

    def submit(self, blob: str, key: K) -> None:
        """Ask for the version in a blob; its answer will come with `key`.

        Raises:
            ValueError: the blob is no full hash.
        """
        check_hashes(blob)
        process, thread = self._running or self._start()
        self._asked.append(key)
        try:
            process.input.write(f"{blob}\n".encode())
        except BrokenPipeError:
            # Git has died; why is known once its last words were read.
            thread.join()
            self._check()

    def ready(self) -> Iterator[tuple[K, FoundVersion]]:
        """Give the answers that are here by now, without waiting.

        Raises:
            HistoryUnreadable: the repository is damaged.
        """
        while self._found:
            yield self._found.popleft()
        self._check()

    def finish(self) -> Iterator[tuple[K, FoundVersion]]:
        """Wait for all further answers and give them; nothing can be asked for after that.

        Raises:
            HistoryUnreadable: the repository is damaged.
        """
        if self._running is not None:
            process, thread = self._running
            with suppress(BrokenPipeError):  # as in submit
                process.input.close()
            thread.join()
        yield from self.ready()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._running is not None:
            process, thread = self._running
            process.terminate()
            thread.join()
            process.stop()

    def _start(self) -> tuple[GitProcess, Thread]:
        process = self._repository.start(["cat-file", "--batch", "--buffer"], writable=True)
        thread = Thread(target=self._read_all, args=(process,), name="versions", daemon=True)
        thread.start()
        self._running = process, thread
        return self._running

    def _check(self) -> None:
        if self._failure is not None:
            raise self._failure

    def _read_all(self, process: GitProcess) -> None:
        try:
            with open(
                process.output.fileno(), "rb", buffering=_READ_AT_ONCE, closefd=False
            ) as answers:
                while header := answers.readline():
                    self._found.append((self._asked.popleft(), _read_answer(header, answers)))
            self._repository.finish(process)
        except BaseException as error:  # noqa: BLE001 -- raised by the thread that asks for answers
            self._failure = error


def _read_answer(header: bytes, answers: IO[bytes]) -> FoundVersion:
    content = read_content(header, answers)
    return MISSING if content is None else version_in(content)


def read_content(header: bytes, answers: IO[bytes]) -> bytes | None:
    """Read one answer of `git cat-file --batch`: `HASH TYPE SIZE`, the content and a line end.

    Gives nothing of what is too large to be a manifest, and None for `HASH missing`.
    """
    _, _, *size = header.split()
    if not size:
        return None
    left = int(size[0])
    content = b""
    if left <= LARGEST_MANIFEST:
        content = answers.read(left)
        left = 0
    while left and (skipped := answers.read(min(left, _READ_AT_ONCE))):
        left -= len(skipped)
    answers.read(1)
    return content


def _parse_leniently(text: bytes) -> object:
    """Parse what orjson is stricter about than npm: bytes that are no UTF-8, lone surrogates."""
    try:
        return json.loads(text.decode("utf-8", "replace"), parse_constant=_refuse, parse_int=float)
    except (ValueError, RecursionError):
        return None


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")
