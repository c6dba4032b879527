"""Uploads become artifacts or reasons, whatever happens on the way, and nothing is left behind."""

import errno
import hashlib
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from registry.database import writing
from registry.jobs import MAX_ATTEMPTS, enqueue_job
from registry.models import Author, Job, Publication, Version
from registry.publishing.processing import abort_overdue, fail_deserted
from registry.publishing.processing_requests import KIND
from registry.publishing.quota import used_bytes
from registry.publishing.removal import forget_unstored
from registry.publishing.stored_files import sweep_storage
from registry.rules.enumerations import JobStatus, VersionStatus
from registry.settings import Settings
from registry.storage import WorkFile
from tests.publishing.archives import GOOD, SYMBOLIC_LINK, make_zip
from tests.publishing.conftest import Publisher

NewPublisher = Callable[[Settings], Publisher]


def change(publisher: Publisher, **columns: Any) -> None:
    with writing(publisher.sessions) as session:
        for publication in session.scalars(select(Publication)):
            for name, value in columns.items():
                setattr(publication, name, value)


def read(publisher: Publisher, sha256: str) -> bytes:
    return b"".join(publisher.storage.read(sha256))


def test_an_upload_becomes_an_artifact(publisher: Publisher) -> None:
    publisher.upload()

    assert publisher.work_off() == 1

    row, shown = publisher.row(), publisher.version()
    assert shown["status"] == "processed"
    assert publisher.stored() == {shown["hash"]}
    artifact = read(publisher, shown["hash"])
    assert hashlib.sha256(artifact).hexdigest() == shown["hash"]
    assert shown["size"] == len(artifact)
    assert shown["installedSize"] > sum(map(len, GOOD.values()))
    assert shown["loc"] == f"https://registry.example.com/artifacts/{row.download_key}"
    assert len(row.download_key or "") == 64
    assert (row.upload_hash, row.upload_size, row.failure_reason) == ("", 0, "")
    assert "failureReason" not in shown


def test_a_job_that_is_run_again_changes_nothing(publisher: Publisher) -> None:
    publisher.upload()
    publisher.work_off()
    change(publisher, failure_reason="untouched")
    before = publisher.version()
    with writing(publisher.sessions) as session:
        enqueue_job(session, KIND, {"version": publisher.row().version_id})
        enqueue_job(session, KIND, {"version": 10**9})

    assert publisher.work_off() == 2
    assert publisher.version() == before
    assert publisher.row().failure_reason == "untouched"


@pytest.mark.parametrize(
    ("file", "status"),
    [
        (b"no zip", "failed_invalid_file_types"),
        (SYMBOLIC_LINK, "failed_invalid_file_types"),
        (make_zip({"a": b""}), "failed_no_file_dir"),
        (make_zip({**GOOD, "manifest.json": b""}), "failed_manifest_exists"),
        (make_zip({**GOOD, "__MACOSX/a": b""}), "failed_macosx"),
        (make_zip({**GOOD, "big": b"0" * 5_000_001}), "failed_file_too_large"),
    ],
)
def test_what_is_wrong_is_told(publisher: Publisher, file: bytes, status: str) -> None:
    publisher.upload(file)

    publisher.work_off()

    row = publisher.row()
    assert row.status == status
    assert row.failure_reason.endswith(".")
    assert publisher.version()["failureReason"] == row.failure_reason
    assert (row.upload_hash, row.upload_size, row.hash, row.download_key) == ("", 0, "", None)
    assert publisher.stored() == set()
    assert "hash" not in publisher.version()


def test_the_quota_holds_for_artifacts(publisher: Publisher) -> None:
    noise = os.urandom(900_000)
    for version in ("1", "2", "3"):
        publisher.upload(
            make_zip({**GOOD, "noise": noise + version.encode()}), packageVersion=version
        )
    with writing(publisher.sessions) as session:
        session.get_one(Author, publisher.author_id).storage_quota = 2_000_000

    publisher.work_off()

    statuses = [publisher.version(version)["status"] for version in ("1", "2", "3")]
    assert statuses == ["processed", "processed", "failed_not_enough_space"]
    assert "2,000,000" in publisher.row("3.0.0").failure_reason
    assert len(publisher.stored()) == 2
    with publisher.sessions() as session:
        assert 1_800_000 < used_bytes(session, publisher.author_id) <= 2_000_000


def test_an_upload_that_is_lost_is_told(publisher: Publisher) -> None:
    publisher.upload()
    publisher.storage.delete(publisher.row().upload_hash)

    publisher.work_off()

    assert publisher.row().status == "failed_server"
    assert "upload it again" in publisher.row().failure_reason


def break_writes(monkeypatch: pytest.MonkeyPatch, error: OSError) -> None:
    """Let the disk fail, which no test can have for real, as a write would tell it."""

    def fail(_self: WorkFile, _data: bytes) -> int:
        raise error

    monkeypatch.setattr(WorkFile, "write", fail)


def test_a_full_disk(publisher: Publisher, monkeypatch: pytest.MonkeyPatch) -> None:
    publisher.upload()
    break_writes(monkeypatch, OSError(errno.ENOSPC, "No space left on device"))

    publisher.work_off()

    assert publisher.row().status == "failed_not_enough_space"
    assert publisher.stored() == set()


def test_too_little_space_to_begin_with(publisher: Publisher) -> None:
    publisher.upload()
    publisher.settings = publisher.settings.model_copy(update={"min_free_bytes": 10**18})

    publisher.work_off()

    assert publisher.row().status == "failed_not_enough_space"


