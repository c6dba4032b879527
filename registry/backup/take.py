"""Taking a backup: the rows in one transaction, then the files that they name."""

from collections.abc import Iterator
from typing import Any, BinaryIO

from sqlalchemy import Connection, Engine, Table, inspect, select, text
from sqlalchemy.orm import Session, sessionmaker

from registry import __version__
from registry.backup.archive import BackupWriter, Tell
from registry.backup.manifest import Kind, Manifest, TableContent
from registry.database import reading
from registry.models import Base
from registry.models.base import utc_now
from registry.publishing.stored_files import list_named_files
from registry.schema import head_revision
from registry.storage import NotStored, Storage

# Rows that are fetched at a time.
_BATCH = 1_000


def take_backup(engine: Engine, storage: Storage | None, file: BinaryIO, tell: Tell) -> Manifest:
    """Write a backup of a database with this release's schema, while others use it.

    The rows are of one moment. Files are copied after that: one that its author removed meanwhile
    is missing from the backup, and named in its manifest.

    Args:
        engine: the database.
        storage: where the files are; None: they are left out.
        file: where to write.
        tell: told of progress.

    Raises:
        OSError: the file cannot be written.
        sqlalchemy.exc.SQLAlchemyError: the database cannot be read.
    """
    writer = BackupWriter(file)
    created_at = utc_now()
    with reading(sessionmaker(engine)) as session:
        tables = [
            _write_table(session, table, writer, tell) for table in Base.metadata.sorted_tables
        ]
        named = list_named_files(session)
    lost: list[str] = []
    files = size = 0
    for position, sha256 in enumerate(named if storage else ()):
        tell("files", position, len(named))
        written = _write_file(storage, sha256, writer) if storage else None
        if written is not None:
            files += 1
            size += written[0]
        if written is None or not written[1]:
            lost.append(sha256)
    manifest = Manifest(
        release=__version__,
        revision=head_revision(),
        created_at=created_at,
        tables=tables,
        files=files,
        bytes=size,
        without_files=storage is None,
        lost=lost,
    )
    writer.finish(manifest)
    return manifest


def _write_table(session: Session, table: Table, writer: BackupWriter, tell: Tell) -> TableContent:
    kinds = {column.name: Kind.of(column.type) for column in table.columns}
    connection = session.connection()

    def rows() -> Iterator[list[Any]]:
        encoders = [kind.to_json for kind in kinds.values()]
        # By their keys, so that the same rows are the same bytes.
        statement = select(table).order_by(*table.primary_key)
        found = connection.execution_options(yield_per=_BATCH).execute(statement)
        for number, row in enumerate(found):
            if number % _BATCH == 0:
                tell(f"table {table.name}", number, None)
            yield [encode(value) for encode, value in zip(encoders, row, strict=True)]

    count = writer.write_rows(table.name, rows())
    return TableContent(
        name=table.name, columns=kinds, rows=count, last_id=find_last_id(connection, table.name)
    )


def find_last_id(connection: Connection, table: str) -> int | None:
    """Tell the largest id that a table ever gave; None where nothing keeps it."""
    if connection.dialect.name == "sqlite":
        if not inspect(connection).has_table("sqlite_sequence"):
            return None
        statement = text("SELECT seq FROM sqlite_sequence WHERE name = :table")
        counted: int | None = connection.scalar(statement, {"table": table})
        return counted
    sequence = find_sequence(connection, table)
    if sequence is None:
        return None
    statement = text("SELECT pg_sequence_last_value(CAST(:sequence AS regclass))")
    given: int | None = connection.scalar(statement, {"sequence": sequence})
    return given


def find_sequence(connection: Connection, table: str) -> str | None:
    """Name the sequence that gives a table of PostgreSQL its ids; None where there is none."""
    if not any(column["name"] == "id" for column in inspect(connection).get_columns(table)):
        return None
    quoted = connection.dialect.identifier_preparer.quote(table)
    statement = text("SELECT pg_get_serial_sequence(:table, 'id')")
    found: str | None = connection.scalar(statement, {"table": quoted})
    return found


def _write_file(storage: Storage, sha256: str, writer: BackupWriter) -> tuple[int, bool] | None:
    """Copy a file; gives its bytes and whether it is undamaged, None where there is none."""
    try:
        size = storage.find(sha256).size
        with storage.open(sha256) as content:
            return size, writer.write_file(sha256, size, content)
    except NotStored:
        return None
