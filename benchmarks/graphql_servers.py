"""The servers that are compared: real processes that listen on loopback."""

import http.client
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import make_url

from registry.server import THREADS

_HERE = Path(__file__).parent
_ROOT = _HERE.parent
# An ignored folder, so that a second run needs no network.
_POSTGRAPHILE = _ROOT / "build" / "postgraphile"
# PostGraphile 5 needs Node 22, which is not everybody's: it is installed with it.
_NODE = "node_modules/.bin/node"
_START_SECONDS = 60


@dataclass(frozen=True)
class Server:
    """One that answers."""

    name: str
    port: int
    pid: int

    def ask(self, body: str) -> bytes:
        """Ask once and give the answer's body."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request("POST", "/graphql", body, {"Content-Type": "application/json"})
        answer = connection.getresponse().read()
        connection.close()
        return answer


@contextmanager
def registry_server(database_url: str, directory: Path, *, keeps_answers: bool) -> Iterator[Server]:
    """Serve the product as its own command does, in one process, with or without its cache."""
    port = _free_port()
    serve = ["serve", "--no-worker", "--port", str(port)]
    command = [sys.executable, "-m", "registry.cli", "--quiet", *serve]
    settings = _settings(database_url, directory)
    if not keeps_answers:
        settings["REGISTRY_GRAPHQL_CACHE_BYTES"] = "0"
    with _running("Registry", command, port, settings, _ROOT) as server:
        yield server


@contextmanager
def fieldwise_server(database_url: str, directory: Path) -> Iterator[Server]:
    """Serve our own schema with a query for each nested field, under the same HTTP server."""
    port = _free_port()
    command = [
        *(sys.executable, "-m", "granian", "--interface", "wsgi", "--factory"),
        *("--port", str(port), "--blocking-threads", str(THREADS), "--log-level", "warning"),
        "benchmarks.graphql_fieldwise:create_app",
    ]
    settings = _settings(database_url, directory)
    with _running("a query per field", command, port, settings, _ROOT) as server:
        yield server


@contextmanager
def postgraphile_server(database_url: str) -> Iterator[Server]:
    """Serve the same tables with PostGraphile, which `install_postgraphile` has installed."""
    port = _free_port()
    address = make_url(database_url).set(drivername="postgresql").render_as_string(False)
    command = [_NODE, "server.js", address, str(port)]
    settings = {"NODE_ENV": "production", "GRAPHILE_ENV": "production"}
    with _running("PostGraphile", command, port, settings, _POSTGRAPHILE) as server:
        yield server


def install_postgraphile() -> str | None:
    """Install PostGraphile into `build/`; gives its version, or None where that cannot be."""
    npm = shutil.which("npm")
    if npm is None:
        return None
    _POSTGRAPHILE.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "server.js"):
        shutil.copyfile(_HERE / "postgraphile" / name, _POSTGRAPHILE / name)
    installed = subprocess.run(
        [npm, "install", "--no-audit", "--no-fund", "--no-package-lock", "--prefer-offline"],
        cwd=_POSTGRAPHILE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
    )
    if installed.returncode != 0:
        return None
    try:
        node = subprocess.run(
            [_POSTGRAPHILE / _NODE, "--version"], capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    manifest = _POSTGRAPHILE / "node_modules" / "postgraphile" / "package.json"
    version = json.loads(manifest.read_text())["version"]
    return f"PostGraphile {version} on Node {node.stdout.strip()}"


def _settings(database_url: str, directory: Path) -> dict[str, str]:
    return {"REGISTRY_DATABASE_URL": database_url, "REGISTRY_INSTANCE_PATH": str(directory)}


@contextmanager
def _running(
    name: str, command: list[str], port: int, settings: dict[str, str], directory: Path
) -> Iterator[Server]:
    with subprocess.Popen(
        command,
        cwd=directory,
        env={**os.environ, **settings},
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        # The product writes a line for each request; nobody reads these.
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            server = Server(name, port, process.pid)
            _await_answer(server, process)
            yield server
        finally:
            process.terminate()


def _await_answer(server: Server, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + _START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        try:
            server.ask('{"query": "{ __typename }"}')
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise SystemExit(f"{server.name} did not start.")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
