"""Backups: all that there was comes back, in either database; what is damaged changes nothing."""

import io
import tarfile
from pathlib import Path
from typing import BinaryIO

import pytest
from sqlalchemy import Engine, inspect, select
from sqlalchemy.orm import Session, sessionmaker

from registry import schema
from registry.backup import (
    InvalidBackup,
    Manifest,
    check_backup,
    new_file,
    restore_backup,
    take_backup,
)
from registry.backup.archive import BackupWriter, read_entries, read_rows
from registry.database import make_engine, writing
from registry.errors import Conflict
from registry.models import Author, Base, Package, Revision
from registry.settings import Settings
from registry.storage import Storage, open_storage
from tests.databases import Databases, fresh_database
from tests.every_table import fill_every_table, read_every_table


def quiet(_step: str, _done: int, _total: int | None) -> None:
    """Hear of progress and say nothing."""


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    """Lend an empty store."""
    return open_storage(Settings(instance_path=tmp_path / "instance"))


@pytest.fixture(scope="module")
def backup(databases: Databases) -> bytes:
    """Take a backup of a small database on SQLite, with an artifact that nobody names."""
    with fresh_database(databases, "sqlite") as url:
        engine = make_engine(url)
        fill_every_table(engine)
        taken = take(engine)
        engine.dispose()
        return taken.getvalue()


def take(engine: Engine, storage: Storage | None = None) -> io.BytesIO:
    file = io.BytesIO()
    take_backup(engine, storage, file, quiet)
    return file


def names_in(file: BinaryIO) -> list[str]:
    file.seek(0)
    with tarfile.open(fileobj=file) as tar:
        return tar.getnames()


def test_all_rows_come_back_in_either_database(
    engine: Engine, empty: Engine, storage: Storage
) -> None:
    fill_every_table(engine)

    restore_backup(empty, storage, take(engine), quiet)

    before, after = read_every_table(engine), read_every_table(empty)
    assert {name: len(rows) for name, rows in before.items() if not rows} == {"revision": 0}
    assert after == before
    assert schema.current_revision(empty) == schema.head_revision()


def test_the_same_rows_make_the_same_bytes_on_both(databases: Databases, backup: bytes) -> None:
    with fresh_database(databases, "postgresql") as url:
        engine = make_engine(url)
        fill_every_table(engine)
        taken = take(engine)
        engine.dispose()

    def tables(file: BinaryIO) -> list[str]:
        return [name for name in names_in(file) if "/revision/" not in name][:-1]

    assert tables(taken) == tables(io.BytesIO(backup))


def test_ids_that_are_gone_do_not_come_back(empty: Engine, storage: Storage, backup: bytes) -> None:
    restore_backup(empty, storage, io.BytesIO(backup), quiet)

    with writing(sessionmaker(empty)) as session:
        package = Package(name="one")
        session.add(package)
        session.add(Author(author_id="A1", name="Ada", name_key="ada"))
        session.flush()
        assert package.id == 13


def test_what_was_kept_of_the_old_database_is_not_taken_for_the_new_one(
    empty: Engine, storage: Storage, backup: bytes
) -> None:
    (old,) = (
        read_rows(entry) for entry in read_entries(io.BytesIO(backup)) if entry.table == "revision"
    )

    restore_backup(empty, storage, io.BytesIO(backup), quiet)

    with Session(empty) as session:
        revision = session.scalars(select(Revision)).one()
        assert revision.epoch
        assert revision.epoch not in old[0]


def test_many_rows_are_written_in_pieces(engine: Engine) -> None:
    with writing(sessionmaker(engine)) as session:
        text = "x" * 999
        rows = [{"name": f"p{n:05}", "description": text} for n in range(1_100)]
        session.execute(Package.__table__.insert(), rows)  # type: ignore[attr-defined]

    taken = take(engine)

    assert len([name for name in names_in(taken) if "/package/" in name]) == 3
    counts = {each.name: each.rows for each in check_backup(taken, quiet).tables}
    assert counts["package"] == 1_100


def test_a_database_that_is_not_empty_is_refused(
    engine: Engine, storage: Storage, backup: bytes
) -> None:
    with writing(sessionmaker(engine)) as session:
        session.add(Author(author_id="A1", name="Ada", name_key="ada"))
    before = read_every_table(engine)

    with pytest.raises(Conflict, match="table author has rows"):
        restore_backup(engine, storage, io.BytesIO(backup), quiet)

    assert read_every_table(engine) == before


