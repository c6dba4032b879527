"""After a restore, tokens, artifacts and private keys work as they did."""

import io
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask

from registry.backup import InvalidBackup, check_backup, restore_backup, take_backup
from registry.settings import Settings
from registry.storage import open_storage
from registry.web.database import db
from tests.databases import Databases
from tests.publishing.archives import GOOD, make_zip
from tests.publishing.conftest import Publisher

NOISE = make_zip({**GOOD, "noise": bytes(range(256)) * 4000}, level=0)


def quiet(_step: str, _done: int, _total: int | None) -> None:
    """Hear of progress and say nothing."""


@pytest.fixture
def other(databases: Databases, publisher: Publisher, tmp_path: Path) -> Iterator[Settings]:
    """Give settings of a database without tables, of the other kind, and of an empty store."""
    kind = "sqlite" if publisher.engine.dialect.name == "postgresql" else "postgresql"
    url = databases.make_empty(kind)
    yield publisher.settings.model_copy(
        update={"database_url": url, "instance_path": tmp_path / "other"}
    )
    databases.drop(url)


def take(publisher: Publisher) -> io.BytesIO:
    file = io.BytesIO()
    take_backup(publisher.engine, publisher.storage, file, quiet)
    return file


def restore(file: io.BytesIO, app: Flask, settings: Settings) -> None:
    with app.app_context():
        restore_backup(db.engine, open_storage(settings), file, quiet)


def test_a_restored_registry_serves_what_the_old_one_did(
    publisher: Publisher, other: Settings, new_app: Callable[[Settings], Flask]
) -> None:
    publisher.upload(NOISE)
    sent = publisher.upload(packageVersion="1.5.0", isPublic="false", isPrivate="true")
    key = sent.headers["X-Private-Key"]
    publisher.work_off()
    publisher.upload(packageVersion="1.6.0")
    app = new_app(other)

    restore(take(publisher), app, other)

    restored = Publisher(
        app.test_client(), publisher.engine, other, publisher.author_id, publisher.tokens
    )
    for version, headers in (("1.4.3", {}), ("1.5.0", {"X-Private-Key": key})):
        path = f"/artifacts/{publisher.row(version).download_key}"
        old = publisher.client.get(path, headers=headers)
        new = restored.client.get(path, headers=headers)
        assert new.status_code == 200
        assert new.get_data() == old.get_data()
        assert new.headers["ETag"] == old.headers["ETag"]
    assert restored.client.get(path).status_code == 404
    mine = {"headers": publisher.headers()}
    after, before = (
        each.client.get("/account/packages", **mine).json for each in (restored, publisher)
    )
    assert after == before
    with app.app_context():
        waiting = Publisher(
            app.test_client(), db.engine, other, publisher.author_id, publisher.tokens
        )
        assert waiting.work_off() == 1
        assert waiting.version("1.6.0")["status"] == "processed"


def test_a_damaged_artifact_is_told_and_left_out(
    publisher: Publisher, other: Settings, new_app: Callable[[Settings], Flask]
) -> None:
    publisher.upload(NOISE)
    publisher.upload(packageVersion="1.5.0")
    publisher.upload(packageVersion="1.6.0", file=make_zip({**GOOD, "other": b"x"}))
    publisher.work_off()
    damaged, missing, good = (publisher.row(v).hash for v in ("1.4.3", "1.5.0", "1.6.0"))
    store = publisher.settings.instance_path / "storage"
    next(store.glob(f"*/*/{damaged}")).write_bytes(b"rotten")
    publisher.storage.delete(missing)
    file = take(publisher)

    manifest = check_backup(file, quiet)
    restore(file, new_app(other), other)

    assert sorted(manifest.lost) == sorted([damaged, missing])
    assert {each.sha256 for each in open_storage(other).files()} == {good}


def test_an_artifact_that_is_damaged_in_the_backup_is_seen_before_anything_is_written(
    publisher: Publisher, other: Settings, new_app: Callable[[Settings], Flask]
) -> None:
    publisher.upload(NOISE)
    publisher.work_off()
    data = bytearray(take(publisher).getvalue())
    artifact = b"".join(publisher.storage.read(publisher.row().hash))
    data[data.index(artifact) + len(artifact) // 2] ^= 1

    with pytest.raises(InvalidBackup, match="1 of its artifacts"):
        restore(io.BytesIO(bytes(data)), new_app(other), other)

    assert list(open_storage(other).files()) == []


def test_a_backup_without_artifacts_says_so(publisher: Publisher) -> None:
    publisher.upload()
    publisher.work_off()
    file = io.BytesIO()

    manifest = take_backup(publisher.engine, None, file, quiet)

    assert (manifest.files, manifest.without_files, manifest.lost) == (0, True, [])
