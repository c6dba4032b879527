"""A real S3-compatible server, which a test dependency brings."""

import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.ports import free_port

KEY, SECRET = "test-key", "test-secret"
SECONDS_TO_START = 120


@contextmanager
def running_s3(root: Path) -> Iterator[str]:
    """Run the server with a bucket `artifacts` below a directory; gives its address."""
    rclone = shutil.which("rclone", path=str(Path(sys.executable).parent)) or shutil.which("rclone")
    if rclone is None:
        pytest.skip("there is no rclone to serve S3: install the dev dependencies")
    (root / "artifacts").mkdir()
    port = free_port()
    process = subprocess.Popen(
        [
            *(rclone, "serve", "s3", "--config", "/dev/null", "--vfs-cache-mode", "off"),
            *("--auth-key", f"{KEY},{SECRET}", "--addr", f"127.0.0.1:{port}", str(root)),
        ],
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait(process, port)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


def _wait(process: "subprocess.Popen[bytes]", port: int) -> None:
    deadline = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    pytest.fail("the S3 server did not start")


def set_storage(monkeypatch: pytest.MonkeyPatch, address: str, prefix: str) -> None:
    """Make the bucket the store of all settings that are made, here and in other processes."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.setenv("REGISTRY_STORAGE_URI", f"s3://artifacts/{prefix}")
    monkeypatch.setenv("REGISTRY_S3_ENDPOINT_URL", address)
