"""What the tests of the command share: a database for it, and ways to call it."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from registry.cli import main
from tests.databases import Databases, fresh_database

REGISTRY = Path(sys.executable).parent / "registry"

Run = Callable[..., Result]
Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture(autouse=True)
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Take away the settings of whoever runs the tests, and keep files in `tmp_path`."""
    for name in os.environ:
        if name.startswith("REGISTRY_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("REGISTRY_INSTANCE_PATH", str(tmp_path / "instance"))
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def run() -> Run:
    """Call the command in this process."""

    def call(*arguments: str, **environment: str) -> Result:
        return CliRunner().invoke(main, arguments, prog_name="registry", env=environment)

    return call


@pytest.fixture
def migrated(databases: Databases, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Configure a migrated, empty database; gives its address."""
    with fresh_database(databases, "sqlite") as url:
        monkeypatch.setenv("REGISTRY_DATABASE_URL", url)
        yield url


@pytest.fixture
def migrated_either(database_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Configure a migrated, empty database of each kind in turn; gives its address."""
    monkeypatch.setenv("REGISTRY_DATABASE_URL", database_url)
    return database_url


@pytest.fixture
def start() -> Iterator[Start]:
    """Start the installed command as a process of its own; it is ended after the test."""
    processes: list[subprocess.Popen[str]] = []

    def begin(*arguments: str, **options: object) -> subprocess.Popen[str]:
        options.setdefault("stdin", subprocess.DEVNULL)
        process = subprocess.Popen(
            [str(REGISTRY), *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            **options,  # type: ignore[call-overload]
        )
        processes.append(process)
        return process  # type: ignore[no-any-return]

    yield begin
    for process in processes:
        # Asked, not killed: a server stops its workers.
        process.terminate()
        process.wait(120)
        for stream in (process.stdout, process.stderr):
            if stream:
                stream.close()
