"""Restoring a backup: into an empty database, in one transaction."""

import secrets
from collections.abc import Mapping
from typing import Any, BinaryIO

from sqlalchemy import Connection, Engine, inspect, select, text
from sqlalchemy import table as named_table
from sqlalchemy.orm import sessionmaker

from registry import schema
from registry.backup.archive import (
    Entry,
    InvalidBackup,
    Tell,
    check_backup,
    read_entries,
    read_rows,
)
from registry.backup.manifest import Manifest, TableContent
from registry.backup.take import find_sequence
from registry.errors import Conflict
from registry.models import Base
from registry.publishing.stored_files import naming_files
from registry.refresh.bulk import insert_into
from registry.storage import Storage

# Every database has its one row from the start.
_REVISION = "revision"
_CHUNK = 256 * 1024


def restore_backup(engine: Engine, storage: Storage, file: BinaryIO, tell: Tell) -> Manifest:
    """Restore a backup into a database that is empty, with or without tables; all or nothing.

    All of the backup is checked before anything is written. One of an earlier release is brought up
    to this one. Whoever kept answers of the database asks again: it counts as another one.

    Args:
        engine: the database.
        storage: where the files go; those that are there already stay.
        file: the backup.
        tell: told of progress.

    Raises:
        InvalidBackup: the file is damaged, or of a later release; nothing has changed.
        Conflict: the database is not empty; nothing has changed.
        OSError: the store cannot be written; the database has not changed.
    """
    manifest = check_backup(file, tell)
    if manifest.revision not in schema.known_revisions():
        raise InvalidBackup(
            f"it is of release {manifest.release}, at migration {manifest.revision}, which this "
            "release does not know: restore it with that release, or a later one"
        )
    with naming_files(sessionmaker(engine)) as session:
        connection = session.connection()
        _require_empty(connection)
        _prepare_schema(connection, manifest)
        tables = {table.name: table for table in manifest.tables}
        lost = set(manifest.lost)
        files = 0
        for entry in read_entries(file):
            if entry.table is not None:
                _insert(connection, tables[entry.table], entry, tell)
            elif entry.place == "files":
                files += 1
                tell("files", files, manifest.files)
                if entry.sha256 not in lost:
                    _store(storage, entry)
        for table in manifest.tables:
            _go_on_counting(connection, table)
        # ETags and cursors of the database that it was must not be taken for this one's.
        connection.execute(
            text("UPDATE revision SET epoch = :epoch"), {"epoch": secrets.token_hex(4)}
        )
        schema.upgrade_within(connection)
    return manifest


def _require_empty(connection: Connection) -> None:
    there = set(inspect(connection).get_table_names())
    for name in sorted(there & (set(Base.metadata.tables) - {_REVISION})):
        some = select(text("1")).select_from(named_table(name)).limit(1)
        if connection.execute(some).first() is not None:
            raise Conflict(
                f"The database is not empty: its table {name} has rows. Name an empty one in "
                "REGISTRY_DATABASE_URL.",
                code="database_not_empty",
            )


def _prepare_schema(connection: Connection, manifest: Manifest) -> None:
    """Give the empty database the tables that the backup is of."""
    current = schema.read_revision(connection)
    if current not in (None, manifest.revision):
        schema.downgrade_within(connection, "base")
    schema.upgrade_within(connection, manifest.revision)
    tables = inspect(connection)
    for table in manifest.tables:
        there = tables.has_table(table.name)
        columns = {column["name"] for column in tables.get_columns(table.name)} if there else set()
        if columns != set(table.columns):
            raise InvalidBackup(
                f"its table {table.name} is not as release {manifest.release} had it"
            )
    connection.execute(text("DELETE FROM revision"))


def _insert(connection: Connection, table: TableContent, entry: Entry, tell: Tell) -> None:
    tell(f"table {table.name}", 0, None)
    decoders = [kind.from_json for kind in table.columns.values()]
    rows = [
        tuple(decode(value) for decode, value in zip(decoders, row, strict=True))
        for row in read_rows(entry)
    ]
    insert_into(connection, table.name, list(table.columns), rows)


def _store(storage: Storage, entry: Entry) -> None:
    with storage.work_files.new() as work:
        while chunk := entry.read(_CHUNK):
            work.write(chunk)
        if work.sha256 != entry.sha256:
            raise InvalidBackup("it was changed while it was restored")
        storage.put(work)


def _go_on_counting(connection: Connection, table: TableContent) -> None:
    """Have the next id of a table be one that it never gave."""
    if connection.dialect.name == "sqlite":
        _go_on_counting_sqlite(connection, table)
        return
    sequence = find_sequence(connection, table.name)
    if sequence is None:
        return
    quoted = connection.dialect.identifier_preparer.quote(table.name)
    largest = connection.scalar(text(f"SELECT max(id) FROM {quoted}"))  # noqa: S608 -- a table of ours
    last = max(largest or 0, table.last_id or 0)
    if last:
        values: Mapping[str, Any] = {"sequence": sequence, "last": last}
        connection.execute(text("SELECT setval(CAST(:sequence AS regclass), :last)"), values)


def _go_on_counting_sqlite(connection: Connection, table: TableContent) -> None:
    # Only tables that are made so count (`sqlite_autoincrement`); others take the next after the
    # largest there is.
    if table.last_id is None or not inspect(connection).has_table("sqlite_sequence"):
        return
    values = {"table": table.name, "last": table.last_id}
    made = connection.scalar(
        text("SELECT sql LIKE '%AUTOINCREMENT%' FROM sqlite_master WHERE name = :table"), values
    )
    if made:
        connection.execute(text("DELETE FROM sqlite_sequence WHERE name = :table"), values)
        connection.execute(
            text("INSERT INTO sqlite_sequence (name, seq) VALUES (:table, :last)"), values
        )
