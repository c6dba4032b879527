"""Lookups in a real npm registry: verdaccio on loopback, with packages that the test publishes."""

import json
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import sessionmaker

from registry.dependencies.lookups import look_up_dependencies
from registry.jobs import Work
from registry.models import Dependency
from registry.npm_registry import NpmRegistry
from registry.refresh import refresh_workspace
from registry.settings import Settings
from tests.npm_programs import fetch_with_npm, npm
from tests.ports import free_port
from tests.repositories import WorkTree

# Seconds, long enough for a machine that has much else to do.
PATIENCE = 180
MANIFEST = {
    "private": True,
    "dependencies": {"verdaccio": "^6.0.0"},
    # One of its dependencies asks for a tag that not every mirror of npm's registry has.
    "overrides": {"node-fetch": "^2.7.0"},
}
CONFIGURATION = """
storage: ./storage
auth: {htpasswd: {file: ./htpasswd}}
uplinks: {}
packages: {"**": {access: $all, publish: $all, unpublish: $all}}
log: {type: stdout, level: fatal}
"""


@pytest.fixture(scope="module")
def program() -> Path:
    """Find verdaccio, or have npm fetch it."""
    return fetch_with_npm("verdaccio", MANIFEST) / "node_modules" / ".bin" / "verdaccio"


@pytest.fixture(scope="module")
def registry_url(program: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run verdaccio on loopback for the time of the module."""
    directory = tmp_path_factory.mktemp("verdaccio")
    (directory / "config.yaml").write_text(CONFIGURATION)
    port = free_port()
    url = f"http://127.0.0.1:{port}/"
    process = subprocess.Popen(
        [program, "--config", directory / "config.yaml", "--listen", f"127.0.0.1:{port}"],
        cwd=directory,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_until_it_answers(url, process)
        yield url
    finally:
        process.terminate()
        process.wait()


def wait_until_it_answers(url: str, process: "subprocess.Popen[bytes]") -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if process.poll() is not None:
            pytest.skip(f"verdaccio does not start here (status {process.returncode})")
        try:
            urlopen(f"{url}-/ping", timeout=5).close()  # noqa: S310 -- our own address
        except OSError:
            time.sleep(0.1)
        else:
            return
    pytest.skip("verdaccio does not answer")


def publish(url: str, directory: Path, name: str, version: str, *options: str) -> None:
    directory.mkdir()
    (directory / "package.json").write_text(json.dumps({"name": name, "version": version}))
    authenticate(url, directory)
    npm("publish", "--registry", url, *options, directory=directory)


def authenticate(url: str, directory: Path) -> None:
    # npm wants a token, verdaccio's configuration does not.
    (directory / ".npmrc").write_text(f"{url.removeprefix('http:')}:_authToken=none\n")


def test_lookups_in_verdaccio(
    engine: Engine, database_url: str, registry_url: str, tmp_path: Path
) -> None:
    # Another name for each database, since they share the registry.
    scope = f"@{engine.dialect.name}"
    pad = f"{scope}/pad"
    publish(registry_url, tmp_path / "1", pad, "1.0.0")
    publish(registry_url, tmp_path / "2", pad, "2.0.0")
    publish(registry_url, tmp_path / "3", pad, "3.0.0-rc.1", "--tag", "next")
    npm("deprecate", "--registry", registry_url, f"{pad}@1.0.0", "old", directory=tmp_path / "1")
    tree = WorkTree(tmp_path / "acme")
    ranges = ("1.0.0", "^2.0.0", "next", "3.0.0-rc.1", "^9.0.0", f"npm:{scope}/none@1")
    for index, range_ in enumerate(ranges):
        tree.package(f"p{index}", name=f"p{index}", dependencies={pad: range_})
    tree.write("package.json", {"name": "root", "private": True, "workspaces": ["p*"]})
    tree.commit("feat: begin")
    refresh_workspace(engine, tree.path)
    settings = Settings(database_url=database_url, npm_registry_url=registry_url)
    work = Work("job", "npm-lookup", {}, 1, engine, sessionmaker(engine), settings)

    look_up_dependencies(work)

    with work.sessions() as session:
        rows = session.scalars(select(Dependency).order_by(Dependency.package_id)).all()
    assert [(row.range, row.latest, row.outdated, row.status) for row in rows] == [
        ("1.0.0", "2.0.0", True, "deprecated"),
        ("^2.0.0", "2.0.0", False, "current"),
        ("next", "2.0.0", False, "current"),
        ("3.0.0-rc.1", "2.0.0", True, "outdated"),
        ("^9.0.0", "2.0.0", True, "unsatisfied"),
        (f"npm:{scope}/none@1", "", False, "not_found"),
    ]
    client = NpmRegistry(registry_url)
    answer = client.find(pad)
    assert answer.etag
    assert not client.find(pad, answer.etag).changed
    client.close()
