"""A real server, to be killed."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.request import urlopen

import pytest

from registry.settings import Settings

REGISTRY = Path(sys.executable).parent / "registry"
PATIENCE = 60


class Server:
    """`registry serve`, which can be killed and started again at the same port."""

    def __init__(self, settings: Settings, **environment: str) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self._environment = {
            **{name: text for name, text in os.environ.items() if not name.startswith("REGISTRY_")},
            "REGISTRY_DATABASE_URL": settings.database_url,
            "REGISTRY_INSTANCE_PATH": str(settings.instance_path),
            "REGISTRY_MIN_FREE_BYTES": "0",
            **environment,
        }

    def start(self) -> None:
        """Start it, and wait until it answers."""
        self._process = subprocess.Popen(
            [str(REGISTRY), "serve", "--no-worker", "--port", str(self.port)],
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            try:
                urlopen(f"http://127.0.0.1:{self.port}/healthz").close()
            except OSError:
                time.sleep(0.05)
            else:
                return
        pytest.fail("the server did not start")

    def kill(self) -> None:
        """Kill all its processes, wherever they are."""
        main = self._process.pid
        workers = Path(f"/proc/{main}/task/{main}/children").read_text().split()
        for process in (main, *map(int, workers)):
            os.kill(process, signal.SIGKILL)
        self._process.wait(PATIENCE)
