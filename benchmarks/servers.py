"""The servers that reads are measured on: real processes, which listen on loopback."""

import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.graphql_processes import cpu_seconds, resident_megabytes, tree_of
from registry.server import THREADS

_ROOT = Path(__file__).parent.parent
_START_SECONDS = 60


@dataclass(frozen=True)
class Burst:
    """One measurement: an address asked over and over for a moment."""

    per_second: float
    # Milliseconds of processor time that an answer took the server.
    cpu_ms: float


@dataclass(frozen=True)
class Server:
    """One that answers."""

    port: int
    pid: int
    started_seconds: float
    headers: Mapping[str, str] = field(default_factory=dict)

    def get(self, path: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
        """Ask once; gives the status, the headers by lower-case names, and the body."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request("GET", path, headers={**self.headers, **named})
        response = connection.getresponse()
        body = response.read()
        connection.close()
        return response.status, {k.lower(): v for k, v in response.getheaders()}, body

    def burst(self, path: str, *, clients: int = 4, seconds: float = 0.7, **headers: Any) -> Burst:
        """Ask for a moment with several clients at once."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        order = {
            "port": self.port,
            "path": path,
            "headers": {**self.headers, **named},
            "clients": clients,
            "seconds": seconds,
        }
        before = cpu_seconds(tree_of(self.pid))
        told = subprocess.run(
            [sys.executable, "-m", "benchmarks.http_load"],
            input=json.dumps(order).encode(),
            stdout=subprocess.PIPE,
            check=True,
        )
        spent = cpu_seconds(tree_of(self.pid)) - before
        result = json.loads(told.stdout)
        if not set(result["statuses"]) <= {200, 304}:
            raise SystemExit(f"{path} answered {result['statuses']}")
        return Burst(result["answers"] / result["seconds"], 1000 * spent / result["answers"])

    def resident_mb(self) -> float:
        """Tell what the worker holds, in MB: a copy of the process that was started.

        That one only watches it; another that it started runs jobs. Pages that the worker shares
        with them count as its own.
        """
        own = _command_of(self.pid)
        workers = [each for each in tree_of(self.pid) if each != self.pid]
        return max(resident_megabytes([each]) for each in workers if _command_of(each) == own)


@contextmanager
def registry_server(
    database_url: str, directory: Path, *, token: str = "", cache_bytes: int = 1 << 24
) -> Iterator[Server]:
    """Serve the product as its own command does: one process."""
    port = _free_port()
    command = [sys.executable, "-m", "registry.cli", "--quiet", "serve", "--port", str(port)]
    settings = {
        "REGISTRY_DATABASE_URL": database_url,
        "REGISTRY_INSTANCE_PATH": str(directory / "instance"),
        "REGISTRY_REST_CACHE_BYTES": str(cache_bytes),
        # What is measured is the answer, not the refusal.
        "REGISTRY_RATELIMIT_ACCOUNT": "10000000 per second",
    }
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    with _running(command, port, settings, "/healthz", headers) as server:
        yield server


@contextmanager
def other_server(module: str, settings: Mapping[str, str]) -> Iterator[Server]:
    """Serve another Flask application in the same way."""
    port = _free_port()
    command = [
        *(sys.executable, "-m", "granian", "--interface", "wsgi", "--factory"),
        *("--port", str(port), "--blocking-threads", str(THREADS), "--log-level", "warning"),
        f"{module}:create_app",
    ]
    with _running(command, port, settings, "/nothing", {}) as server:
        yield server


@contextmanager
def _running(
    command: list[str],
    port: int,
    settings: Mapping[str, str],
    probe: str,
    headers: Mapping[str, str],
) -> Iterator[Server]:
    inherited = dict(os.environ)
    # As installed: pip compiles modules, and a server that compiled its own would start later.
    inherited.pop("PYTHONDONTWRITEBYTECODE", None)
    begun = time.perf_counter()
    with subprocess.Popen(
        command,
        cwd=_ROOT,
        env={**inherited, **settings},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        # The product writes a line for each request; nobody reads these.
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            server = Server(port, process.pid, 0)
            while process.poll() is None and time.perf_counter() < begun + _START_SECONDS:
                try:
                    server.get(probe)
                except OSError:
                    time.sleep(0.005)
                else:
                    break
            else:
                raise SystemExit(f"{' '.join(command[1:4])} did not start")
            yield Server(port, process.pid, time.perf_counter() - begun, headers)
        finally:
            process.terminate()


def _command_of(pid: int) -> bytes:
    return Path(f"/proc/{pid}/cmdline").read_bytes()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
