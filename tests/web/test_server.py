"""What only a real server shows: bodies in chunks, and bytes that no client library would send."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from registry import schema
from registry.database import make_engine
from tests.ports import free_port

LIMIT = 1_000
# Seconds, long enough for a machine that has much else to do.
PATIENCE = 120
ROOT = Path(__file__).resolve().parents[2]

# The application with a route that reads a body.
APPLICATION = """
from app import create_app
from registry.web.body import json_object_body
from registry.web.json import json_response

app = create_app()

@app.put("/echo")
def echo():
    return json_response(json_object_body())
"""


@dataclass
class Server:
    """A running server, spoken to in bytes."""

    port: int
    log: Path

    def send(self, head: bytes, body: bytes = b"") -> tuple[int, dict[str, str], bytes]:
        """Send bytes as they are; give status, headers and body of the answer."""
        request = head + b"\r\nHost: localhost\r\nConnection: close\r\n\r\n" + body
        with socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE) as connection:
            connection.sendall(request)
            answer = b"".join(iter(lambda: connection.recv(65_536), b""))
        top, _, content = answer.partition(b"\r\n\r\n")
        status, *lines = top.decode("latin-1").split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in lines)
        return int(status.split()[1]), headers, content


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    directory = tmp_path_factory.mktemp("server")
    (directory / "served.py").write_text(APPLICATION)
    engine = make_engine(f"sqlite:///{directory / 'registry.db'}")
    schema.upgrade(engine)
    engine.dispose()
    port = free_port()
    environment = {
        **os.environ,
        "PYTHONPATH": f"{directory}:{ROOT}",
        "REGISTRY_INSTANCE_PATH": str(directory),
        "REGISTRY_MAX_BODY_BYTES": str(LIMIT),
    }
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--port", str(port)]
    with (directory / "log").open("wb") as log:
        process = subprocess.Popen(
            [*command, "served:app"], env=environment, stdout=log, stderr=log, cwd=directory
        )
    try:
        wait_for(port)
        yield Server(port, directory / "log")
    finally:
        process.terminate()
        process.wait()


def wait_for(port: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)
        else:
            return


def chunked(body: bytes, size: int = 300) -> bytes:
    parts = [body[start : start + size] for start in range(0, len(body), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in [*parts, b""])


PUT = b"PUT /echo HTTP/1.1\r\nContent-Type: application/json\r\n"


@pytest.mark.parametrize(("length", "status"), [(LIMIT, 200), (LIMIT + 1, 413), (LIMIT * 50, 413)])
def test_a_body_in_chunks(server: Server, length: int, status: int) -> None:
    body = b'{"a": 1}' + b" " * (length - 8)

    answered, headers, content = server.send(PUT + b"Transfer-Encoding: chunked", chunked(body))

    assert answered == status
    if status == 413:
        assert headers["content-type"] == "application/problem+json"
        assert json.loads(content)["code"] == "body_too_large"


def test_a_length_that_is_told_is_believed(server: Server) -> None:
    answered, _, content = server.send(PUT + b"Content-Length: 999999999")

    assert answered == 413
    assert json.loads(content)["code"] == "body_too_large"


@pytest.mark.parametrize(
    "sent", [b"X-Request-Id: a\rb", b"X-Request-Id: a\r\n b", b"X-Request-Id: \xff\xfe"]
)
def test_an_id_cannot_break_the_head(server: Server, sent: bytes) -> None:
    status, headers, _ = server.send(b"GET / HTTP/1.1\r\n" + sent)

    # The server refuses what is no header; of the rest we make an id of our own.
    assert status in {200, 400}
    if status == 200:
        assert headers["x-request-id"].isalnum()


@pytest.mark.parametrize("token", [b"\xff\xfe", b"Bearer \xc3\x28", b"Bearer " + b"x" * 6000])
def test_tokens_of_any_bytes(server: Server, token: bytes) -> None:
    head = b"GET /account/packages HTTP/1.1\r\nAuthorization: " + token

    status, headers, content = server.send(head)

    assert status == 401
    assert headers["www-authenticate"].startswith("bearer")
    # A header that is no text is none to some servers.
    assert json.loads(content)["code"] in {"invalid_token", "unauthenticated"}


def test_bytes_in_addresses(server: Server) -> None:
    for path in (b"/%ff%fe", b"/%c3%28", b"/%", b"/a%0d%0aSet-Cookie:x=1"):
        status, headers, content = server.send(b"GET " + path + b" HTTP/1.1")
        assert status in {400, 404}
        assert "set-cookie" not in headers
        if content:
            assert json.loads(content)["status"] == status
    assert "\nSet-Cookie" not in server.log.read_text()


def test_head_sends_no_body(server: Server) -> None:
    status, headers, content = server.send(b"HEAD / HTTP/1.1")

    assert (status, content) == (200, b"")
    assert int(headers["content-length"]) > 0


def test_every_request_is_logged_with_its_id(server: Server) -> None:
    server.send(b"GET /nothing?token=reg_secret HTTP/1.1\r\nX-Request-Id: of-this-test")

    log = server.log.read_text()
    assert "INFO registry.access [of-this-test] GET /nothing 404 " in log
    assert "reg_secret" not in log
