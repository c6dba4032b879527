"""Calls a registry over HTTP, as authors' tools do."""

import http.client
import json
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any, NoReturn
from urllib.parse import urlsplit

import click

# Seconds; an upload is answered only when its file is stored.
_TIMEOUT = 300
_CHUNK = 256 * 1024
_SUCCESSES = range(200, 300)


class Refused(Exception):
    """The registry refused a request, with a problem document."""

    def __init__(self, status: int, code: str, detail: str, retry_after: int | None) -> None:
        super().__init__(detail)
        self.status, self.code, self.detail = status, code, detail
        # Seconds after which to try again; None: it does not say.
        self.retry_after = retry_after


class Unreachable(click.ClickException):
    """There is no registry to be reached, or it was lost on the way."""


class RegistryClient:
    """A registry, and the token that it is called with."""

    def __init__(self, server: str, token: str) -> None:
        """Take the registry's address, e.g. `https://registry.example.com`.

        Raises:
            click.UsageError: it is none.
        """
        parts = urlsplit(server)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise click.UsageError(f"{server} is no address of a registry: begin it with https://.")
        self._is_safe = parts.scheme == "https"
        self._netloc, self._prefix = parts.netloc, parts.path.rstrip("/")
        self._server = server
        self._headers = {"Authorization": f"Bearer {token}"}

    def get(self, path: str) -> Any:
        """Read a JSON document.

        Raises:
            Refused: the registry does not give it.
            Unreachable: there is no registry to be reached.
        """
        return json.loads(self.call("GET", path)[1])

    def call(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str] = MappingProxyType({}),
        body: bytes | Iterator[bytes] | None = None,
    ) -> tuple[http.client.HTTPMessage, bytes]:
        """Send a request, and give the headers and the body of the answer.

        Args:
            method: of HTTP.
            path: where to.
            headers: besides the token; of a body in pieces, its `Content-Length`.
            body: whole, or piece by piece.

        Raises:
            Refused: the registry answers with a problem.
            Unreachable: there is no registry to be reached, or it was lost on the way.
        """
        with self._connect() as connection:
            try:
                sent = {**self._headers, **headers}
                connection.request(method, self._prefix + path, body, sent)
            except (BrokenPipeError, ConnectionResetError):
                # It may have answered before it had read all: the answer tells why.
                return self._read(connection)
            return self._read(connection)

    def path_of(self, location: str) -> str:
        """Give the path to ask for of an address that this registry told in `Location`."""
        return urlsplit(location).path.removeprefix(self._prefix)

    @property
    def server(self) -> str:
        """The registry's address."""
        return self._server

    def send_file(
        self,
        path: str,
        fields: Mapping[str, str],
        file: Path,
        progress: Callable[[int], None],
    ) -> http.client.HTTPMessage:
        """Send a form with a file, piece by piece, and give the headers of the answer.

        Args:
            path: where to.
            fields: the form's other fields.
            file: the file, which is sent as the field `file`.
            progress: told how many bytes of the file were sent, again and again.

        Raises:
            Refused: the registry does not take it.
            Unreachable: there is no registry to be reached, or it was lost on the way.
        """
        boundary = secrets.token_hex(16)
        head = b"".join(
            f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'.encode()
            + f"{value}\r\n".encode()
            for name, value in fields.items()
        )
        head += (
            f"--{boundary}\r\nContent-Disposition: form-data; "
            f'name="file"; filename="package.zip"\r\nContent-Type: application/zip\r\n\r\n'
        ).encode()
        tail = f"\r\n--{boundary}--\r\n".encode()
        length = len(head) + file.stat().st_size + len(tail)

        def body() -> Iterator[bytes]:
            yield head
            with file.open("rb") as content:
                while chunk := content.read(_CHUNK):
                    yield chunk
                    progress(content.tell())
            yield tail

        headers = {
            "Content-Type": f"multipart/form-data; boundary={boundary}",
            "Content-Length": str(length),
        }
        return self.call("POST", path, headers, body())[0]

    @contextmanager
    def _connect(self) -> Iterator[http.client.HTTPConnection]:
        kind = http.client.HTTPSConnection if self._is_safe else http.client.HTTPConnection
        connection = kind(self._netloc, timeout=_TIMEOUT)
        try:
            yield connection
        except (OSError, http.client.HTTPException) as error:
            self._explain(error)
        finally:
            connection.close()

    def _explain(self, error: Exception) -> NoReturn:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise Unreachable(f"{self._server} cannot be reached: {reason}.") from error

    def _read(
        self, connection: http.client.HTTPConnection
    ) -> tuple[http.client.HTTPMessage, bytes]:
        response = connection.getresponse()
        content = response.read()
        if response.status in _SUCCESSES:
            return response.headers, content
        try:
            problem = json.loads(content)
            code, detail = str(problem["code"]), str(problem["detail"])
        except (ValueError, KeyError, TypeError):
            code = ""
            detail = (
                f"{self._server} answers {response.status} {response.reason}, and does not say why."
            )
        after = response.headers.get("Retry-After", "")
        raise Refused(response.status, code, detail, int(after) if after.isdecimal() else None)
