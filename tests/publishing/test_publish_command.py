"""`registry publish`, against a registry that is served for real."""

import json
import stat
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner, Result
from werkzeug.serving import make_server

from registry.cli import main
from registry.commands import upload_in_pieces
from registry.commands.kept_upload import KeptUpload
from registry.commands.registry_client import Refused
from registry.commands.upload_in_pieces import (
    FIRST_WAIT,
    LONGEST_WAIT,
    PATIENCE,
    FileInPieces,
    Patience,
)
from tests.publishing.archives import IDENTIFIER, make_zip
from tests.publishing.conftest import Publisher


@pytest.fixture
def server(publisher: Publisher, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Serve the registry, with a worker that does jobs until the test is over."""
    monkeypatch.setattr("registry.commands.publish._LOOK_EVERY", 0.02)
    served = make_server("127.0.0.1", 0, publisher.client.application, threaded=True)
    over = threading.Event()

    def work() -> None:
        while not over.wait(0.05):
            publisher.work_off()

    threads = [threading.Thread(target=served.serve_forever, args=(0.01,))]
    threads.append(threading.Thread(target=work))
    for thread in threads:
        thread.start()
    yield f"http://127.0.0.1:{served.server_port}"
    over.set()
    served.shutdown()
    for thread in threads:
        thread.join()
    served.server_close()


@pytest.fixture(autouse=True)
def _remembered_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Make a package's archive."""
    path = tmp_path / "package.zip"
    path.write_bytes(make_zip())
    return path


def remembered(file: Path) -> list[Path]:
    return list((file.parent / "state" / "registry" / "uploads").iterdir())


def publish(publisher: Publisher, server: str, *arguments: object, by: str = "upload") -> Result:
    words = ["publish", *map(str, arguments), "--package", IDENTIFIER, "--server", server]
    token = {"PUBLISH_TOKEN": publisher.tokens[by]}
    return CliRunner().invoke(main, words, prog_name="registry", env=token)


def test_a_version_is_published(publisher: Publisher, server: str, file: Path) -> None:
    depends = ("--depends", "example.package2", "1.2-", "--conflicts", "example.package3", "*")

    result = publish(publisher, server, file, "--version", "1.4.3", "--platform", "linux", *depends)

    assert result.exit_code == 0, result.output
    row = publisher.row()
    assert result.stdout.splitlines() == ["status processed", f"hash {row.hash}", f"loc {row.loc}"]
    assert (row.supports_linux, row.supports_macos) == (True, False)
    assert row.dependencies == [["xpkg/example.package2", "1.2-"]]
    assert row.incompatibilities == [["xpkg/example.package3", "*"]]


def test_a_private_version_tells_its_key(publisher: Publisher, server: str, file: Path) -> None:
    result = publish(publisher, server, file, "--version", "1.4.3", "--private", "--json")

    outcome: dict[str, Any] = json.loads(result.stdout)
    assert outcome["status"] == "processed"
    headers = {"X-Private-Key": outcome["privateKey"]}
    address = f"/artifacts/{publisher.row().download_key}"
    assert publisher.client.get(address, headers=headers).status_code == 200


def test_a_version_that_failed_takes_the_file_again(
    publisher: Publisher, server: str, file: Path
) -> None:
    good = file.read_bytes()
    file.write_bytes(b"no zip")
    failed = publish(publisher, server, file, "--version", "1.4.3")
    assert failed.exit_code == 1
    assert "failed_invalid_file_types" in failed.stderr
    assert "no zip archive" in failed.stderr
    file.write_bytes(good)

    assert publish(publisher, server, file, "--version", "1.4.3").exit_code == 0
    again = publish(publisher, server, file, "--version", "1.4.3")
    assert again.exit_code == 1
    assert "exists already" in again.stderr


def test_what_is_refused_is_told(publisher: Publisher, server: str, file: Path) -> None:
    wrong = publish(publisher, server, file, "--version", "x")
    assert (wrong.exit_code, wrong.stdout) == (1, "")
    assert "packageVersion" in wrong.stderr
    others = publish(publisher, server, file, "--version", "1", by="other")
    assert "no package with this identifier" in others.stderr


def test_a_token_that_may_only_upload(publisher: Publisher, server: str, file: Path) -> None:
    result = publish(publisher, server, file, "--version", "1.4.3", by="one")

    assert (result.exit_code, result.stdout) == (0, "status processing\n")
    assert "ViewPackages" in result.stderr


def test_what_was_begun_is_gone_on_with(
    publisher: Publisher, server: str, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upload_in_pieces, "PIECE", 100)
    send = FileInPieces._send_piece

    def break_off(pieces: FileInPieces, upload: KeptUpload, offset: int, length: int) -> Any:
        if offset >= 300:
            raise KeyboardInterrupt
        return send(pieces, upload, offset, length)

    with monkeypatch.context() as patched:
        patched.setattr(FileInPieces, "_send_piece", break_off)
        stopped = publish(publisher, server, file, "--version", "1.4.3", "--private")
    assert (stopped.exit_code, stopped.stdout) == (130, "")
    assert "give the same command again" in stopped.stderr
    assert stat.S_IMODE(remembered(file)[0].stat().st_mode) == 0o600

    result = publish(publisher, server, file, "--version", "1.4.3", "--private", "--json")

    assert result.exit_code == 0, result.output
    assert f"Going on after 300 of {file.stat().st_size:,} bytes." in result.stderr
    # The key that was told to the command that was stopped.
    headers = {"X-Private-Key": json.loads(result.stdout)["privateKey"]}
    address = f"/artifacts/{publisher.row().download_key}"
    assert publisher.client.get(address, headers=headers).status_code == 200
    assert remembered(file) == []


def test_another_file_begins_anew(
    publisher: Publisher, server: str, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(FileInPieces, "_send_piece", stop)
        publish(publisher, server, file, "--version", "1.4.3")
    (first,) = publisher.storage.partial_files.names()
    file.write_bytes(make_zip(level=0))

    result = publish(publisher, server, file, "--version", "1.4.3")

    assert result.exit_code == 0, result.output
    assert "Going on" not in result.stderr
    # What was begun before is cancelled, and waits for nothing.
    assert publisher.storage.partial_files.names() == []
    assert first


def test_a_registry_that_cannot_take_pieces_gets_the_whole(
    publisher: Publisher, server: str, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lose(*_: object) -> Iterator[bytes]:
        for name in publisher.storage.partial_files.names():
            publisher.storage.partial_files.remove(name)
        yield file.read_bytes()

    with monkeypatch.context() as patched:
        # Each request reaches another server.
        patched.setattr(FileInPieces, "_read", lose)
        result = publish(publisher, server, file, "--version", "1.4.3")

    assert result.exit_code == 0, result.output
    assert "sending it whole" in result.stderr
    assert publisher.row().status == "processed"


def test_patience_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    clock = SimpleNamespace(monotonic=lambda: sum(waits), sleep=waits.append)
    monkeypatch.setattr(upload_in_pieces, "time", clock)
    patience = Patience()
    tried = 0

    def fail() -> None:
        nonlocal tried
        tried += 1
        raise Refused(503, "unavailable", "Not now.", None)

    with pytest.raises(Refused), main.make_context("registry", ["doctor"]):
        patience.insist(fail)
    assert tried == len(waits) + 1 > 5
    assert PATIENCE - LONGEST_WAIT <= sum(waits) <= PATIENCE
    assert waits[0] <= FIRST_WAIT < max(waits) <= LONGEST_WAIT
    with pytest.raises(Refused), main.make_context("registry", ["doctor"]):
        # It says when, and that is too late.
        patience.wait(Refused(429, "rate_limited", "Too many.", 3600))
    with pytest.raises(Refused):
        patience.wait(Refused(400, "invalid_version", "None.", None))


def test_a_registry_that_is_not_there(publisher: Publisher, file: Path) -> None:
    gone = publish(publisher, "http://127.0.0.1:1", file, "--version", "1")
    assert (gone.exit_code, gone.stdout) == (1, "")
    assert "cannot be reached" in gone.stderr
    assert publish(publisher, "registry.example.com", file, "--version", "1").exit_code == 2
