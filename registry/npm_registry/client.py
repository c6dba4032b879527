"""The client of an npm registry: one question, asked with care.

An answer is bounded in size and time. Redirects are followed on the registry's own host only. What
goes wrong for now (429, a server's failure, a broken connection) is tried again after a pause that
all threads keep.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from threading import Lock
from urllib.parse import urljoin, urlsplit

from urllib3 import BaseHTTPResponse, Timeout
from urllib3.exceptions import HTTPError

from registry import __version__
from registry.npm_registry.addresses import PrivateAddress, is_of_the_house, make_pools
from registry.npm_registry.names import registry_path
from registry.npm_registry.packument import MEDIA_TYPE, NotAPackument, read_packument
from registry.rules.outdated import Published

# Far above the largest packages' abbreviated answers, which have some 10 MB.
MOST_BYTES = 64 * 1024 * 1024
_CHUNK = 1 << 16
_CONNECT_SECONDS = 5.0
# Between two pieces of an answer, and for all of it.
_READ_SECONDS = 10.0
ANSWER_SECONDS = 60.0
_ATTEMPTS = 4
_FIRST_PAUSE_SECONDS = 1.0
# Who asks to be left alone for longer is asked again another time.
_LONGEST_PAUSE_SECONDS = 60.0
_MOST_REDIRECTS = 3
_REDIRECTS = frozenset({301, 302, 307, 308})


class RegistryTrouble(Exception):
    """The registry gave no answer that could be used; `detail` says why, in words for a log.

    Attributes:
        detail: what went wrong.
        passing: whether it may well go right later: the registry is busy, or out of reach.
    """

    def __init__(self, detail: str, *, passing: bool) -> None:
        super().__init__(detail)
        self.detail = detail
        self.passing = passing


@dataclass(frozen=True)
class Answer:
    """What the registry said of a package.

    Attributes:
        changed: whether it is something new; else all stands that came with the etag.
        published: what it has; None where it has no such package.
        etag: its tag of this state; empty if it gave none.
    """

    changed: bool
    published: Published | None = None
    etag: str = ""


class NpmRegistry:
    """An npm registry at an address; may be shared by threads."""

    def __init__(
        self,
        url: str,
        *,
        private: bool = False,
        connections: int = 8,
        most_bytes: int = MOST_BYTES,
        answer_seconds: float = ANSWER_SECONDS,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        """Make a client.

        Args:
            url: the registry's address, `http:` or `https:`.
            private: whether its host may lead to a private address although its name says not so.
            connections: how many may be open at a time.
            most_bytes: the largest answer that is read, unpacked.
            answer_seconds: the longest that one answer may take.
            pause: waits for some seconds.
        """
        self._base = url.rstrip("/") + "/"
        self._origin = _origin(self._base)
        private = private or is_of_the_house(urlsplit(url).hostname or "")
        self._pools = make_pools(private=private, size=connections)
        self._most_bytes = most_bytes
        self._answer_seconds = answer_seconds
        self._pause = pause
        self._lock = Lock()
        # Before this moment (of the monotonic clock) nothing is asked.
        self._resume_at = 0.0

    def find(self, name: str, etag: str = "") -> Answer:
        """Ask what the registry has of a package.

        Args:
            name: a name that `is_registry_name`.
            etag: that of the last answer about it; empty: none.

        Raises:
            RegistryTrouble: there is no answer, or none that makes sense.
        """
        headers = {
            "Accept": f"{MEDIA_TYPE}; q=1.0, application/json; q=0.8",
            "Accept-Encoding": "gzip",
            "User-Agent": f"registry/{__version__}",
        }
        if etag:
            headers["If-None-Match"] = etag
        address = self._base + registry_path(name)
        trouble = RegistryTrouble("it was not asked", passing=True)
        for attempt in range(_ATTEMPTS):
            self._keep_pause()
            try:
                return self._ask(address, headers)
            except _Busy as busy:
                trouble = busy
                wanted = busy.retry_after
                if wanted is None:
                    wanted = _FIRST_PAUSE_SECONDS * 2**attempt
                if wanted > _LONGEST_PAUSE_SECONDS:
                    break
                self._set_pause(wanted)
        raise trouble

    def close(self) -> None:
        """Close all connections."""
        self._pools.clear()

    def _ask(self, address: str, headers: dict[str, str]) -> Answer:
        deadline = time.monotonic() + self._answer_seconds
        for _ in range(_MOST_REDIRECTS + 1):
            try:
                response = self._pools.request(
                    "GET",
                    address,
                    headers=headers,
                    redirect=False,
                    preload_content=False,
                    timeout=Timeout(connect=_CONNECT_SECONDS, read=_READ_SECONDS),
                )
            except PrivateAddress as error:
                raise RegistryTrouble(
                    "its name leads to a private address, which only "
                    "REGISTRY_NPM_REGISTRY_PRIVATE=true allows",
                    passing=False,
                ) from error
            except HTTPError as error:
                raise _Busy(f"it cannot be reached ({type(error).__name__})") from error
            try:
                if response.status not in _REDIRECTS:
                    return self._take(response, deadline)
                address = self._follow(address, response.headers.get("Location", ""))
            finally:
                # What was not read makes the connection useless for another question.
                response.close()
                response.release_conn()
        raise RegistryTrouble("it redirects without end", passing=False)

    def _follow(self, address: str, location: str) -> str:
        try:
            target = urljoin(address, location)
        except ValueError:
            target = ""
        if not location or _origin(target) != self._origin:
            raise RegistryTrouble("it redirects to another host", passing=False)
        return target

    def _take(self, response: BaseHTTPResponse, deadline: float) -> Answer:
        status = response.status
        if status == HTTPStatus.NOT_MODIFIED:
            return Answer(changed=False)
        if status == HTTPStatus.NOT_FOUND:
            return Answer(changed=True)
        if status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise _Busy(
                f"it answers {status}", retry_after=_seconds(response.headers.get("Retry-After"))
            )
        if status != HTTPStatus.OK:
            raise RegistryTrouble(f"it answers {status}", passing=False)
        content = self._read(response, deadline)
        try:
            published = read_packument(content)
        except NotAPackument as error:
            raise RegistryTrouble(f"its answer makes no sense: {error}", passing=False) from None
        etag = response.headers.get("ETag", "")
        # It is kept, and sent again.
        return Answer(changed=True, published=published, etag=etag if etag.isprintable() else "")

    def _read(self, response: BaseHTTPResponse, deadline: float) -> bytes:
        content = bytearray()
        try:
            # What is there is taken at once: a piece that fills slowly must not hide the clock.
            while piece := response.read1(_CHUNK, decode_content=True):
                content += piece
                if len(content) > self._most_bytes:
                    raise RegistryTrouble("its answer is too large", passing=False)
                if time.monotonic() > deadline:
                    raise RegistryTrouble("its answer takes too long", passing=True)
        except HTTPError as error:
            raise _Busy(f"its answer breaks off ({type(error).__name__})") from error
        return bytes(content)

    def _set_pause(self, seconds: float) -> None:
        with self._lock:
            self._resume_at = max(self._resume_at, time.monotonic() + seconds)

    def _keep_pause(self) -> None:
        with self._lock:
            seconds = self._resume_at - time.monotonic()
        if seconds > 0:
            self._pause(seconds)


class _Busy(RegistryTrouble):
    """The registry is to be asked again, after so many seconds if it said how many."""

    def __init__(self, detail: str, *, retry_after: float | None = None) -> None:
        super().__init__(detail, passing=True)
        self.retry_after = retry_after


def _origin(address: str) -> tuple[str, str | None, int | None]:
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        return "", None, None
    return parts.scheme, parts.hostname, port


def _seconds(retry_after: str | None) -> float | None:
    """Read `Retry-After` (RFC 9110, 10.2.3): seconds, or a date; None for what is neither."""
    if not retry_after:
        return None
    if retry_after.isascii() and retry_after.isdigit():
        return float(retry_after[:9])
    try:
        moment = parsedate_to_datetime(retry_after)
    except ValueError:
        return None
    return max(
        0.0, (moment.replace(tzinfo=moment.tzinfo or UTC) - datetime.now(UTC)).total_seconds()
    )
