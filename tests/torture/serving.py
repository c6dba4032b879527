"""Runs `registry serve` as operators do: processes of its own, on a database of either kind."""

import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

import psutil

from registry.rest.limits import Policy
from tests.ports import free_port

ROOT = Path(__file__).parents[2]
_START_SECONDS = 60
# Looked at so often whether the server answers, in seconds.
_POLL = 0.05


@dataclass(frozen=True)
class Served:
    """A server that runs, and what its commands need to work on the same data."""

    port: int
    environment: dict[str, str]
    log: Path
    process: subprocess.Popen[bytes]

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    def run(self, *arguments: str) -> str:
        """Run a `registry` command beside it, out of its way, and give what it printed."""
        return subprocess.run(
            ["nice", *registry_command(*arguments)],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=True,
        ).stdout

    def processes(self) -> list[psutil.Process]:
        """Give the processes that there are of it: its own, those that answer, its worker."""
        top = psutil.Process(self.process.pid)
        return [top, *top.children(recursive=True)]

    def memory(self) -> int:
        """Add up what its processes take of the machine's memory, shared pages once, in bytes."""
        taken = 0
        for process in self.processes():
            try:
                taken += process.memory_full_info().pss
            except psutil.NoSuchProcess:
                continue
        return taken


def registry_command(*arguments: str) -> list[str]:
    """Write the command line of a `registry` command of this tree."""
    return [sys.executable, "-m", "registry.cli", "--quiet", *arguments]


def make_environment(database_url: str, directory: Path, **settings: str) -> dict[str, str]:
    """Make the environment of commands: settings over none of this process's, without limits."""
    return {
        **{key: value for key, value in os.environ.items() if not key.startswith("REGISTRY_")},
        **{f"REGISTRY_{policy.upper()}": "" for policy in Policy},
        "REGISTRY_DATABASE_URL": database_url,
        "REGISTRY_INSTANCE_PATH": str(directory / "instance"),
        "REGISTRY_LOG_LEVEL": "WARNING",
        **{f"REGISTRY_{name.upper()}": value for name, value in settings.items()},
    }


@contextmanager
def serving(environment: dict[str, str], directory: Path) -> Iterator[Served]:
    """Serve until the block is left."""
    port = free_port()
    log = directory / "server.log"
    with (
        log.open("wb") as output,
        subprocess.Popen(
            registry_command("serve", "--port", str(port)),
            cwd=ROOT,
            env=environment,
            stdout=output,
            stderr=output,
        ) as process,
    ):
        served = Served(port, environment, log, process)
        try:
            _await_ready(served)
            yield served
        finally:
            process.terminate()


def _await_ready(served: Served) -> None:
    end = time.monotonic() + _START_SECONDS
    while True:
        try:
            with urllib.request.urlopen(f"{served.url}/readyz") as response:  # noqa: S310 -- ours
                if response.status == HTTPStatus.OK:
                    return
        except OSError:
            if time.monotonic() > end or served.process.poll() is not None:
                raise AssertionError(served.log.read_text("utf-8", "replace")) from None
            time.sleep(_POLL)
