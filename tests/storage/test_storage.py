"""What every store does, held against each."""

import hashlib
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from registry.settings import Settings
from registry.storage import InvalidStorage, NotStored, Storage, StoredFile, open_storage
from registry.storage.behaviour import CHUNK

CONTENT = bytes(range(256)) * 5_000
MISSING = "0" * 64
SLACK = timedelta(minutes=1)


def put(storage: Storage, content: bytes = CONTENT) -> StoredFile:
    with storage.work_files.new() as work:
        for start in range(0, len(content), 100_000):
            work.write(content[start : start + 100_000])
        return storage.put(work)


def names(storage: Storage) -> set[str]:
    return {file.sha256 for file in storage.files()}


def test_a_file_is_found_by_what_is_in_it(storage: Storage) -> None:
    stored = put(storage)

    assert stored.sha256 == hashlib.sha256(CONTENT).hexdigest()
    assert stored.size == len(CONTENT)
    assert abs(stored.modified - datetime.now(UTC)) < SLACK
    found = storage.find(stored.sha256)
    assert (found.sha256, found.size) == (stored.sha256, stored.size)
    assert b"".join(storage.read(stored.sha256)) == CONTENT
    assert names(storage) == {stored.sha256}


def test_an_empty_file_is_one_too(storage: Storage) -> None:
    stored = put(storage, b"")

    assert b"".join(storage.read(stored.sha256)) == b""
    assert b"".join(storage.read(stored.sha256, 0, 0)) == b""
    assert storage.find(stored.sha256).size == 0


@pytest.mark.parametrize(
    ("start", "length"),
    [
        (0, 1),
        (0, len(CONTENT)),
        (1, 10),
        (CHUNK - 1, 2),
        (CHUNK, CHUNK + 1),
        (len(CONTENT) - 1, 1),
        (7, None),
        (5, 0),
    ],
)
def test_parts(storage: Storage, start: int, length: int | None) -> None:
    stored = put(storage)
    end = len(CONTENT) if length is None else start + length

    assert b"".join(storage.read(stored.sha256, start, length)) == CONTENT[start:end]


def test_reading_in_any_order(storage: Storage) -> None:
    stored = put(storage)

    with storage.open(stored.sha256) as file:
        file.seek(-10, 2)
        assert file.read() == CONTENT[-10:]
        file.seek(3)
        assert file.read(4) == CONTENT[3:7]


def test_what_is_not_there(storage: Storage) -> None:
    with pytest.raises(NotStored):
        storage.find(MISSING)
    with pytest.raises(NotStored):
        storage.read(MISSING)
    with pytest.raises(NotStored):
        storage.read(MISSING, 5, 0)
    with pytest.raises(NotStored), storage.open(MISSING):
        pass
    storage.delete(MISSING)
    assert names(storage) == set()


def test_deleting(storage: Storage) -> None:
    first, second = put(storage, b"first"), put(storage, b"second")

    storage.delete(first.sha256)

    assert names(storage) == {second.sha256}
    with pytest.raises(NotStored):
        storage.find(first.sha256)


def test_the_same_file_twice_is_one(storage: Storage) -> None:
    first = put(storage)
    again = put(storage)

    assert again.sha256 == first.sha256
    assert again.modified >= first.modified
    assert names(storage) == {first.sha256}
    assert b"".join(storage.read(first.sha256)) == CONTENT


def test_what_was_removed_can_be_put_again_from_the_same_work(storage: Storage) -> None:
    with storage.work_files.new() as work:
        work.write(CONTENT)
        for _ in range(2):
            stored = storage.put(work)
            storage.put(work)
            storage.delete(stored.sha256)
        storage.put(work)

    assert b"".join(storage.read(stored.sha256)) == CONTENT


def test_a_reader_goes_on_while_the_file_is_put_anew(storage: Storage) -> None:
    stored = put(storage)
    chunks = storage.read(stored.sha256)
    begun = next(chunks)
    put(storage)

    assert begun + b"".join(chunks) == CONTENT