def test_a_backup_of_the_first_release_is_brought_up(empty: Engine, storage: Storage) -> None:
    schema.upgrade(empty, "0001")
    columns = {
        column["name"]: {"id": "integer", "created_at": "time"}.get(column["name"], "text")
        for column in inspect(empty).get_columns("author")
    }
    file = io.BytesIO()
    writer = BackupWriter(file)
    at = "2023-08-24T21:15:44.117Z"
    given = {"id": 7, "name": "Ada", "created_at": at}
    writer.write_rows("author", [[given.get(name, "ada") for name in columns]])
    described = {"name": "author", "columns": columns, "rows": 1, "last_id": 8}
    revision = {"id": "integer", "number": "integer", "epoch": "text"}
    writer.write_rows("revision", [[1, 5, "e"]])
    revised = {"name": "revision", "columns": revision, "rows": 1, "last_id": None}
    writer.finish(
        Manifest.model_validate(
            {
                "release": "0.0.1",
                "revision": "0001",
                "created_at": at,
                "tables": [described, revised],
                "files": 0,
                "bytes": 0,
                "without_files": False,
                "lost": [],
            }
        )
    )

    restore_backup(empty, storage, file, quiet)

    assert schema.current_revision(empty) == schema.head_revision()
    with Session(empty) as session:
        assert session.get_one(Author, 7).name == "Ada"
        assert session.scalar(select(Revision.number)) == 6


def test_one_of_a_later_release_is_refused(empty: Engine, storage: Storage) -> None:
    file = io.BytesIO()
    writer = BackupWriter(file)
    writer.finish(
        Manifest(
            release="9.0.0",
            revision="9999",
            created_at="2023-08-24T21:15:44.117Z",  # type: ignore[arg-type]  # read as one
            tables=[],
            files=0,
            bytes=0,
            without_files=False,
            lost=[],
        )
    )

    with pytest.raises(InvalidBackup, match=r"release 9\.0\.0"):
        restore_backup(empty, storage, file, quiet)

    assert inspect(empty).get_table_names() == []


def test_a_failure_on_the_way_leaves_nothing(
    empty: Engine, storage: Storage, backup: bytes
) -> None:
    """Whole, but rows that the database refuses: an author's twice."""
    manifest = check_backup(io.BytesIO(backup), quiet)
    twice = io.BytesIO()
    writer = BackupWriter(twice)
    for entry in read_entries(io.BytesIO(backup)):
        if entry.table is not None:
            rows = read_rows(entry)
            writer.write_rows(entry.table, rows * 2 if entry.table == "author" else rows)
    tables = [
        table.model_copy(update={"rows": 6}) if table.name == "author" else table
        for table in manifest.tables
    ]
    writer.finish(manifest.model_copy(update={"tables": tables}))
    check_backup(twice, quiet)

    with pytest.raises(Exception, match=r"(?i)unique"):
        restore_backup(empty, storage, twice, quiet)

    assert inspect(empty).get_table_names() == []


def _without_end(tar: bytes) -> bytes:
    """Take the blocks of zeros from the end of a tar."""
    while tar.endswith(bytes(512)):
        tar = tar[:-512]
    return tar


def test_one_that_is_cut_short_is_refused(backup: bytes) -> None:
    whole = len(_without_end(backup))

    for length in [*range(0, whole, 1_499), whole - 600]:
        with pytest.raises(InvalidBackup):
            check_backup(io.BytesIO(backup[:length]), quiet)


def test_what_is_damaged_is_refused_or_was_no_part_of_it(backup: bytes) -> None:
    intact = check_backup(io.BytesIO(backup), quiet)
    refused = 0

    for position in range(0, len(_without_end(backup)), 307):
        damaged = bytearray(backup)
        damaged[position] ^= 0x10
        try:
            assert check_backup(io.BytesIO(damaged), quiet) == intact
        except InvalidBackup:
            refused += 1

    assert refused > 50


@pytest.mark.parametrize("content", [b"", b"no tar at all" * 100, bytes(10_240)])
def test_what_is_no_backup_is_refused(content: bytes) -> None:
    with pytest.raises(InvalidBackup):
        check_backup(io.BytesIO(content), quiet)


@pytest.mark.parametrize("name", ["/etc/passwd", "files/../../x", "files/" + "a" * 63, "tables/x"])
def test_a_tar_of_other_things_is_refused(name: str) -> None:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as tar:
        tar.addfile(tarfile.TarInfo(name))

    with pytest.raises(InvalidBackup, match="no backup of a registry"):
        check_backup(file, quiet)


def test_a_new_file_is_there_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "backup.tar"

    with pytest.raises(ZeroDivisionError), new_file(path) as file:
        file.write(b"%d" % (1 // 0))
    assert list(tmp_path.iterdir()) == []

    with new_file(path) as file:
        file.write(b"whole")
        assert not path.exists()
    assert path.read_bytes() == b"whole"
    assert path.stat().st_mode & 0o777 == 0o600

    with pytest.raises(FileExistsError), new_file(path) as file:
        file.write(b"another")
    assert path.read_bytes() == b"whole"


def test_every_column_has_a_form(backup: bytes) -> None:
    manifest = check_backup(io.BytesIO(backup), quiet)

    assert {table.name: set(table.columns) for table in manifest.tables} == {
        table.name: {column.name for column in table.columns}
        for table in Base.metadata.sorted_tables
    }
