"""A real server, to be killed."""

import os
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from urllib.request import urlopen

import psutil
import pytest

from registry.settings import Settings
from tests.ports import await_free, free_port

REGISTRY = Path(sys.executable).parent / "registry"
# Seconds, long enough for a machine that has much else to do.
PATIENCE = 120


class Server:
    """`registry serve`, which can be killed and started again at the same port."""

    def __init__(self, settings: Settings, **environment: str) -> None:
        self.port = free_port()
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
        """Kill all its processes, wherever they are, and wait until its port is free."""
        main = psutil.Process(self._process.pid)
        for process in (main, *main.children(recursive=True)):
            # It may have ended with its parent.
            with suppress(psutil.NoSuchProcess):
                process.kill()
        self._process.wait(PATIENCE)
        await_free(self.port)