def test_what_is_not_put_leaves_nothing(storage: Storage) -> None:
    with suppress(RuntimeError), storage.work_files.new() as work:
        work.write(CONTENT)
        raise RuntimeError

    assert names(storage) == set()
    assert list(storage.work_files.directory.iterdir()) == []


def test_work_is_hashed_on_the_way(storage: Storage) -> None:
    with storage.work_files.new() as work:
        work.write(b"ab")
        work.write(b"c")

        assert work.sha256 == hashlib.sha256(b"abc").hexdigest()
        assert work.size == 3
        assert work.reader().read() == b"abc"


def test_only_abandoned_work_is_cleared_away(new_storage: Callable[[], Storage]) -> None:
    storage, other = new_storage(), new_storage()
    with storage.work_files.new() as work:
        work.write(b"still being written")
        (storage.work_files.directory / "left-by-a-killed-process").write_bytes(b"half")

        assert other.work_files.clear_abandoned() == 1
        stored = storage.put(work)

    assert b"".join(storage.read(stored.sha256)) == b"still being written"
    assert other.work_files.clear_abandoned() == 0


def test_the_work_of_a_killed_process_is_abandoned(tmp_path: Path) -> None:
    program = (
        "import os, sys; from pathlib import Path; from registry.storage import WorkFiles\n"
        "with WorkFiles(Path(sys.argv[1])).new() as work:\n"
        "    work.write(b'x' * 100_000); work.flush(); os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=False)
    storage = open_storage(Settings(instance_path=tmp_path / "instance"))
    work = type(storage.work_files)(tmp_path)

    assert len(list(tmp_path.iterdir())) == 1
    assert work.clear_abandoned() == 1
    assert list(tmp_path.iterdir()) == []


def test_a_fork_hashes_with_threads_of_its_own(tmp_path: Path) -> None:
    program = (
        "import os, sys; from pathlib import Path; from registry.storage import WorkFiles\n"
        "def write():\n"
        "    with WorkFiles(Path(sys.argv[1])).new() as work:\n"
        "        work.write(b'x' * 100_000); work.write(b'y' * 100_000); return work.sha256\n"
        "write(); child = os.fork()\n"
        "if child: sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))\n"
        "write(); os._exit(0)"
    )
    subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=True, timeout=120)


def test_other_things_in_the_directory_are_let_be(tmp_path: Path) -> None:
    storage = open_storage(Settings(instance_path=tmp_path))
    stored = put(storage)
    root = tmp_path / "storage"
    for name in ("ab/cd/notes.txt", f"ab/{MISSING}", "lost+found/x/y"):
        with suppress(FileExistsError):
            (root / name).parent.mkdir(parents=True)
        (root / name).write_bytes(b"")

    assert names(storage) == {stored.sha256}


@pytest.mark.parametrize("name", ["../../etc/passwd", "", "ab", "/" * 64, "A" * 64, "." * 64])
def test_no_name_leads_out_of_the_directory(tmp_path: Path, name: str) -> None:
    storage = open_storage(Settings(instance_path=tmp_path))

    with pytest.raises(NotStored):
        storage.find(name)
    with pytest.raises(NotStored):
        storage.delete(name)


def test_no_name_is_taken_for_a_path(tmp_path: Path) -> None:
    storage = open_storage(Settings(instance_path=tmp_path))
    other = tmp_path / "other"
    other.write_bytes(b"not in the store")

    with pytest.raises(NotStored):
        storage.find(str(other))
    with pytest.raises(NotStored):
        storage.delete(str(other))
    assert other.exists()


@pytest.mark.parametrize("uri", ["s3://", "s3:bucket", "http://bucket/x", "bucket", "s3://b?x=1"])
def test_what_names_no_store(tmp_path: Path, uri: str) -> None:
    with pytest.raises(InvalidStorage, match="write s3://bucket/prefix"):
        open_storage(Settings(instance_path=tmp_path, storage_uri=uri))
