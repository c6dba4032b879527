"""A database of each release, with rows in every table, is brought up to this one.

A release's own file is a backup that `tests/upgrades/take.py` took with it.
"""

from pathlib import Path
from typing import Any, BinaryIO

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import (
    JSON,
    Boolean,
    DateTime,
    Engine,
    Float,
    Integer,
    LargeBinary,
    MetaData,
    func,
    select,
    table,
    text,
)
from sqlalchemy.orm import Session

from registry import schema
from registry.backup import Manifest, restore_backup
from registry.backup.archive import check_backup, read_entries, read_rows
from registry.backup.manifest import Kind
from registry.database import begin_writing
from registry.models import Base, Package, Token
from registry.models.partial_indexes import whole_metadata
from registry.refresh.bulk import insert_into
from registry.settings import Settings
from registry.storage import open_storage

RELEASES = sorted(Path(__file__).parent.glob("*.tar"))
AT = "2023-08-24T21:15:44.117Z"


def quiet(_step: str, _done: int, _total: int | None) -> None:
    """Hear of progress and say nothing."""


def differences(engine: Engine) -> list[object]:
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, whole_metadata()))


@pytest.mark.parametrize("release", RELEASES, ids=lambda path: path.stem)
def test_a_release_is_brought_up_with_all_its_rows(
    empty: Engine, release: Path, tmp_path: Path
) -> None:
    storage = open_storage(Settings(instance_path=tmp_path))
    with release.open("rb") as file:
        manifest = restore_backup(empty, storage, file, quiet)
        kept = rows_of(file, manifest)

    assert schema.current_revision(empty) == schema.head_revision()
    assert differences(empty) == []
    with empty.connect() as connection:
        for name, rows in kept.items():
            here = Base.metadata.tables[name]
            columns = [column for column in here.columns if column.name in rows[0]]
            found = [
                {column.name: Kind.of(column.type).to_json(row[column.name]) for column in columns}
                for row in connection.execute(
                    select(*columns).order_by(*here.primary_key)
                ).mappings()
            ]
            names = {column.name for column in columns}
            assert found == [{key: row[key] for key in row if key in names} for row in rows]


def rows_of(file: BinaryIO, manifest: Manifest) -> dict[str, list[dict[str, Any]]]:
    """Read the rows of a backup whose tables are there still, but the one that is written anew."""
    columns = {each.name: list(each.columns) for each in manifest.tables}
    rows: dict[str, list[dict[str, Any]]] = {}
    for entry in read_entries(file):
        name = entry.table
        if name is not None and name in Base.metadata.tables and name != "revision":
            found = [dict(zip(columns[name], row, strict=True)) for row in read_rows(entry)]
            rows.setdefault(name, []).extend(found)
    return rows


def test_every_release_since_the_first_has_a_file() -> None:
    assert RELEASES
    for release in RELEASES:
        with release.open("rb") as file:
            manifest = check_backup(file, quiet)
        assert manifest.release == release.stem
        assert all(each.rows for each in manifest.tables)


# What JSON columns hold where it is no object.
_LISTS = {
    ("package", "maintainers"): '["ada"]',
    ("workspace", "patterns"): '["packages/*"]',
    ("token", "packages"): '["ada.one"]',
    ("publication", "dependencies"): '[["ada.one","*"]]',
    ("publication", "incompatibilities"): "[]",
}


def test_the_first_migration_with_rows_in_every_table_is_brought_up(empty: Engine) -> None:
    """Every later migration runs over rows that it has to change, and loses none."""
    schema.upgrade(empty, "0001")
    names = fill_by_form(empty)

    schema.upgrade(empty)

    assert {"package", "token", "version", "publication"} <= set(names)
    with empty.connect() as connection:
        for name in names:
            count = select(func.count()).select_from(table(name))
            assert connection.scalar(count) == 2, name
        if connection.dialect.name == "sqlite":
            assert connection.execute(text("PRAGMA foreign_key_check")).all() == []
    assert differences(empty) == []
    with Session(empty) as session:
        assert session.get_one(Package, 1).name == "name 1"
        assert session.get_one(Token, 2).prefix == "prefix 2"


def fill_by_form(engine: Engine) -> list[str]:
    """Write two rows into every table, whatever tables there are, and name them."""
    metadata = MetaData()
    metadata.reflect(engine)
    tables = [each for each in metadata.sorted_tables if each.name not in _OWN]
    with engine.connect() as connection, begin_writing(connection):
        for each in tables:
            names = [column.name for column in each.columns]
            rows = [
                tuple(value_of(each.name, column, number) for column in each.columns)
                for number in (1, 2)
            ]
            insert_into(connection, each.name, names, rows)
    return [each.name for each in tables]


# Rows that the migrations themselves write.
_OWN = ("alembic_version", "revision")


def value_of(table_name: str, column: Any, number: int) -> Any:
    """Make what both drivers take for a column, from its type alone."""
    if column.foreign_keys:
        return number
    kinds: list[tuple[type[Any], Any]] = [
        (Boolean, number == 1),
        (JSON, _LISTS.get((table_name, column.name), '{"a":"1"}')),
        (DateTime, AT),
        (LargeBinary, bytes([number])),
        (Float, 80.5),
        (Integer, number),
    ]
    for kind, value in kinds:
        if isinstance(column.type, kind):
            return value
    return AT if column.name.endswith(("_at", "date", "_updated")) else f"{column.name} {number}"
