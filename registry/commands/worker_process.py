"""The worker inside `registry serve`: a process of its own, started again when it ends."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable

# Before a worker that has ended is started again, in seconds; twice as long each time, at most:
_FIRST_DELAY = 1
_LONGEST_DELAY = 60


class WorkerProcess:
    """A `registry worker` beside the server, which then answers as fast while jobs run."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._stopped = threading.Event()
        # The server may be told to stop while the process is being started.
        self._lock = threading.Lock()

    def start(self, tell: Callable[[str], None]) -> None:
        """Start it, and see from a thread that there is one; what goes wrong is told."""
        threading.Thread(target=self._keep, args=(tell,), name="worker", daemon=True).start()

    def stop(self) -> None:
        """Tell it to stop, and wait until it has finished the jobs that it had begun."""
        with self._lock:
            self._stopped.set()
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            self._process.wait()

    def _keep(self, tell: Callable[[str], None]) -> None:
        delay = _FIRST_DELAY
        while True:
            with self._lock:
                if self._stopped.is_set():
                    return
                self._process = _start()
            began = time.monotonic()
            status = self._process.wait()
            if time.monotonic() - began > _LONGEST_DELAY:
                delay = _FIRST_DELAY
            if self._stopped.is_set():
                return
            tell(f"The worker has ended (status {status}); another is started in {delay} s.")
            if self._stopped.wait(delay):
                return
            delay = min(2 * delay, _LONGEST_DELAY)


def _start() -> subprocess.Popen[bytes]:
    # -P: without it, Python imports from the current directory before all others. A session of its
    # own: Ctrl-C is for the server, which then stops this. Killed, the server could not.
    command = [sys.executable, "-P", "-m", "registry.cli", "--quiet", "worker"]
    return subprocess.Popen(
        [*command, "--parent", str(os.getpid())],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
