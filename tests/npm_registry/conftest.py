"""A small HTTP server that answers as a test says, good or ill."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest


@dataclass
class Reply:
    """What the server answers to one request; a body may come in pieces."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    # Says that more would come, and breaks off.
    breaks_off: bool = False


@dataclass
class FaultyServer:
    """An HTTP server whose replies are set by path; what was asked is noted."""

    port: int
    replies: dict[str, list[Reply] | Callable[[dict[str, str]], Reply]] = field(
        default_factory=dict
    )
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Give the server's address."""
        return f"http://127.0.0.1:{self.port}/"

    def reply(self, path: str, headers: dict[str, str]) -> Reply:
        """Find the next reply; the last one of a path stays."""
        self.asked.append((path, headers))
        found = self.replies.get(path, [Reply(status=404)])
        if callable(found):
            return found(headers)
        return found.pop(0) if len(found) > 1 else found[0]


@pytest.fixture
def server() -> Iterator[FaultyServer]:
    """Serve on loopback for the time of a test."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            reply = served.reply(self.path, {k.lower(): v for k, v in self.headers.items()})
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(reply.body) + reply.breaks_off))
            self.end_headers()
            self.wfile.write(reply.body)
            self.close_connection = reply.breaks_off

        def log_message(self, *_args: object) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    http.daemon_threads = True
    served = FaultyServer(http.server_address[1])
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield served
    http.shutdown()
    http.server_close()
    thread.join()
