"""A disk that is full, or read-only: clear answers, nothing half, and the next try works."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import TestResponse

from registry import schema
from registry.database import make_engine
from registry.settings import Settings
from registry.verify import verify
from registry.web.database import db
from tests.publishing.archives import GOOD, make_zip
from tests.publishing.conftest import Publisher
from tests.repositories import WorkTree, small_monorepo

_SIZE = 6 * 1024 * 1024
CHANGE = {"packageName": "two", "config": {"description": "Another"}}


@dataclass
class Disk:
    """A small file system in memory."""

    path: Path

    def fill(self, left: int = 0) -> None:
        """Fill it, but for some bytes."""
        free = os.statvfs(self.path).f_bavail * os.statvfs(self.path).f_bsize
        (self.path / "filling").write_bytes(b"\0" * max(0, free - left))

    def make_room(self) -> None:
        """Make the room again that was filled."""
        (self.path / "filling").unlink()

    def remount(self, how: str) -> None:
        """Mount it read-only (`ro`) or as before (`rw`)."""
        subprocess.run(["mount", "-o", f"remount,{how}", str(self.path)], check=True)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    """Mount a small file system, where this user may."""
    path = tmp_path / "disk"
    path.mkdir()
    if shutil.which("mount") is None:
        pytest.skip("there is no mount(8)")
    mount = ["mount", "-t", "tmpfs", "-o", f"size={_SIZE}", "tmpfs", str(path)]
    mounted = subprocess.run(mount, capture_output=True, text=True, check=False)
    if mounted.returncode:
        pytest.skip(f"a file system cannot be mounted: {mounted.stderr.strip()}")
    yield Disk(path)
    subprocess.run(["umount", "--lazy", str(path)], check=True)


@pytest.fixture
def tree(disk: Disk) -> WorkTree:
    """Make a workspace on the disk."""
    return small_monorepo(disk.path / "acme")


@pytest.fixture
def database_url(disk: Disk) -> str:
    """Make a database on the disk: only SQLite's is a matter of this machine's disks."""
    url = f"sqlite:///{disk.path / 'registry.db'}"
    engine = make_engine(url)
    schema.upgrade(engine)
    engine.dispose()
    return url


@pytest.fixture
def settings(settings: Settings, disk: Disk, tree: WorkTree) -> Settings:
    """Have all that is written on the disk."""
    changed = {"instance_path": disk.path / "instance", "workspace": tree.path, "open_writes": True}
    return settings.model_copy(update=changed)


def refused(answer: TestResponse, *codes: str) -> None:
    """See that an answer tells what is wrong, and when to try again."""
    assert answer.status_code == 503, answer.text
    assert answer.json is not None
    assert answer.json["code"] in codes
    assert answer.headers["Retry-After"]


def wrong(publisher: Publisher) -> list[Any]:
    """Tell what `registry verify` finds wrong."""
    results = verify(publisher.engine, publisher.settings)
    return [result for result in results if result.is_wrong]


def test_a_full_disk_refuses_and_nothing_is_half(
    publisher: Publisher, disk: Disk, tree: WorkTree
) -> None:
    client = publisher.client
    assert client.post("/api/packages/refresh").status_code == 200
    manifest = (tree.path / "packages/two/package.json").read_bytes()
    tree.package("packages/three", name="three", version="1.0.0")
    tree.commit("feat: three")

    for left in (0, 4096, 16_384):
        disk.fill(left)
        refused(client.post("/api/packages/refresh"), "database_full")
        assert client.get("/api/packages/two").status_code == 200
        disk.make_room()
    disk.fill()
    full = client.put("/api/packages/update-config", json=CHANGE)
    refused(full, "workspace_not_writable", "database_full")
    assert (tree.path / "packages/two/package.json").read_bytes() == manifest
    graphql = client.post("/graphql", json={"query": "mutation { refreshPackages { __typename } }"})
    assert graphql.json is not None
    assert graphql.json["errors"][0]["extensions"]["code"] == "database_full"
    assert client.get("/api/packages").json == client.get("/api/packages").json
    disk.make_room()

    assert tree.git("status", "--porcelain") == ""
    assert wrong(publisher) == []
    assert client.post("/api/packages/refresh").status_code == 200
    assert client.put("/api/packages/update-config", json=CHANGE).status_code == 200
    assert client.get("/api/packages/three").status_code == 200
    assert wrong(publisher) == []


def test_an_upload_to_a_full_disk_fails_with_its_reason_and_the_next_works(
    publisher: Publisher, disk: Disk
) -> None:
    noise = make_zip({**GOOD, "noise": os.urandom(400_000)})
    # Room for the rows, and not for the file; then for the file, and not for the artifact.
    disk.fill(300_000)
    answer = publisher.upload(noise)
    disk.make_room()
    assert answer.status_code == 204, answer.text
    assert publisher.row().status == "failed_not_enough_space"
    assert "not enough space" in publisher.row().failure_reason
    assert publisher.retry(noise).status_code == 204

    disk.fill(100_000)
    publisher.work_off()
    disk.make_room()
    row = publisher.row()
    assert row.status == "failed_not_enough_space"
    assert row.failure_reason
    assert publisher.stored() == set()

    assert publisher.retry(noise).status_code == 204
    publisher.work_off()
    assert publisher.row().status == "processed"
    assert wrong(publisher) == []


def test_a_read_only_disk_is_read_and_not_written(publisher: Publisher, disk: Disk) -> None:
    client = publisher.client
    assert client.post("/api/packages/refresh").status_code == 200
    before = client.get("/api/packages").json
    # What is open for writing would keep the disk from becoming read-only.
    with client.application.app_context():
        db.engine.dispose()
    publisher.engine.dispose()
    disk.remount("ro")

    refused(client.post("/api/packages/refresh"), "database_read_only", "database_unavailable")
    refused(
        client.put("/api/packages/update-config", json=CHANGE),
        "workspace_not_writable",
        "database_read_only",
        "database_unavailable",
    )
    refused(publisher.upload(), "database_read_only", "database_unavailable", "unavailable")
    read = client.get("/api/packages")

    with client.application.app_context():
        db.engine.dispose()
    disk.remount("rw")
    assert read.status_code in {200, 503}, read.text
    assert client.get("/api/packages").json == before
    assert client.post("/api/packages/refresh").status_code == 200
    assert publisher.upload().status_code == 204
    publisher.work_off()
    assert wrong(publisher) == []