def test_what_may_pass_is_tried_again(
    publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    publisher.upload()
    break_writes(monkeypatch, OSError(errno.EIO, "the disk fails"))

    with pytest.raises(OSError, match="fails"):
        publisher.work_off(attempt=1)

    assert publisher.row().status == "processing"
    assert publisher.stored() == {publisher.row().upload_hash}


def test_the_last_attempt_says_so(publisher: Publisher, monkeypatch: pytest.MonkeyPatch) -> None:
    publisher.upload()
    break_writes(monkeypatch, OSError(errno.EIO, "the disk fails"))

    with pytest.raises(OSError, match="fails"):
        publisher.work_off(attempt=MAX_ATTEMPTS)

    assert publisher.row().status == "failed_server"
    assert publisher.stored() == set()


def test_two_versions_of_the_same_files_are_two_artifacts(publisher: Publisher) -> None:
    publisher.upload()
    publisher.upload(packageVersion="2")
    assert len(publisher.stored()) == 1

    publisher.work_off()

    # Each has its version in its manifest.
    assert publisher.stored() == {publisher.row().hash, publisher.row("2.0.0").hash}


def test_what_takes_too_long_is_aborted(publisher: Publisher) -> None:
    publisher.upload()
    publisher.upload(packageVersion="2")
    now = datetime.now(UTC)
    with writing(publisher.sessions) as session:
        row = session.get_one(Publication, publisher.row().version_id)
        row.upload_date = now - timedelta(hours=3)

    assert abort_overdue(publisher.sessions, publisher.settings, now) == 1
    assert abort_overdue(publisher.sessions, publisher.settings, now) == 0

    assert publisher.row().status == "aborted"
    assert publisher.row("2.0.0").status == "processing"
    # The job finds nothing left to do; the other is done.
    assert publisher.work_off() == 2
    assert publisher.row().status == "aborted"
    assert publisher.row("2.0.0").status == "processed"
    assert publisher.stored() == {publisher.row("2.0.0").hash}


def test_a_job_that_is_overdue_stops_itself(publisher: Publisher) -> None:
    publisher.upload()
    change(publisher, upload_date=datetime.now(UTC) - timedelta(hours=4))

    publisher.work_off()

    assert publisher.row().status == "aborted"
    assert publisher.stored() == set()


def test_publications_without_an_upload_are_not_aborted(publisher: Publisher) -> None:
    publisher.upload()
    change(publisher, upload_hash="", upload_date=datetime(2020, 1, 1, tzinfo=UTC))

    assert abort_overdue(publisher.sessions, publisher.settings, datetime.now(UTC)) == 0


def test_an_upload_whose_job_was_given_up(publisher: Publisher) -> None:
    publisher.upload()
    publisher.upload(packageVersion="2")
    assert fail_deserted(publisher.sessions) == 0
    with writing(publisher.sessions) as session:
        key = f"{KIND}:{publisher.row().version_id}"
        job = session.scalars(select(Job).where(Job.key == key)).one()
        job.status = JobStatus.FAILED

    assert fail_deserted(publisher.sessions) == 1

    assert publisher.row().status == "failed_server"
    assert publisher.row().failure_reason
    assert publisher.row("2.0.0").status == "processing"


def test_only_what_nobody_names_is_swept(publisher: Publisher) -> None:
    publisher.upload()
    publisher.work_off()
    publisher.upload(packageVersion="2")
    named = publisher.stored()
    with publisher.storage.work_files.new() as work:
        work.write(b"put by a process that was killed before it could name it")
        publisher.storage.put(work)
    (publisher.storage.work_files.directory / "half").write_bytes(b"half")

    assert sweep_storage(publisher.sessions, publisher.storage) == 2
    assert sweep_storage(publisher.sessions, publisher.storage) == 0
    assert publisher.stored() == named
    assert len(named) == 2


def test_a_file_that_is_swept_before_it_is_named_is_put_again(
    publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    put = type(publisher.storage).put

    def put_and_sweep(storage: Any, work: WorkFile) -> Any:
        stored = put(storage, work)
        if not swept:
            swept.append(stored.sha256)
            assert sweep_storage(publisher.sessions, storage) == 1
        return stored

    swept: list[str] = []
    monkeypatch.setattr(type(publisher.storage), "put", put_and_sweep)
    publisher.upload()
    assert publisher.stored() == set(swept)
    swept.clear()

    publisher.work_off()

    assert publisher.stored() == set(swept) == {publisher.row().hash}


def test_versions_that_are_not_to_be_stored_are_there_for_a_day(publisher: Publisher) -> None:
    publisher.upload(isPublic="false", isStored="false")
    publisher.work_off()
    row, now = publisher.row(), datetime.now(UTC)
    assert row.stored_until is not None
    assert timedelta(hours=23) < row.stored_until - now < timedelta(hours=25)
    assert forget_unstored(publisher.sessions, now) == 0

    assert forget_unstored(publisher.sessions, now + timedelta(days=2)) == 1
    sweep_storage(publisher.sessions, publisher.storage)

    assert publisher.stored() == set()
    assert publisher.row().hash == row.hash
    assert publisher.row().status == VersionStatus.PROCESSED
    assert publisher.version()["size"] == 0


def test_a_version_that_is_gone_meanwhile(publisher: Publisher) -> None:
    publisher.upload()
    with writing(publisher.sessions) as session:
        for version in session.scalars(select(Version)):
            session.delete(version)

    assert publisher.work_off() == 1
    sweep_storage(publisher.sessions, publisher.storage)
    assert publisher.stored() == set()
