"""The stores under test: a directory, and a bucket of a real S3-compatible server."""

import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from registry.settings import Settings
from registry.storage import Storage, open_storage

KEY, SECRET = "test-key", "test-secret"
SECONDS_TO_START = 30


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run the S3 server that a test dependency brings, with a bucket `artifacts`."""
    rclone = shutil.which("rclone", path=str(Path(sys.executable).parent)) or shutil.which("rclone")
    if rclone is None:
        pytest.skip("there is no rclone to serve S3: install the dev dependencies")
    root = tmp_path_factory.mktemp("s3")
    (root / "artifacts").mkdir()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
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


@pytest.fixture(params=["directory", "s3"])
def new_storage(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[], Storage]:
    """Open the same store, as often as wanted; the test runs once on each kind."""
    settings = Settings(instance_path=tmp_path)
    if request.param == "s3":
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
        settings = Settings(
            instance_path=tmp_path,
            storage_uri=f"s3://artifacts/{tmp_path.name}",
            s3_endpoint_url=request.getfixturevalue("s3_server"),
        )
    return lambda: open_storage(settings)


@pytest.fixture
def storage(new_storage: Callable[[], Storage]) -> Storage:
    """Open an empty store."""
    return new_storage()
